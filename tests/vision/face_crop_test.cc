#include "vision/face_crop.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/parallel.h"
#include "data/image_folder.h"
#include "data/tensor.h"
#include "support/assets.h"
#include "vision/similarity.h"

namespace durward {
namespace {

const InputSpec kFaceSpec{.width = 112, .height = 112};

Landmarks landmarks(const std::array<Point, 5>& points) {
  return {.right_eye = points[0],
          .left_eye = points[1],
          .nose = points[2],
          .right_mouth_corner = points[3],
          .left_mouth_corner = points[4],
          .mouth = std::nullopt};
}

// Black, with a blurred white spot (a Gaussian of 3 pixels) at each point.
Image spots(int width, int height, const std::array<Point, 5>& points) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double value = 0;
      for (const Point& p : points) {
        const double distance = std::hypot(x - p.x, y - p.y) / 3;
        value = std::max(value, 255 * std::exp(-distance * distance / 2));
      }
      const size_t at = (static_cast<size_t>(y) * width + x) * 3;
      std::fill_n(image.rgb.begin() + static_cast<std::ptrdiff_t>(at), 3,
                  static_cast<uint8_t>(std::lround(value)));
    }
  }
  return image;
}

// The centre of brightness within 6 pixels of a place.
Point brightness_center(const Image& image, Point near) {
  double sum = 0, x_sum = 0, y_sum = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      if (std::hypot(x - near.x, y - near.y) > 6) continue;
      const double value = *image.pixel(x, y);
      sum += value;
      x_sum += value * x;
      y_sum += value * y;
    }
  }
  return {x_sum / sum, y_sum / sum};
}

TEST(ArcfaceTemplate, IsThePublishedOneAndSphereFacesIsEightPixelsFurtherLeft) {
  const auto square = arcface_template(112, 112), narrow = arcface_template(96, 112);
  EXPECT_DOUBLE_EQ(square[0].x, 38.2946);
  EXPECT_DOUBLE_EQ(square[4].y, 92.2041);
  // SphereFace's points, as in its face_align_demo: 30.2946, 51.6963; 65.5318, 51.5014; ...
  EXPECT_NEAR(narrow[0].x, 30.2946, 1e-9);
  EXPECT_NEAR(narrow[1].x, 65.5318, 1e-9);
  EXPECT_NEAR(narrow[2].x, 48.0252, 1e-9);
  EXPECT_NEAR(narrow[2].y, 71.7366, 1e-9);
  EXPECT_NEAR(arcface_template(224, 224)[0].x, 2 * 38.2946, 1e-9);
}

TEST(AlignFace, BringsTheLandmarksOntoTheTemplate) {
  // A face turned by 20 degrees, 1.3 times as large, somewhere in a picture.
  const double angle = 20 * std::acos(-1.0) / 180, scale = 1.3;
  const Similarity pose{scale * std::cos(angle), scale * std::sin(angle), 60, 20};
  for (const int width : {112, 96}) {
    InputSpec spec = kFaceSpec;
    spec.width = width;
    const auto goal = arcface_template(width, 112);
    std::array<Point, 5> points{};
    std::transform(goal.begin(), goal.end(), points.begin(), pose);
    const auto crop = align_face(spots(260, 240, points), landmarks(points), spec);
    ASSERT_TRUE(crop.ok()) << crop.status();
    EXPECT_EQ(crop->width, width);
    EXPECT_EQ(crop->height, 112);
    for (const Point& p : goal) {
      const Point found = brightness_center(*crop, p);
      EXPECT_NEAR(found.x, p.x, 0.1);
      EXPECT_NEAR(found.y, p.y, 0.1);
    }
  }
}

// A face ten times the crop's size, so that the crop is averaged down: no spot may shift.
TEST(AlignFace, ALargeFaceLiesWhereASmallOneDoes) {
  const Similarity pose{10, 0, 40, 30};
  const auto goal = arcface_template(112, 112);
  std::array<Point, 5> points{};
  // Pixel centres: 10 (x + 0.5) - 0.5.
  std::transform(goal.begin(), goal.end(), points.begin(), pose);
  Image picture(1250, 1250);
  const Image small = spots(125, 125, arcface_template(112, 112));
  for (int y = 0; y < 1250; ++y) {
    for (int x = 0; x < 1250; ++x) {
      // Each pixel of `small` becomes 10 x 10 of them around the place where the pose puts it.
      const int from_x = static_cast<int>(std::floor((x - 40 + 4.5) / 10));
      const int from_y = static_cast<int>(std::floor((y - 30 + 4.5) / 10));
      if (from_x < 0 || from_y < 0 || from_x >= 125 || from_y >= 125) continue;
      std::copy_n(small.pixel(from_x, from_y), 3,
                  picture.rgb.begin() + (static_cast<std::ptrdiff_t>(y) * 1250 + x) * 3);
    }
  }
  const auto crop = align_face(picture, landmarks(points), kFaceSpec);
  ASSERT_TRUE(crop.ok()) << crop.status();
  for (const Point& p : goal) {
    const Point found = brightness_center(*crop, p), expected = brightness_center(small, p);
    EXPECT_NEAR(found.x, expected.x, 0.1);
    EXPECT_NEAR(found.y, expected.y, 0.1);
  }
}

