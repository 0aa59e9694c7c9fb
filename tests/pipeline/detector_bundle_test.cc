// A face detector as a bundle: it must find what the model finds in LiteRT.
#include <gtest/gtest.h>

#include <cmath>

#include "data/preprocessing.h"
#include "pipeline/compress.h"
#include "support/folders.h"
#include "support/temporary_folder.h"
#include "vision/face_detector.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

double distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

using DetectorBundleTest = TemporaryFolderTest;

TEST_F(DetectorBundleTest, BlazeFaceInIntegersFindsTheSameFaces) {
  const fs::path npm = fetched_folder() / "npm";
  const fs::path model = npm / "mediapipe-face_detection/package/face_detection_short_range.tflite";
  const fs::path people = fetched_folder() / "sdist/face_recognition/tests/test_images";
  if (!fs::exists(model) || !fs::exists(people)) GTEST_SKIP() << "needs scripts/setup: " << model;
  auto original = FaceDetector::load(model);
  if (absl::IsUnavailable(original.status())) GTEST_SKIP() << original.status();
  ASSERT_TRUE(original.ok()) << original.status();

  CompressRequest request;
  request.model = model;
  request.calibration = people;
  request.output = folder_ / "out";
  request.tool_version = "test";
  request.samples.preprocessing = InputSpec{.width = 128,
                                            .height = 128,
                                            .mean = {127.5, 127.5, 127.5},
                                            .std = {127.5, 127.5, 127.5},
                                            .alignment = Alignment::kNone,
                                            .interpolation = Interpolation::kArea};
  request.exports = {ExportKind::kBundle};
  request.check = request.measure_speed = false;
  const auto made = compress(request);
  ASSERT_TRUE(made.ok()) << made.status();
  auto bundled = FaceDetector::load(folder_ / "out/face_detection_short_range.bundle");
  ASSERT_TRUE(bundled.ok()) << bundled.status();
  EXPECT_FALSE(bundled->finds_mouth_corners());

  int seen = 0;
  for (const char* name : {"obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"}) {
    const auto picture = read_image(people / name);
    ASSERT_TRUE(picture.ok()) << picture.status();
    const auto expected = original->detect(*picture), found = bundled->detect(*picture);
    ASSERT_TRUE(expected.ok() && found.ok()) << found.status();
    ASSERT_EQ(found->size(), expected->size()) << name;
    for (size_t i = 0; i < found->size(); ++i) {
      const Landmarks &a = (*expected)[i].landmarks, &b = (*found)[i].landmarks;
      const double eyes = distance(a.right_eye, a.left_eye);
      EXPECT_LT(distance(a.right_eye, b.right_eye), .1 * eyes) << name;
      EXPECT_LT(distance(a.left_eye, b.left_eye), .1 * eyes) << name;
      EXPECT_LT(distance(*a.nose, *b.nose), .1 * eyes) << name;
      ++seen;
    }
  }
  EXPECT_GE(seen, 4);
}

}  // namespace
}  // namespace durward
