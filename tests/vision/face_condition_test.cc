#include "vision/face_condition.h"

#include <gmock/gmock.h>

namespace durward {
namespace {

using ::testing::HasSubstr;

// Columns of black and white, `period` pixels wide in all.
Image stripes(int width, int height, int period) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        image.rgb[static_cast<size_t>((y * width + x) * 3 + c)] = x % period < period / 2 ? 0 : 200;
      }
    }
  }
  return image;
}

TEST(FaceCondition, WhatIsFinerThanItsPixelsBecomesTheirMean) {
  const FaceCondition condition{.side = 24};
  const Image fine = under_condition(stripes(96, 96, 4), condition).value();
  ASSERT_EQ(fine.width, 96);
  ASSERT_EQ(fine.height, 96);
  for (const uint8_t value : fine.rgb) EXPECT_EQ(value, 100);
}

TEST(FaceCondition, WhatIsCoarserStays) {
  const FaceCondition condition{.side = 24};
  const Image coarse = under_condition(stripes(96, 96, 48), condition).value();
  EXPECT_EQ(coarse.pixel(12, 40)[0], 0);
  EXPECT_EQ(coarse.pixel(36, 40)[0], 200);
  // Enlarged between the centres of pixels 4 wide: half way at the edge.
  EXPECT_NEAR(coarse.pixel(23, 40)[0] + coarse.pixel(24, 40)[0], 200, 2);
}

TEST(FaceCondition, TheLongerSideIsReducedInProportion) {
  const Image crop = stripes(96, 112, 4);
  const Image reduced = under_condition(crop, {.side = 28}).value();
  EXPECT_EQ(reduced.width, 96);
  EXPECT_EQ(reduced.height, 112);
  for (const uint8_t value : reduced.rgb) EXPECT_EQ(value, 100);  // 24 columns of 4
}

TEST(FaceCondition, ACropThatIsNoLargerStaysAsItIs) {
  const Image crop = stripes(24, 24, 2);
  EXPECT_EQ(under_condition(crop, {.side = 24}).value(), crop);
  EXPECT_EQ(under_condition(crop, {}).value(), crop);
}

TEST(FaceCondition, TextsAreReadAndOthersRefused) {
  FaceCondition condition;
  ASSERT_TRUE(add_condition("size=24", condition).ok());
  EXPECT_EQ(condition.side, 24);
  EXPECT_THAT(add_condition("size=30", condition).message(), HasSubstr("once"));
  for (const char* text : {"", "size=", "size=3", "size=5000", "size=24px", "size=-24", "cut=2s"}) {
    FaceCondition none;
    EXPECT_THAT(add_condition(text, none).message(), HasSubstr("expected size=PIXELS")) << text;
  }
}

}  // namespace
}  // namespace durward
