#include "vision/blazeface.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "support/assets.h"
#include "support/folders.h"
#include "vision/yunet.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// MediaPipe's SsdAnchorsCalculator with the options of face_detection_short_range: strides 8, 16,
// 16, 16, aspect ratio 1 and its interpolated twin, so 2 and 6 to a cell.
TEST(BlazeFaceAnchors, AreTwoToACellAndThenSix) {
  const auto anchors = blazeface_anchors();
  ASSERT_EQ(anchors.size(), 896u);
  EXPECT_DOUBLE_EQ(anchors[0].x, 0.5 / 16);
  EXPECT_DOUBLE_EQ(anchors[1].x, 0.5 / 16);
  EXPECT_DOUBLE_EQ(anchors[2].x, 1.5 / 16);
  EXPECT_DOUBLE_EQ(anchors[2].y, 0.5 / 16);
  EXPECT_DOUBLE_EQ(anchors[511].x, 15.5 / 16);
  EXPECT_DOUBLE_EQ(anchors[512].y, 0.5 / 8);
  EXPECT_DOUBLE_EQ(anchors[895].x, 7.5 / 8);
  EXPECT_DOUBLE_EQ(anchors[895].y, 7.5 / 8);
}

TEST(DecodeBlazeFace, MovesBoxAndPointsFromTheAnchor) {
  std::vector<float> regressors(896 * 16, 0.f), scores(896, -100.f);
  constexpr size_t kAnchor = 512;  // middle (1/16, 1/16)
  scores[kAnchor] = std::log(3.f);
  float* row = regressors.data() + kAnchor * 16;
  row[0] = 8;          // middle x, pixels of 128
  row[2] = 32;         // width
  row[3] = 16;         // height
  row[4 + 2 * 3] = 4;  // x of the mouth
  const auto found = decode_blazeface(regressors, scores, 0.5);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].score, 0.75, 1e-6);
  EXPECT_NEAR(found[0].box.x, 1.0 / 16 + 8.0 / 128 - 16.0 / 128, 1e-9);
  EXPECT_NEAR(found[0].box.y, 1.0 / 16 - 8.0 / 128, 1e-9);
  EXPECT_NEAR(found[0].box.width, 0.25, 1e-9);
  EXPECT_NEAR(found[0].points[3].x, 1.0 / 16 + 4.0 / 128, 1e-9);
  EXPECT_TRUE(decode_blazeface(regressors, scores, 0.76).empty());

  row[15] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(decode_blazeface(regressors, scores, 0.5).empty());
}

class BlazeFaceOnPackage : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path path =
        fetched_folder() / "npm/mediapipe-face_detection/package/face_detection_short_range.tflite";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs scripts/setup: " << path;
    auto detector = BlazeFace::load(path, {});
    if (absl::IsUnavailable(detector.status())) GTEST_SKIP() << detector.status();
    ASSERT_TRUE(detector.ok()) << detector.status();
    detector_.emplace(*std::move(detector));
  }
  std::optional<BlazeFace> detector_;
};

TEST_F(BlazeFaceOnPackage, NoFaceIsNoErrorAndNoPictureIsOne) {
  for (const Image& image : {Image(1, 1), Image(3000, 1), Image(64, 64)}) {
    const auto faces = detector_->detect(image);
    ASSERT_TRUE(faces.ok()) << faces.status();
    EXPECT_TRUE(faces->empty());
  }
  EXPECT_TRUE(absl::IsInvalidArgument(detector_->detect(Image()).status()));
}

// The mean distance of each point of `found` from YuNet's, in distances of the eyes.
std::array<double, 4> distances(const Landmarks& found, const Landmarks& yunet) {
  const double eyes =
      std::hypot(yunet.left_eye.x - yunet.right_eye.x, yunet.left_eye.y - yunet.right_eye.y);
  const auto distance = [eyes](Point a, Point b) {
    return std::hypot(a.x - b.x, a.y - b.y) / eyes;
  };
  const Point right = yunet.right_mouth_corner.value(), left = yunet.left_mouth_corner.value();
  return {distance(found.right_eye, yunet.right_eye), distance(found.left_eye, yunet.left_eye),
          distance(found.nose.value(), yunet.nose.value()),
          distance(found.mouth.value(), {(right.x + left.x) / 2, (right.y + left.y) / 2})};
}

