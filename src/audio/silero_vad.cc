#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "audio/voice_activity.h"

namespace durward {
namespace {

constexpr size_t kSileroBefore = 64, kSileroFrame = 512;
constexpr float kSpeechBegins = .5f, kSpeechEnds = .35f;

bool is_float(const PortInfo& port, const Shape& shape) {
  return port.type == DataType::kFloat32 && elements(port.shape) == elements(shape);
}

class SileroVad final : public VoiceActivityDetector {
 public:
  SileroVad(std::unique_ptr<RuntimeModel> model, bool takes_rate)
      : model_(std::move(model)), takes_rate_(takes_rate) {}

  [[nodiscard]] int frame_samples() const override { return kSileroFrame; }

  absl::Status begin() override {
    heard_.fill(0);
    memory_.fill(0);
    speaks_ = false;
    return absl::OkStatus();
  }

  absl::StatusOr<bool> hears(std::span<const float> frame) override {
    if (frame.size() != kSileroFrame) {
      return absl::InvalidArgumentError(
          absl::StrCat("a frame of ", frame.size(), " samples, expected ", kSileroFrame));
    }
    std::copy(heard_.end() - kSileroBefore, heard_.end(), heard_.begin());
    std::copy(frame.begin(), frame.end(), heard_.begin() + kSileroBefore);
    float probability = 0;
    std::array<float, kMemory> next;
    const std::span<const std::byte> inputs[] = {std::as_bytes(std::span(heard_)),
                                                 std::as_bytes(std::span(memory_)),
                                                 std::as_bytes(std::span(&kRate, 1))};
    const std::span<std::byte> outputs[] = {std::as_writable_bytes(std::span(&probability, 1)),
                                            std::as_writable_bytes(std::span(next))};
    DURWARD_RETURN_IF_ERROR(model_->run(std::span(inputs).first(takes_rate_ ? 3 : 2), outputs));
    if (!std::isfinite(probability)) {
      return absl::InternalError(
          "the voice activity detector gave a probability that is no number");
    }
    memory_ = next;
    speaks_ = probability >= (speaks_ ? kSpeechEnds : kSpeechBegins);
    return speaks_;
  }

 private:
  static constexpr size_t kMemory = 2 * 128;
  static constexpr int64_t kRate = 16'000;

  std::unique_ptr<RuntimeModel> model_;
  const bool takes_rate_;
  std::array<float, kSileroBefore + kSileroFrame> heard_ = {};
  std::array<float, kMemory> memory_ = {};
  bool speaks_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> create_silero_vad(
    std::unique_ptr<RuntimeModel> model) {
  const std::vector<PortInfo>& inputs = model->inputs();
  const std::vector<PortInfo>& outputs = model->outputs();
  const bool takes_rate = inputs.size() == 3;
  const bool fits =
      (inputs.size() == 2 || takes_rate) && outputs.size() == 2 && is_float(inputs[0], {1, 576}) &&
      is_float(inputs[1], {2, 1, 128}) &&
      (!takes_rate || (inputs[2].type == DataType::kInt64 && elements(inputs[2].shape) == 1)) &&
      is_float(outputs[0], {1, 1}) && is_float(outputs[1], {2, 1, 128});
  if (!fits) {
    std::string found;
    for (const auto* ports : {&inputs, &outputs}) {
      for (const PortInfo& port : *ports) absl::StrAppend(&found, " ", to_string(port.shape));
    }
    return absl::InvalidArgumentError(
        absl::StrCat("not Silero's voice activity detector for 16 kHz: its inputs and outputs are",
                     found, ", expected 1x576 2x1x128 and 1x1 2x1x128"));
  }
  return std::make_unique<SileroVad>(std::move(model), takes_rate);
}

}  // namespace durward