// Black and white lines, one pixel each: seen from far they are grey, not a moire.
TEST(AlignFace, ALargeFaceIsAveragedNotSampled) {
  Image lines(900, 900);
  for (size_t i = 0; i < lines.rgb.size(); ++i) {
    lines.rgb[i] = static_cast<uint8_t>(i / 3 % 2 * 255);
  }
  std::array<Point, 5> points = arcface_template(112, 112);
  for (Point& p : points) p = {p.x * 8 + 1.3, p.y * 8 + 1.3};
  const auto crop = align_face(lines, landmarks(points), kFaceSpec);
  ASSERT_TRUE(crop.ok()) << crop.status();
  for (int y = 2; y < 110; ++y) {
    for (int x = 2; x < 110; ++x) EXPECT_NEAR(*crop->pixel(x, y), 127.5, 4) << x << " " << y;
  }
}

TEST(AlignFace, OutsideOfThePictureIsBlack) {
  Image white(112, 112);
  std::fill(white.rgb.begin(), white.rgb.end(), uint8_t{255});
  std::array<Point, 5> points = arcface_template(112, 112);
  for (Point& p : points) p.x -= 50;  // the left part of the crop is beyond the border
  const auto crop = align_face(white, landmarks(points), kFaceSpec);
  ASSERT_TRUE(crop.ok()) << crop.status();
  EXPECT_EQ(*crop->pixel(20, 50), 0);
  EXPECT_EQ(*crop->pixel(80, 50), 255);
}

// Without the mouth's corners its middle is used, and the nose, even a wrong one, is not.
TEST(AlignFace, EyesAndMouthAreEnough) {
  const auto goal = arcface_template(112, 112);
  const Image picture = spots(112, 112, goal);
  Landmarks face = {.right_eye = goal[0],
                    .left_eye = goal[1],
                    .nose = Point{0, 0},
                    .right_mouth_corner = std::nullopt,
                    .left_mouth_corner = std::nullopt,
                    .mouth = Point{(goal[3].x + goal[4].x) / 2, (goal[3].y + goal[4].y) / 2}};
  const auto crop = align_face(picture, face, kFaceSpec);
  ASSERT_TRUE(crop.ok()) << crop.status();
  EXPECT_EQ(*crop, picture);
}

TEST(AlignFace, RefusesWhatCannotBeAligned) {
  const Landmarks face = landmarks(arcface_template(112, 112));
  EXPECT_TRUE(absl::IsInvalidArgument(align_face(Image(), face, kFaceSpec).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(align_face(Image(40000, 1), face, kFaceSpec).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(align_face(Image(9, 9), Landmarks{}, kFaceSpec).status()));
  InputSpec whole = kFaceSpec;
  whole.alignment = Alignment::kNone;
  EXPECT_TRUE(absl::IsInvalidArgument(align_face(Image(9, 9), face, whole).status()));
}

// Each pixel tells where it was: red its column, green its row.
Image map_of_places(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const size_t at = (static_cast<size_t>(y) * width + x) * 3;
      image.rgb[at] = static_cast<uint8_t>(x);
      image.rgb[at + 1] = static_cast<uint8_t>(y);
      image.rgb[at + 2] = 255;
    }
  }
  return image;
}

// Which pixels a crop of this size goes from and to: without scaling where the sizes are the same.
struct Corners {
  int left, top, right, bottom;
  bool operator==(const Corners&) const = default;
};

Corners corners_of(const Image& crop) {
  const uint8_t* first = crop.pixel(0, 0);
  const uint8_t* last = crop.pixel(crop.width - 1, crop.height - 1);
  return {first[0], first[1], last[0], last[1]};
}

Face face_with_box(const Box& box) {
  return {.box = box, .score = 1, .landmarks = landmarks(arcface_template(112, 112))};
}