Point shifted(Point p, double x, double y) { return {p.x + x, p.y + y}; }

// The picture in the middle of a black frame with so many more pixels on each side.
Image framed(const Image& picture, int beside, int above) {
  Image frame(picture.width + 2 * beside, picture.height + 2 * above);
  for (int y = 0; y < picture.height; ++y) {
    const auto at = (static_cast<std::ptrdiff_t>(y + above) * frame.width + beside) * 3;
    std::copy_n(picture.pixel(0, y), picture.width * 3, frame.rgb.begin() + at);
  }
  return frame;
}

// Two detectors that know nothing of each other. Over 310 pictures BlazeFace's points lie from
// YuNet's by 7 % (eyes), 12 % (nose) and 13 % (mouth) of the distance of the eyes in the mean.
// In wide and tall frames the model's input has bars.
TEST_F(BlazeFaceOnPackage, AgreesWithYuNetInAnyFrame) {
  const auto model = asset("models/face_detector/yunet_n_320_320.onnx");
  if (!model) GTEST_SKIP() << "needs the shared assets: models/face_detector";
  auto yunet = YuNet::load(*model, {});
  if (absl::IsUnavailable(yunet.status())) GTEST_SKIP() << yunet.status();
  ASSERT_TRUE(yunet.ok()) << yunet.status();
  const auto names = {"Abdel_Madi_Shabneh", "Candice_Bergen", "Eriko_Tamura",
                      "Jack_Smith",         "Kate_Winslet",   "Robin_Tunney"};
  for (const auto& [beside, above] : {std::pair(0, 0), {40, 0}, {0, 40}}) {
    std::array<double, 4> mean{};
    for (const char* name : names) {
      const auto path = asset(absl::StrCat("faces/lfw/", name, "/", name, "_0001.jpg"));
      ASSERT_TRUE(path) << name;
      const auto picture = read_image(*path);
      ASSERT_TRUE(picture.ok()) << picture.status();
      const auto expected = yunet->detect(*picture);
      ASSERT_TRUE(expected.ok() && !expected->empty()) << name;
      const auto faces = detector_->detect(framed(*picture, beside, above));
      ASSERT_TRUE(faces.ok()) << faces.status();
      ASSERT_FALSE(faces->empty()) << name;
      Landmarks found = faces->front().landmarks;
      for (Point* p : {&found.right_eye, &found.left_eye, &*found.nose, &*found.mouth}) {
        *p = shifted(*p, -beside, -above);
      }
      const auto distance = distances(found, expected->front().landmarks);
      for (size_t i = 0; i < 4; ++i) mean[i] += distance[i] / static_cast<double>(names.size());
    }
    EXPECT_LT(mean[0], 0.15) << beside << " " << above;
    EXPECT_LT(mean[1], 0.15) << beside << " " << above;
    EXPECT_LT(mean[2], 0.20) << beside << " " << above;
    EXPECT_LT(mean[3], 0.20) << beside << " " << above;
  }
}

TEST(BlazeFaceLoad, AnotherModelIsRefusedByName) {
  const std::filesystem::path path =
      fetched_folder() / "npm/mediapipe-face_detection/package/face_detection_full_range.tflite";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs scripts/setup: " << path;
  const auto detector = BlazeFace::load(path, {});
  if (absl::IsUnavailable(detector.status())) GTEST_SKIP() << detector.status();
  EXPECT_TRUE(absl::IsInvalidArgument(detector.status())) << detector.status();
  EXPECT_THAT(std::string(detector.status().message()), HasSubstr("full_range"));
}

}  // namespace
}  // namespace durward
