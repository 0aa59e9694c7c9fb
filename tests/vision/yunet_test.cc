#include "vision/yunet.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "data/tensor.h"
#include "support/assets.h"
#include "support/temporary_folder.h"
#include "vision/onnx_input_size.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr const char* kModel = "models/face_detector/yunet_n_320_320.onnx";

// A grid of 3 x 2 cells at stride 8; all zero but for what a test sets.
struct Grid {
  std::array<float, 6> face{}, objectness{};
  std::array<float, 24> boxes{};
  std::array<float, 60> points{};

  std::vector<Detection> decoded(double min_score) const {
    std::vector<Detection> detections;
    decode_yunet({.stride = 8,
                  .columns = 3,
                  .face = face,
                  .objectness = objectness,
                  .boxes = boxes,
                  .points = points},
                 min_score, detections);
    return detections;
  }
};

TEST(DecodeYuNet, PutsACellWhereItLies) {
  Grid grid;
  constexpr size_t kCell = 4;  // column 1, row 1
  grid.face[kCell] = 0.5f;
  grid.objectness[kCell] = 0.98f;
  const float log_two = std::log(2.f);
  std::copy_n(std::array<float, 4>{0.5f, 0.25f, log_two, 0}.begin(), 4,
              grid.boxes.begin() + kCell * 4);
  grid.points[kCell * 10] = -1;     // right eye x
  grid.points[kCell * 10 + 9] = 2;  // left corner of the mouth y
  const auto found = grid.decoded(0.6);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].score, 0.7, 1e-6);  // sqrt(.5 * .98)
  EXPECT_NEAR(found[0].box.width, 16, 1e-4);
  EXPECT_NEAR(found[0].box.height, 8, 1e-4);
  EXPECT_NEAR(found[0].box.x, 1.5 * 8 - 8, 1e-4);
  EXPECT_NEAR(found[0].box.y, 1.25 * 8 - 4, 1e-4);
  EXPECT_NEAR(found[0].points[0].x, 0, 1e-6);
  EXPECT_NEAR(found[0].points[0].y, 8, 1e-6);
  EXPECT_NEAR(found[0].points[4].y, 24, 1e-6);
  EXPECT_TRUE(grid.decoded(0.71).empty());
}

TEST(DecodeYuNet, LeavesOutWhatIsNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Grid grid;
  grid.face.fill(1);
  grid.objectness.fill(1);
  grid.face[0] = nan;
  grid.boxes[4 * 1 + 2] = 1000;  // exp overflows
  grid.points[10 * 2 + 3] = nan;
  grid.boxes[4 * 3] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(grid.decoded(0.5).size(), 2u);
}

class YuNetOnAssets : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto path = asset(kModel);
    if (!path) GTEST_SKIP() << "needs the shared assets: " << kModel;
    auto detector = YuNet::load(*path, {});
    if (absl::IsUnavailable(detector.status())) GTEST_SKIP() << detector.status();
    ASSERT_TRUE(detector.ok()) << detector.status();
    detector_.emplace(*std::move(detector));
  }
  static Image lfw(const std::string& name) {
    const auto path = asset("faces/lfw/" + name);
    EXPECT_TRUE(path) << name;
    auto image = read_image(path.value_or(""));
    EXPECT_TRUE(image.ok()) << image.status();
    return image.value_or(Image());
  }
  static std::array<Point, 5> points(const Face& face) {
    const Landmarks& l = face.landmarks;
    return {l.right_eye, l.left_eye, l.nose.value(), l.right_mouth_corner.value(),
            l.left_mouth_corner.value()};
  }
  std::optional<YuNet> detector_;
};

// OpenCV 4.11's FaceDetectorYN on the same model and pictures (setInputSize of the picture, score
// 0.6, overlap 0.3): number of faces; of the first one score, box, and points in our order.
struct Reference {
  const char* picture;
  size_t faces;
  double score;
  std::array<double, 4> box;
  std::array<double, 10> points;
};
constexpr Reference kReferences[] = {
    {"Abdel_Madi_Shabneh/Abdel_Madi_Shabneh_0001.jpg",
     1,
     0.924398,
     {77.6684, 65.3044, 87.3111, 122.6590},
     {105.1458, 110.2847, 145.3998, 110.6518, 128.1475, 133.4411, 106.9939, 153.9389, 142.0306,
      154.3643}},
    {"Candice_Bergen/Candice_Bergen_0001.jpg",
     1,
     0.933861,
     {84.2199, 74.0576, 69.7973, 87.5130},
     {106.1111, 107.7251, 137.6803, 107.4805, 122.9782, 125.1320, 107.9338, 137.9947, 135.5468,
      137.8739}},
    {"Jack_Smith/Jack_Smith_0001.jpg",
     1,
     0.933148,
     {96.0262, 68.5762, 86.8804, 123.7475},
     {109.5480, 114.9560, 148.0401, 113.4051, 122.6504, 136.3813, 115.7733, 159.6380, 149.9519,
      157.9114}},
    {"Toshimitsu_Motegi/Toshimitsu_Motegi_0001.jpg",
     1,
     0.937434,
     {88.5319, 55.7418, 97.3490, 136.7006},
     {103.1614, 107.0553, 148.5568, 108.0728, 117.7605, 134.3460, 107.0218, 155.5222, 146.1091,
      156.2195}},
};