TEST(CropFace, AFaceBoxIsEnlargedAboutItsMiddleAndMovedIntoThePicture) {
  const Image picture = map_of_places(200, 180);
  struct Case {
    Box box;
    double scale;
    Corners corners;
  };
  const Case cases[] = {
      // 20 x 30 about (100, 95), twice: 40 x 60; both ends belong to it.
      {{90, 80, 20, 30}, 2, {80, 65, 120, 125}},
      // The middle at (15, 95): it would begin at -5, and is moved by 5.
      {{5, 80, 20, 30}, 2, {0, 65, 40, 125}},
      // Beyond the lower right corner: moved back to the last pixel.
      {{175, 150, 20, 30}, 2, {159, 119, 199, 179}},
      // 2.7 times 100 is more than the picture's height of 180 allows: 1.79 times, 179 x 179.
      {{50, 40, 100, 100}, 2.7, {10, 0, 189, 179}},
  };
  for (const Case& c : cases) {
    InputSpec spec{.width = c.corners.right - c.corners.left + 1,
                   .height = c.corners.bottom - c.corners.top + 1,
                   .alignment = Alignment::kFaceBox,
                   .face_scale = c.scale};
    const auto crop = crop_face(picture, face_with_box(c.box), spec);
    ASSERT_TRUE(crop.ok()) << crop.status();
    EXPECT_EQ(corners_of(*crop), c.corners) << c.box.x;
    EXPECT_EQ(crop->pixel(0, 0)[2], 255);
  }
}

TEST(CropFace, AFaceSquareStaysWhereItIsAndIsBlackOutsideOfThePicture) {
  const Image picture = map_of_places(100, 90);
  InputSpec spec{.width = 60, .height = 60, .alignment = Alignment::kFaceSquare, .face_scale = 1.5};
  // 1.5 x 40 = 60 about (20, 50): from -10 to 49, and from 20 to 79.
  const auto crop = crop_face(picture, face_with_box({5, 30, 30, 40}), spec);
  ASSERT_TRUE(crop.ok()) << crop.status();
  for (int x = 0; x < 60; ++x) {
    const uint8_t* pixel = crop->pixel(x, 7);
    EXPECT_EQ(pixel[2], x < 10 ? 0 : 255) << x;
    EXPECT_EQ(pixel[0], x < 10 ? 0 : x - 10) << x;
    EXPECT_EQ(pixel[1], x < 10 ? 0 : 27) << x;
  }
}

TEST(CropFace, ABoxThatIsNoneIsRefused) {
  InputSpec spec{.alignment = Alignment::kFaceBox, .face_scale = 2.7};
  const double nan = std::nan("");
  for (const Box& box : {Box{0, 0, 0, 10}, Box{0, 0, 10, 0.5}, Box{1e9, 0, 10, 10},
                         Box{0, 0, 1e9, 10}, Box{nan, 0, 10, 10}, Box{0, 0, nan, 10}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(crop_face(Image(9, 9), face_with_box(box), spec).status()));
  }
  EXPECT_TRUE(
      absl::IsInvalidArgument(crop_face(Image(), face_with_box({0, 0, 9, 9}), spec).status()));
}

TEST(CropForModel, NeedsADetectorOnlyForFaces) {
  InputSpec spec{.width = 4, .height = 2, .alignment = Alignment::kNone};
  const auto whole = crop_for_model(Image(9, 9), spec, nullptr);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->width, 4);
  EXPECT_TRUE(absl::IsInvalidArgument(crop_for_model(Image(9, 9), kFaceSpec, nullptr).status()));
}

TEST(CropForModel, TakesTheFaceInTheMiddleAndSaysWhereThereIsNone) {
  const auto model = asset("models/face_detector/yunet_n_320_320.onnx");
  const auto path = asset("faces/lfw/Adrien_Brody/Adrien_Brody_0007.jpg");
  if (!model || !path) GTEST_SKIP() << "needs the shared assets: models/face_detector, faces/lfw";
  auto detector = FaceDetector::load(*model);
  if (absl::IsUnavailable(detector.status())) GTEST_SKIP() << detector.status();
  ASSERT_TRUE(detector.ok()) << detector.status();
  const auto none = crop_for_model(Image(100, 100), kFaceSpec, &*detector);
  EXPECT_TRUE(absl::IsNotFound(none.status())) << none.status();

  const auto picture = read_image(*path);  // four faces
  ASSERT_TRUE(picture.ok()) << picture.status();
  const auto crop = crop_for_model(*picture, kFaceSpec, &*detector);
  ASSERT_TRUE(crop.ok()) << crop.status();
  // LFW pictures are centred on their person: the crop comes from the middle, and its eyes are
  // where the detector finds them again.
  const auto faces = detector->detect(*crop);
  ASSERT_TRUE(faces.ok() && !faces->empty());
  const Face* face = nearest_to_center(*faces, crop->width, crop->height);
  const auto goal = arcface_template(112, 112);
  EXPECT_NEAR(face->landmarks.right_eye.x, goal[0].x, 4);
  EXPECT_NEAR(face->landmarks.left_eye.x, goal[1].x, 4);
  EXPECT_NEAR(face->landmarks.left_eye.y, goal[1].y, 4);
}

