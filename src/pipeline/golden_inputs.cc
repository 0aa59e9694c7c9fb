#include "pipeline/golden_inputs.h"

#include <algorithm>

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
