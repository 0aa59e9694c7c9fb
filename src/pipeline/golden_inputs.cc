#include "pipeline/golden_inputs.h"

#include <algorithm>

#include "audio/voice_front_end.h"
#include "base/random.h"
#include "data/tensor.h"

namespace durward {
namespace {

constexpr int kGoldenSquares[] = {1, 7, 28};  // pixels

// Squares of `size` pixels of a random colour each: from noise, which reaches ranges that faces do
// not, to large even areas.
Image squares(const InputSpec& spec, int size, uint64_t seed) {
  Image image(spec.width, spec.height);
  const int columns = (spec.width + size - 1) / size, rows = (spec.height + size - 1) / size;
  Random random(seed);
  std::vector<uint8_t> colours(static_cast<size_t>(columns) * static_cast<size_t>(rows) * 3);
  for (uint8_t& colour : colours) colour = static_cast<uint8_t>(random.below(256));
  for (int y = 0; y < spec.height; ++y) {
    for (int x = 0; x < spec.width; ++x) {
      const size_t square = static_cast<size_t>(y / size) * static_cast<size_t>(columns) +
                            static_cast<size_t>(x / size);
      const size_t pixel =
          static_cast<size_t>(y) * static_cast<size_t>(spec.width) + static_cast<size_t>(x);
      std::copy_n(&colours[square * 3], 3, &image.rgb[pixel * 3]);
    }
  }
  return image;
}

absl::StatusOr<std::vector<std::vector<float>>> inputs_of(const InputSpec& spec) {
  std::vector<std::vector<float>> inputs;
  for (const int size : kGoldenSquares) {
    const Image picture = squares(spec, size, inputs.size() + 1);
    std::vector<float> input(picture.rgb.size());
    DURWARD_RETURN_IF_ERROR(fill_tensor(picture, spec, input));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

// A partial of noise, and of saw-tooths that rise and fall in loudness: from
// spectra without a shape to voices of two pitches.
absl::StatusOr<std::vector<std::vector<float>>> inputs_of(const VoiceSpec& spec) {
  VoiceSpec all_of_it = spec;
  all_of_it.voice_activity = VoiceActivity::kNone;
  DURWARD_ASSIGN_OR_RETURN(VoiceFrontEnd front_end, VoiceFrontEnd::create(all_of_it));
  std::vector<std::vector<float>> inputs;
  for (const int period : {0, spec.sample_rate / 110, spec.sample_rate / 200}) {
    Random random(inputs.size() + 1);
    std::vector<float> sound(static_cast<size_t>(spec.partial_frames) *
                             static_cast<size_t>(spec.hop));
    for (size_t n = 0; n < sound.size(); ++n) {
      const auto noise = static_cast<float>(random.uniform()) - .5f;
      if (period == 0) {
        sound[n] = .2f * noise;
        continue;
      }
      const int at = static_cast<int>(n % static_cast<size_t>(period));
      const int beat = static_cast<int>(n / 200) % 20;  // of loudness
      const float loudness = static_cast<float>(beat < 10 ? beat : 20 - beat) / 10;
      sound[n] = .2f * loudness * (static_cast<float>(at) / static_cast<float>(period) - .5f) +
                 .002f * noise;
    }
    DURWARD_ASSIGN_OR_RETURN(VoicePartials partials, front_end.partials(sound));
    partials.values.resize(static_cast<size_t>(spec.partial_frames) *
                           static_cast<size_t>(spec.bands));
    inputs.push_back(std::move(partials.values));
  }
  return inputs;
}

// The middle of every feature, and values spread over the range of the knots' images.
absl::StatusOr<std::vector<std::vector<float>>> inputs_of(const FeatureSpec& spec) {
  const std::vector<float> images = normal_images(spec.knots[0].size());
  std::vector<std::vector<float>> inputs(1, std::vector<float>(spec.features()));
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    Random random(seed);
    std::vector<float>& input = inputs.emplace_back();
    for (size_t i = 0; i < spec.features(); ++i) {
      const auto part = static_cast<float>(random.uniform());
      input.push_back(images.front() + part * (images.back() - images.front()));
    }
  }
  return inputs;
}

}  // namespace

absl::StatusOr<std::vector<std::vector<float>>> golden_inputs(const Preprocessing& preprocessing) {
  return std::visit([](const auto& spec) { return inputs_of(spec); }, preprocessing);
}

}  // namespace durward