// Each worker has its own detector; who does what is left to chance.
TEST(CropForModel, GivesTheSameCropsOnAnyNumberOfThreads) {
  const auto model = asset("models/face_detector/yunet_n_320_320.onnx");
  const auto folder = asset("faces/lfw/Adrien_Brody");
  if (!model || !folder) GTEST_SKIP() << "needs the shared assets: models/face_detector, faces/lfw";
  const auto pictures = list_images(*folder);
  ASSERT_TRUE(pictures.ok()) << pictures.status();
  std::vector<std::vector<Image>> crops;
  for (const int threads : {1, 3}) {
    std::vector<FaceDetector> detectors;
    for (int i = 0; i < threads; ++i) {
      auto detector = FaceDetector::load(*model);
      if (absl::IsUnavailable(detector.status())) GTEST_SKIP() << detector.status();
      ASSERT_TRUE(detector.ok()) << detector.status();
      detectors.push_back(*std::move(detector));
    }
    std::vector<Image>& result = crops.emplace_back(pictures->images.size());
    const auto crop = [&](int64_t index, int worker) -> absl::Status {
      const auto i = static_cast<size_t>(index);
      DURWARD_ASSIGN_OR_RETURN(const Image picture, read_image(pictures->images[i]));
      FaceDetector& detector = detectors[static_cast<size_t>(worker)];
      DURWARD_ASSIGN_OR_RETURN(result[i], crop_for_model(picture, kFaceSpec, &detector));
      return absl::OkStatus();
    };
    const absl::Status status = parallel_for(static_cast<int64_t>(result.size()), threads, crop);
    ASSERT_TRUE(status.ok()) << status;
  }
  EXPECT_GT(crops[0].size(), 5u);
  EXPECT_TRUE(crops[0] == crops[1]);
}

// A face of 18 pixels in a picture of 1200: shrunk to 320, less than 5 pixels are left of it.
TEST(FaceDetectorLoad, ALongerSideFindsSmallerFaces) {
  const auto model = asset("models/face_detector/yunet_n_320_320.onnx");
  const auto picture = asset("faces/lfw/Adrien_Brody/Adrien_Brody_0003.jpg");
  if (!model || !picture) {
    GTEST_SKIP() << "needs the shared assets: models/face_detector, faces/lfw";
  }
  const auto portrait = read_image(*picture);
  ASSERT_TRUE(portrait.ok()) << portrait.status();
  const auto small = resize_image(*portrait, 50, 50, Interpolation::kArea);
  ASSERT_TRUE(small.ok()) << small.status();
  Image wide(1200, 640);
  for (int y = 0; y < small->height; ++y) {
    std::copy_n(small->pixel(0, y), 3 * small->width,
                wide.rgb.begin() + (static_cast<std::ptrdiff_t>(y + 300) * wide.width + 600) * 3);
  }
  for (const std::optional<int> side : {std::optional<int>(), std::optional(1200)}) {
    auto detector = FaceDetector::load(*model, {.max_side = side});
    if (absl::IsUnavailable(detector.status())) GTEST_SKIP() << detector.status();
    ASSERT_TRUE(detector.ok()) << detector.status();
    const auto faces = detector->detect(wide);
    ASSERT_TRUE(faces.ok()) << faces.status();
    EXPECT_EQ(faces->size(), side ? 1u : 0u);
  }
}

TEST(FaceDetectorLoad, ASideOutOfRangeOrForBlazeFaceIsRefused) {
  for (const int side : {-1, 0, 31, 2049}) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(FaceDetector::load("model.onnx", {.max_side = side}).status()));
  }
  EXPECT_TRUE(
      absl::IsInvalidArgument(FaceDetector::load("model.tflite", {.max_side = 320}).status()));
}

TEST(FaceDetectorLoad, AnotherEndingIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(FaceDetector::load("model.xml").status()));
}

}  // namespace
}  // namespace durward
