#include "audio/voice_activity.h"

#include <algorithm>
#include <numeric>

namespace durward {
namespace {

// Calls mark for each frame with the frames from `before` before it to `after` after it, as far as
// there are such.
template <typename Decide>
std::vector<uint8_t> for_each_neighbourhood(std::span<const uint8_t> frames, size_t before,
                                            size_t after, const Decide& decide) {
  std::vector<uint8_t> result(frames.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    const size_t first = i - std::min(i, before);
    const size_t last = std::min(frames.size(), i + after + 1);
    result[i] = decide(frames.subspan(first, last - first)) ? 1 : 0;
  }
  return result;
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> VoiceActivityDetector::detect(std::span<const float> samples) {
  DURWARD_RETURN_IF_ERROR(begin());
  const auto frame = static_cast<size_t>(frame_samples());
  std::vector<uint8_t> speech(samples.size() / frame);
  for (size_t i = 0; i < speech.size(); ++i) {
    DURWARD_ASSIGN_OR_RETURN(const bool heard, hears(samples.subspan(i * frame, frame)));
    speech[i] = heard ? 1 : 0;
  }
  return speech;
}

absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> create_voice_activity_detector(
    VoiceActivity kind) {
  switch (kind) {
    case VoiceActivity::kNone:
      break;
    case VoiceActivity::kWebRtc:
      return create_webrtc_vad();
    case VoiceActivity::kSilero:
      return absl::FailedPreconditionError(
          "the voice activity detector \"silero\" needs its model, silero_vad.onnx, which "
          "scripts/setup fetches");
  }
  return std::unique_ptr<VoiceActivityDetector>();
}

std::vector<uint8_t> frames_to_keep(std::span<const uint8_t> speech) {
  constexpr size_t kAveraged = 8, kDilated = 7;
  const auto count = [](std::span<const uint8_t> frames) {
    return std::accumulate(frames.begin(), frames.end(), size_t{0});
  };
  const std::vector<uint8_t> smooth = for_each_neighbourhood(
      speech, (kAveraged - 1) / 2, kAveraged / 2,
      [&](std::span<const uint8_t> frames) { return count(frames) > kAveraged / 2; });
  return for_each_neighbourhood(smooth, kDilated / 2, kDilated / 2,
                                [&](std::span<const uint8_t> frames) { return count(frames) > 0; });
}

}  // namespace durward
