#include "pipeline/voice_samples.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "audio/voice_condition.h"
#include "audio/voice_front_end.h"
#include "base/parallel.h"
#include "data/audio.h"
#include "pipeline/record_store.h"
#include "pipeline/silero_model.h"
#include "pipeline/skipped_reason.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<VoicePartials> partials_of(const fs::path& path, VoiceFrontEnd& front_end,
                                          const SampleOptions& options, int64_t index) {
  DURWARD_ASSIGN_OR_RETURN(const Audio recording, read_audio(path));
  // The place in the noise: another for each recording, whichever thread reads it.
  const uint64_t seed = (options.condition_seed << 32) ^ static_cast<uint64_t>(index);
  return voice_partials(front_end, recording, options.condition, seed);
}

}  // namespace

absl::StatusOr<SampleSet> collect_voice_samples(std::span<const fs::path> files,
                                                const VoiceSpec& spec,
                                                const SampleOptions& options) {
  constexpr const char* kStep = "listening";
  // Recordings are worked on in batches, so that partials are kept in the recordings' order while
  // only a few are in memory.
  constexpr int64_t kBatch = 16;
  std::vector<VoiceFrontEnd> front_ends;
  DURWARD_RETURN_IF_ERROR(check_voice_spec(spec));
  DURWARD_ASSIGN_OR_RETURN(const DetectorMaker detectors,
                           DetectorMaker::create(spec.voice_activity));
  for (int i = 0; i < std::max(1, options.threads); ++i) {
    DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<VoiceActivityDetector> detector, detectors.make());
    DURWARD_ASSIGN_OR_RETURN(VoiceFrontEnd front_end,
                             VoiceFrontEnd::create(spec, std::move(detector)));
    front_ends.push_back(std::move(front_end));
  }
  const auto values = static_cast<size_t>(spec.partial_frames) * static_cast<size_t>(spec.bands);
  DURWARD_ASSIGN_OR_RETURN(RecordStore created, RecordStore::create(values * sizeof(float)));
  const auto store = std::make_shared<RecordStore>(std::move(created));
  SampleSet set{};
  const auto total = static_cast<int64_t>(files.size());
  for (int64_t first = 0; first < total; first += kBatch) {
    if (options.progress && !options.progress(kStep, first, total)) {
      return absl::CancelledError("stopped while listening");
    }
    std::vector<absl::StatusOr<VoicePartials>> batch(
        static_cast<size_t>(std::min(kBatch, total - first)));
    DURWARD_RETURN_IF_ERROR(
        parallel_for(static_cast<int64_t>(batch.size()), static_cast<int>(front_ends.size()),
                     [&](int64_t i, int worker) {
                       batch[static_cast<size_t>(i)] =
                           partials_of(files[static_cast<size_t>(first + i)],
                                       front_ends[static_cast<size_t>(worker)], options, first + i);
                       return absl::OkStatus();
                     }));
    for (size_t i = 0; i < batch.size(); ++i) {
      const int64_t file = first + static_cast<int64_t>(i);
      if (!batch[i].ok()) {
        const fs::path& path = files[static_cast<size_t>(file)];
        set.skipped.push_back({path, reason_without_path(batch[i].status(), path)});
        continue;
      }
      for (int64_t k = 0; k < batch[i]->count; ++k) {
        DURWARD_RETURN_IF_ERROR(store->append(std::as_bytes(
            std::span(batch[i]->values).subspan(static_cast<size_t>(k) * values, values))));
        set.file_of_sample.push_back(file);
      }
    }
  }
  if (options.progress) options.progress(kStep, total, total);
  if (store->size() == 0) {
    return absl::InvalidArgumentError(
        set.skipped.empty()
            ? "no recordings were given"
            : absl::StrCat("none of the ", total, " recordings could be used; the first: ",
                           set.skipped[0].path.string(), ": ", set.skipped[0].reason));
  }
  set.samples = {.shape = input_shape(spec),
                 .count = store->size(),
                 .read = [store](int64_t index, std::span<float> sample) {
                   return store->read(index, std::as_writable_bytes(sample));
                 }};
  return set;
}

}  // namespace durward
