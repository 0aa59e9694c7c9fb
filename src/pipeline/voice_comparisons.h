// Comparisons of voices as a device makes them, under each of several conditions, with what is
// known of the probe's quality: what a calibration is fitted on and judged by.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "audio/voice_condition.h"
#include "base/progress.h"
#include "data/voice_spec.h"
#include "pipeline/embed.h"

namespace durward {

// A voice as it was heard under a condition.
struct HeardVoice {
  std::vector<float> embedding;    // of length 1
  double seconds = 0, snr_db = 0;  // of its speech, as VoiceQuality has them
  int condition = 0;               // index into HeardVoices::conditions
  int32_t person = 0, recording = 0;
};

struct HeardVoices {
  std::vector<std::string> conditions;  // "2 s, 10 dB"; the first is "whole, clean"
  std::vector<std::string> people;      // names of folders
  std::vector<HeardVoice> voices;       // by recording, then by condition
  int64_t skipped = 0;                  // recordings, of a condition, that could not be used
};

struct VoiceComparison {
  double score = 0;                  // cosine
  double seconds = 0, snr_db = 0;    // of the probe
  int condition = 0;                 // of the probe
  int32_t enrolled = 0, probed = 0;  // people

  [[nodiscard]] bool genuine() const { return enrolled == probed; }
};

// Every pair of a length and a noise is a condition.
struct VoiceComparisonOptions {
  std::vector<double> seconds = {1, 2, 3};       // of speech; the whole recording besides
  std::vector<double> snrs_db = {20, 10, 5, 0};  // with `noise`; without noise besides
  std::shared_ptr<const Audio> noise = {};       // none: no noise
  uint64_t seed = 1;
  int threads = 1;
  Progress progress = {};
};

// Of the recordings in a folder with a subfolder for each speaker: each under each condition, heard
// as a device hears it (SpeakerStream). `factory` makes embedders of the specification's partials.
// Errors: those of listing and of the detector; InvalidArgument where there are fewer than two
// speakers.
[[nodiscard]] absl::StatusOr<HeardVoices> hear_voices(const std::filesystem::path& speakers,
                                                      const VoiceSpec& spec,
                                                      const EmbedderFactory& factory,
                                                      const VoiceComparisonOptions& options);

// Of the people for whom `use` says so: each recording of the first condition enrols, each other
// recording probes under each condition.
[[nodiscard]] std::vector<VoiceComparison> compare_voices(
    std::span<const HeardVoice> voices, const std::function<bool(int32_t person)>& use);

}  // namespace durward
