#include "pipeline/voice_comparisons.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "audio/speaker_stream.h"
#include "base/parallel.h"
#include "data/audio_folder.h"
#include "pipeline/silero_model.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

struct VoiceListener {
  VoiceFrontEnd front_end;  // says where speech is, to which noise has its ratio
  SpeakerStream stream;
};

absl::StatusOr<HeardVoice> hear(VoiceListener& listener, const Audio& audio,
                                std::optional<double> seconds) {
  SpeakerStream& stream = listener.stream;
  DURWARD_RETURN_IF_ERROR(stream.begin());
  const auto step = static_cast<size_t>(stream.voice().frame_seconds() * audio.sample_rate);
  for (size_t at = 0; at + step <= audio.samples.size(); at += step) {
    DURWARD_RETURN_IF_ERROR(stream.push(std::span(audio.samples).subspan(at, step)));
    if (seconds && stream.voice().quality().seconds >= *seconds) break;
  }
  const VoiceQuality quality = stream.voice().quality();
  DURWARD_ASSIGN_OR_RETURN(std::vector<float> embedding, stream.embedding());
  return HeardVoice{std::move(embedding), quality.seconds, quality.snr_db};
}

struct VoiceTestCondition {
  std::optional<double> seconds, snr_db;
};

std::string name_of(const VoiceTestCondition& condition) {
  return absl::StrCat(condition.seconds ? absl::StrCat(*condition.seconds, " s") : "whole", ", ",
                      condition.snr_db ? absl::StrCat(*condition.snr_db, " dB") : "clean");
}

// The first is the whole recording without noise.
std::vector<VoiceTestCondition> conditions_of(const VoiceComparisonOptions& options) {
  std::vector<std::optional<double>> lengths = {std::nullopt}, noises = {std::nullopt};
  lengths.insert(lengths.end(), options.seconds.begin(), options.seconds.end());
  if (options.noise) noises.insert(noises.end(), options.snrs_db.begin(), options.snrs_db.end());
  std::vector<VoiceTestCondition> conditions;
  for (const auto& noise : noises) {
    for (const auto& length : lengths) conditions.push_back({length, noise});
  }
  return conditions;
}

// Those conditions of a recording in which somebody is heard.
absl::StatusOr<std::vector<HeardVoice>> hear_all(VoiceListener& listener, const fs::path& path,
                                                 const std::vector<VoiceTestCondition>& conditions,
                                                 const VoiceComparisonOptions& options,
                                                 int64_t index) {
  DURWARD_ASSIGN_OR_RETURN(Audio clean, read_audio(path));
  DURWARD_ASSIGN_OR_RETURN(clean,
                           resample(std::move(clean), listener.front_end.spec().sample_rate));
  std::vector<HeardVoice> heard;
  std::map<double, Audio> noisy;
  for (size_t i = 0; i < conditions.size(); ++i) {
    const VoiceTestCondition& condition = conditions[i];
    const Audio* audio = &clean;
    if (condition.snr_db) {
      auto [place, fresh] = noisy.try_emplace(*condition.snr_db);
      if (fresh) {
        DURWARD_ASSIGN_OR_RETURN(place->second,
                                 add_noise(listener.front_end, clean,
                                           {.snr_db = condition.snr_db, .noise = options.noise},
                                           (options.seed << 32) ^ static_cast<uint64_t>(index)));
      }
      audio = &place->second;
    }
    absl::StatusOr<HeardVoice> one = hear(listener, *audio, condition.seconds);
    if (!one.ok()) continue;
    one->condition = static_cast<int>(i);
    heard.push_back(*std::move(one));
  }
  return heard;
}

}  // namespace

