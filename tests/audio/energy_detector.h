// A voice activity detector that a test foresees: speech is whatever is loud.
#pragma once

#include <numeric>
#include <span>

#include "audio/level.h"
#include "audio/voice_activity.h"

namespace durward {

class EnergyDetector final : public VoiceActivityDetector {
 public:
  static constexpr int kFrame = 480;
  explicit EnergyDetector(double threshold = 1e-4) : threshold_(threshold) {}
  int frame_samples() const override { return kFrame; }
  absl::Status begin() override { return absl::OkStatus(); }
  absl::StatusOr<bool> hears(std::span<const float> frame) override {
    return mean_power(frame) > threshold_;
  }

 private:
  const double threshold_;
};

}  // namespace durward