TEST_F(YuNetOnAssets, AgreesWithOpenCvToAHundredthOfAPixel) {
  for (const Reference& reference : kReferences) {
    const auto faces = detector_->detect(lfw(reference.picture));
    ASSERT_TRUE(faces.ok()) << faces.status();
    ASSERT_EQ(faces->size(), reference.faces) << reference.picture;
    const Face& face = faces->front();
    EXPECT_NEAR(face.score, reference.score, 1e-4);
    EXPECT_NEAR(face.box.x, reference.box[0], 0.01);
    EXPECT_NEAR(face.box.y, reference.box[1], 0.01);
    EXPECT_NEAR(face.box.width, reference.box[2], 0.01);
    EXPECT_NEAR(face.box.height, reference.box[3], 0.01);
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_NEAR(points(face)[i].x, reference.points[2 * i], 0.01) << reference.picture << i;
      EXPECT_NEAR(points(face)[i].y, reference.points[2 * i + 1], 0.01) << reference.picture << i;
    }
  }
}

TEST_F(YuNetOnAssets, FindsAllFacesOfAPicture) {
  const auto faces = detector_->detect(lfw("Adrien_Brody/Adrien_Brody_0007.jpg"));
  ASSERT_TRUE(faces.ok()) << faces.status();
  EXPECT_EQ(faces->size(), 4u);  // as OpenCV
  EXPECT_TRUE(std::is_sorted(faces->begin(), faces->end(),
                             [](const Face& a, const Face& b) { return a.score > b.score; }));
}

// Rows 40 to 229 of the first picture between black bars of 30 and 21 columns: 301 x 190, no
// multiple of 32 either way. Values by OpenCV as above.
TEST_F(YuNetOnAssets, AnySizeOfPictureWillDo) {
  const Image whole = lfw(kReferences[0].picture);
  Image wide(301, 190);
  for (int y = 0; y < wide.height; ++y) {
    std::copy_n(whole.pixel(0, y + 40), 250 * 3,
                wide.rgb.begin() + (static_cast<std::ptrdiff_t>(y) * wide.width + 30) * 3);
  }
  const auto faces = detector_->detect(wide);
  ASSERT_TRUE(faces.ok()) << faces.status();
  ASSERT_EQ(faces->size(), 1u);
  EXPECT_NEAR(faces->front().score, 0.9267769, 1e-4);
  EXPECT_NEAR(faces->front().landmarks.right_eye.x, 135.06229, 0.01);
  EXPECT_NEAR(faces->front().landmarks.left_mouth_corner->y, 112.1705, 0.01);
}

// Each pixel four times four, and shrunk back to the same picture before it is looked at.
TEST_F(YuNetOnAssets, ALargePictureGivesTheSameFaceInItsOwnPixels) {
  const auto large = resize_image(lfw(kReferences[0].picture), 1000, 1000, Interpolation::kNearest);
  ASSERT_TRUE(large.ok());
  auto detector = YuNet::load(*asset(kModel), {.max_side = 250});
  ASSERT_TRUE(detector.ok()) << detector.status();
  const auto faces = detector->detect(*large);
  ASSERT_TRUE(faces.ok()) << faces.status();
  ASSERT_EQ(faces->size(), 1u);
  const Face& face = faces->front();
  EXPECT_NEAR(face.box.width, 4 * kReferences[0].box[2], 0.05);
  // Pixel centres are whole numbers: 4 (x + 0.5) - 0.5.
  EXPECT_NEAR(face.box.x, 4 * (kReferences[0].box[0] + 0.5) - 0.5, 0.05);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(points(face)[i].x, 4 * (kReferences[0].points[2 * i] + 0.5) - 0.5, 0.05);
    EXPECT_NEAR(points(face)[i].y, 4 * (kReferences[0].points[2 * i + 1] + 0.5) - 0.5, 0.05);
  }
}

TEST_F(YuNetOnAssets, TheModelExportedWithDynamicSizesIsTheSame) {
  const auto path = asset("models/face_detector/yunet_n_dynamic.onnx");
  ASSERT_TRUE(path);
  auto dynamic = YuNet::load(*path, {});
  ASSERT_TRUE(dynamic.ok()) << dynamic.status();
  const Image image = lfw(kReferences[1].picture);
  const auto one = detector_->detect(image), other = dynamic->detect(image);
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_NEAR(one->front().landmarks.nose->x, other->front().landmarks.nose->x, 1e-3);
}

TEST_F(YuNetOnAssets, NoFaceIsNoErrorAndNoPictureIsOne) {
  for (const Image& image : {Image(1, 1), Image(300, 7)}) {
    const auto faces = detector_->detect(image);
    ASSERT_TRUE(faces.ok()) << faces.status();
    EXPECT_TRUE(faces->empty());
  }
  EXPECT_TRUE(absl::IsInvalidArgument(detector_->detect(Image()).status()));
}

TEST(YuNetLoad, AnotherModelIsRefusedByName) {
  const char* embedding = "models/face_embedding/mobilefacenet_relu6_112x112.onnx";
  const auto path = asset(embedding);
  if (!path) GTEST_SKIP() << "needs the shared assets: " << embedding;
  const auto detector = YuNet::load(*path, {});
  if (absl::IsUnavailable(detector.status())) GTEST_SKIP() << detector.status();
  EXPECT_TRUE(absl::IsInvalidArgument(detector.status())) << detector.status();
  EXPECT_THAT(std::string(detector.status().message()), HasSubstr("mobilefacenet_relu6"));
}

using YuNetFile = TemporaryFolderTest;

TEST_F(YuNetFile, WhatIsNoModelIsRefusedByName) {
  const auto path = write("words.onnx", "these are words");
  const auto detector = YuNet::load(path, {});
  EXPECT_TRUE(absl::IsInvalidArgument(detector.status())) << detector.status();
  EXPECT_THAT(std::string(detector.status().message()), HasSubstr("words.onnx"));
  EXPECT_TRUE(absl::IsNotFound(YuNet::load(folder_ / "absent.onnx", {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(with_input_size({}, 32, 32).status()))
      << "an empty file is a valid protobuf without an input";
}

}  // namespace
}  // namespace durward
