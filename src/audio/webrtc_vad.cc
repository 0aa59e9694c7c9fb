#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "audio/voice_activity.h"

namespace durward {
namespace {

// Debian's library has these functions of WebRTC's common_audio/vad/include/webrtc_vad.h, its
// package no header for them.
constexpr const char* kLibrary = "libwebrtc_audio_processing.so.1";
struct WebRtc {
  void* (*create)() = nullptr;
  void (*free)(void* vad) = nullptr;
  int (*init)(void* vad) = nullptr;
  int (*set_mode)(void* vad, int aggressiveness) = nullptr;
  // 1 speech, 0 none, -1 error
  int (*process)(void* vad, int sample_rate, const int16_t* frame, size_t samples) = nullptr;
};

template <typename Function>
bool look_up(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

constexpr int kRate = 16'000;
constexpr int kFrame = kRate * 30 / 1000;
constexpr int kMostAggressive = 3;

int16_t to_int16(float sample) {
  return static_cast<int16_t>(std::clamp(std::nearbyint(sample * 32767.f), -32768.f, 32767.f));
}

class WebRtcVad final : public VoiceActivityDetector {
 public:
  WebRtcVad(const WebRtc& calls, void* vad) : calls_(calls), vad_(vad) {}
  WebRtcVad(const WebRtcVad&) = delete;
  WebRtcVad& operator=(const WebRtcVad&) = delete;
  ~WebRtcVad() override { calls_.free(vad_); }

  [[nodiscard]] int frame_samples() const override { return kFrame; }

  absl::Status begin() override {
    if (calls_.init(vad_) == 0 && calls_.set_mode(vad_, kMostAggressive) == 0) {
      return absl::OkStatus();
    }
    return absl::InternalError("WebRTC's voice activity detector cannot be set up");
  }

  absl::StatusOr<bool> hears(std::span<const float> samples) override {
    std::array<int16_t, kFrame> frame;
    if (samples.size() != frame.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("a frame of ", samples.size(), " samples, expected ", kFrame));
    }
    std::transform(samples.begin(), samples.end(), frame.begin(), to_int16);
    const int found = calls_.process(vad_, kRate, frame.data(), frame.size());
    if (found < 0) return absl::InternalError("WebRTC's voice activity detector failed");
    return found > 0;
  }

 private:
  WebRtc calls_;
  void* vad_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> create_webrtc_vad() {
  constexpr const char* kAdvice =
      "; install Debian's libwebrtc-audio-processing1 (scripts/setup does), or use a specification "
      "with \"voice_activity\": \"none\"";
  // Kept open: what runs from it may outlive this call.
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("WebRTC's voice activity detector cannot be loaded: ", dlerror(), kAdvice));
  }
  WebRtc calls;
  if (!look_up(library, "WebRtcVad_Create", calls.create) ||
      !look_up(library, "WebRtcVad_Free", calls.free) ||
      !look_up(library, "WebRtcVad_Init", calls.init) ||
      !look_up(library, "WebRtcVad_set_mode", calls.set_mode) ||
      !look_up(library, "WebRtcVad_Process", calls.process)) {
    return absl::UnavailableError(
        absl::StrCat(kLibrary, " has no voice activity detector: ", dlerror(), kAdvice));
  }
  void* vad = calls.create();
  if (vad == nullptr) {
    return absl::ResourceExhaustedError("no memory for WebRTC's voice activity detector");
  }
  auto detector = std::make_unique<WebRtcVad>(calls, vad);
  DURWARD_RETURN_IF_ERROR(detector->begin());
  return detector;
}

}  // namespace durward