absl::StatusOr<HeardVoices> hear_voices(const fs::path& speakers, const VoiceSpec& spec,
                                        const EmbedderFactory& factory,
                                        const VoiceComparisonOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const FolderFiles listed, list_recordings(speakers));
  HeardVoices result;
  std::vector<int32_t> person_of;
  std::map<std::string, int32_t> numbers;
  for (const fs::path& file : listed.files) {
    const std::string person = file.lexically_relative(speakers).begin()->string();
    const auto [place, fresh] = numbers.try_emplace(person, static_cast<int32_t>(numbers.size()));
    if (fresh) result.people.push_back(person);
    person_of.push_back(place->second);
  }
  if (result.people.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        speakers.string(), ": expected a folder of recordings for each of two speakers or more"));
  }
  const std::vector<VoiceTestCondition> conditions = conditions_of(options);
  for (const VoiceTestCondition& condition : conditions)
    result.conditions.push_back(name_of(condition));

  DURWARD_ASSIGN_OR_RETURN(const DetectorMaker detectors,
                           DetectorMaker::create(spec.voice_activity));
  std::vector<VoiceListener> listeners;
  for (int i = 0; i < std::max(1, options.threads); ++i) {
    DURWARD_ASSIGN_OR_RETURN(auto for_noise, detectors.make());
    DURWARD_ASSIGN_OR_RETURN(auto for_stream, detectors.make());
    DURWARD_ASSIGN_OR_RETURN(VoiceFrontEnd front_end,
                             VoiceFrontEnd::create(spec, std::move(for_noise)));
    DURWARD_ASSIGN_OR_RETURN(VoiceStream voice, VoiceStream::create(spec, std::move(for_stream)));
    DURWARD_ASSIGN_OR_RETURN(Embedder embedder, factory());
    listeners.push_back(
        {std::move(front_end), SpeakerStream(std::move(voice), std::move(embedder))});
  }
  // In batches, so that whoever waits is told, and may stop it.
  constexpr int64_t kBatch = 8;
  const auto files = std::ssize(listed.files);
  for (int64_t first = 0; first < files; first += kBatch) {
    if (options.progress && !options.progress("listening", first, files)) {
      return absl::CancelledError("stopped while listening");
    }
    std::vector<std::vector<HeardVoice>> batch(
        static_cast<size_t>(std::min(kBatch, files - first)));
    DURWARD_RETURN_IF_ERROR(parallel_for(
        std::ssize(batch), static_cast<int>(listeners.size()), [&](int64_t i, int worker) {
          absl::StatusOr<std::vector<HeardVoice>> heard = hear_all(
              listeners[static_cast<size_t>(worker)], listed.files[static_cast<size_t>(first + i)],
              conditions, options, first + i);
          if (heard.ok()) batch[static_cast<size_t>(i)] = *std::move(heard);
          return absl::OkStatus();
        }));
    for (size_t i = 0; i < batch.size(); ++i) {
      result.skipped += std::ssize(conditions) - std::ssize(batch[i]);
      const int64_t recording = first + static_cast<int64_t>(i);
      for (HeardVoice& voice : batch[i]) {
        voice.recording = static_cast<int32_t>(recording);
        voice.person = person_of[static_cast<size_t>(recording)];
        result.voices.push_back(std::move(voice));
      }
    }
  }
  if (options.progress) options.progress("listening", files, files);
  return result;
}

std::vector<VoiceComparison> compare_voices(std::span<const HeardVoice> voices,
                                            const std::function<bool(int32_t person)>& use) {
  std::vector<VoiceComparison> comparisons;
  for (const HeardVoice& enrolled : voices) {
    if (enrolled.condition != 0 || !use(enrolled.person)) continue;
    for (const HeardVoice& probe : voices) {
      if (probe.recording == enrolled.recording || !use(probe.person)) continue;
      const double score = std::inner_product(
          enrolled.embedding.begin(), enrolled.embedding.end(), probe.embedding.begin(), 0.,
          std::plus<>(), [](float a, float b) { return double{a} * double{b}; });
      comparisons.push_back(
          {score, probe.seconds, probe.snr_db, probe.condition, enrolled.person, probe.person});
    }
  }
  return comparisons;
}

}  // namespace durward
