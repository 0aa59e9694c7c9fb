// Silero's voice activity detector as its authors publish it, compiled for our engine.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "audio/voice_activity.h"
#include "data/voice_spec.h"
#include "runtimes/compiled_graph.h"

namespace durward {

// silero_vad.onnx, whose If over the sample rate is folded for 16 kHz, or the file for 16 kHz
// alone. A .onnx; errors: the reader's, and those of CompiledGraph.
[[nodiscard]] absl::StatusOr<CompiledGraph> compile_silero_vad(const std::filesystem::path& path);

// The file that DURWARD_VAD names, or that scripts/setup fetched. NotFound says so.
[[nodiscard]] absl::StatusOr<std::filesystem::path> default_silero_vad();

// Makes detectors of one kind, each with a memory of its own.
class DetectorMaker {
 public:
  // Silero's is the default one. Errors: default_silero_vad's and compile_silero_vad's.
  [[nodiscard]] static absl::StatusOr<DetectorMaker> create(VoiceActivity kind);
  // nullptr for no detector. Errors: create_voice_activity_detector's, create_silero_vad's.
  [[nodiscard]] absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> make() const;

 private:
  explicit DetectorMaker(VoiceActivity kind) : kind_(kind) {}

  VoiceActivity kind_;
  std::optional<CompiledGraph> silero_;
};

}  // namespace durward
