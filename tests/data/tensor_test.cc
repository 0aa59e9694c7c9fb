#include "data/tensor.h"

#include <gmock/gmock.h>

#include <array>

namespace durward {
namespace {

using ::testing::ElementsAre;

// Two pixels: (10, 20, 30) and (40, 50, 60).
Image two_pixels() {
  Image image(2, 1);
  image.rgb = {10, 20, 30, 40, 50, 60};
  return image;
}

InputSpec two_by_one() {
  return {.width = 2,
          .height = 1,
          .mean = {10, 20, 40},
          .std = {1, 2, 4},
          .alignment = Alignment::kNone};
}

TEST(FillTensor, NormalisesEachChannelPixelByPixel) {
  std::array<float, 6> tensor{};
  ASSERT_TRUE(fill_tensor(two_pixels(), two_by_one(), tensor).ok());
  EXPECT_THAT(tensor, ElementsAre(0, 0, -2.5f, 30, 15, 5));
}

TEST(FillTensor, BgrTurnsTheChannelsButNotTheStatistics) {
  InputSpec spec = two_by_one();
  spec.channels = ChannelOrder::kBgr;
  std::array<float, 6> tensor{};
  ASSERT_TRUE(fill_tensor(two_pixels(), spec, tensor).ok());
  EXPECT_THAT(tensor, ElementsAre(20, 0, -7.5f, 50, 15, 0));
}

// The formula that the ReLU6 model was trained with, in float32: within two roundings of ours.
TEST(FillTensor, EqualsTheTrainingFormulaOfTheRelu6Preset) {
  auto spec = input_preset("mobilefacenet-relu6");
  ASSERT_TRUE(spec.ok());
  spec->width = 256;
  spec->height = 1;
  Image ramp(256, 1);
  for (size_t i = 0; i < ramp.rgb.size(); ++i) ramp.rgb[i] = static_cast<uint8_t>(i / 3);
  std::vector<float> tensor(ramp.rgb.size());
  ASSERT_TRUE(fill_tensor(ramp, *spec, tensor).ok());
  const std::array<float, 3> mean = {.485f, .456f, .406f}, deviation = {.229f, .224f, .225f};
  for (size_t i = 0; i < tensor.size(); ++i) {
    const float expected = (static_cast<float>(i / 3) / 255.f - mean[i % 3]) / deviation[i % 3];
    EXPECT_NEAR(tensor[i], expected, 1e-6f) << i;
  }
}

TEST(FillTensor, RefusesOtherSizes) {
  std::array<float, 5> small{};
  EXPECT_TRUE(absl::IsInvalidArgument(fill_tensor(two_pixels(), two_by_one(), small)));
  std::array<float, 6> tensor{};
  EXPECT_TRUE(absl::IsInvalidArgument(fill_tensor(Image(1, 2), two_by_one(), tensor)));
}

TEST(ResizeImage, AreaAveragesAndNearestPicks) {
  Image image(2, 2);
  image.rgb = {0, 0, 0, 100, 100, 100, 100, 100, 100, 200, 200, 200};
  EXPECT_THAT(resize_image(image, 1, 1, Interpolation::kArea)->rgb, ElementsAre(100, 100, 100));
  EXPECT_THAT(resize_image(image, 1, 1, Interpolation::kNearest)->rgb, ElementsAre(0, 0, 0));
  EXPECT_TRUE(
      absl::IsInvalidArgument(resize_image(Image(), 1, 1, Interpolation::kNearest).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(resize_image(image, 0, 1, Interpolation::kNearest).status()));
}

// A row of four pixels, wanted square: the middle one of a wide picture, all of it if stretched.
TEST(ResizeToSpec, CenterCropCutsTheSidesAndNoneStretches) {
  Image image(6, 2);
  for (size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = static_cast<uint8_t>(i / 3 % 6 * 10);
  }
  InputSpec spec{.width = 2,
                 .height = 2,
                 .alignment = Alignment::kCenterCrop,
                 .interpolation = Interpolation::kArea};
  EXPECT_THAT(resize_to_spec(image, spec)->rgb,
              ElementsAre(20, 20, 20, 30, 30, 30, 20, 20, 20, 30, 30, 30));
  spec.alignment = Alignment::kNone;
  EXPECT_THAT(resize_to_spec(image, spec)->rgb,
              ElementsAre(10, 10, 10, 40, 40, 40, 10, 10, 10, 40, 40, 40));
}

}  // namespace
}  // namespace durward
