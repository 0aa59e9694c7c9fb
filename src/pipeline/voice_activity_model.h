// Detectors of speech by what a speaker model's specification names.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "audio/voice_activity.h"

namespace durward {

// `model` is the file of Silero's; nothing: the one of default_silero_vad(). Errors:
// compile_silero_vad's, create_silero_vad's, create_voice_activity_detector's.
[[nodiscard]] absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> load_voice_activity(
    VoiceActivity kind, const std::optional<std::filesystem::path>& model);

}  // namespace durward
