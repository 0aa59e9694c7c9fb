#include "vision/face_quality.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <opencv2/imgproc.hpp>

#include "data/image_mat.h"
#include "data/tensor.h"
#include "runtimes/embedder.h"
#include "support/assets.h"
#include "support/face_motion.h"
#include "vision/face_crop.h"
#include "vision/face_detector.h"

namespace durward {
namespace {

FaceMeasures good() {
  return {.inter_eye = 60,
          .pose = HeadPose{},
          .blur = 0.4,
          .under_exposed = 0,
          .over_exposed = 0,
          .entropy = 7.2,
          .face_score = 0.94};
}

TEST(FaceQuality, OfAGoodFaceIsFullAndAsksForNothing) {
  const FaceQuality quality = rate_face(good());
  EXPECT_EQ(quality.overall, 100);
  EXPECT_EQ(quality.guidance, "");
}

TEST(FaceQuality, IsThatOfItsWorstPartWhichTheGuidanceIsAbout) {
  const auto guidance = [](const std::function<void(FaceMeasures&)>& change) {
    FaceMeasures measures = good();
    change(measures);
    const FaceQuality quality = rate_face(measures);
    EXPECT_LT(quality.overall, 90);
    EXPECT_EQ(quality.overall,
              std::min({quality.size, quality.pose, quality.sharpness, quality.under_exposure,
                        quality.over_exposure, quality.dynamic_range, quality.occlusion}));
    return quality.guidance;
  };
  EXPECT_EQ(guidance([](FaceMeasures& m) { m.inter_eye = 12; }), "come closer");
  EXPECT_EQ(guidance([](FaceMeasures& m) { m.pose->yaw = -30; }), "look at the camera");
  EXPECT_EQ(guidance([](FaceMeasures& m) { m.pose->pitch = 20; }), "look at the camera");
  EXPECT_EQ(guidance([](FaceMeasures& m) { m.pose->roll = 40; }), "hold your head upright");
  EXPECT_EQ(guidance([](FaceMeasures& m) { m.under_exposed = 0.6; }), "too dark");
  EXPECT_EQ(guidance([](FaceMeasures& m) {
              m.under_exposed = 0.9;
              m.entropy = 3.5;
            }),
            "too dark");
  EXPECT_EQ(guidance([](FaceMeasures& m) { m.over_exposed = 0.5; }), "too bright");
  EXPECT_EQ(guidance([](FaceMeasures& m) { m.entropy = 4; }),
            "too little contrast: change the light");
  EXPECT_EQ(guidance([](FaceMeasures& m) { m.blur = 0.75; }), "hold still");
  EXPECT_EQ(guidance([](FaceMeasures& m) { m.face_score = 0.9; }), "uncover your face");
}

TEST(FaceQuality, TakesWhatIsNoNumberForTheWorst) {
  FaceMeasures measures = good();
  measures.inter_eye = std::nan("");
  EXPECT_LT(rate_face(measures).overall, 50);
}

// ---- on pictures that are made worse ----

Image mapped(const Image& image, const std::function<double(double)>& light) {
  Image result = image;
  for (uint8_t& value : result.rgb) {
    value = static_cast<uint8_t>(std::clamp(std::lround(light(value)), 0L, 255L));
  }
  return result;
}

Image blurred(const Image& image, double sigma) {
  Image result(image.width, image.height);
  cv::Mat target = as_mat(result);
  cv::GaussianBlur(as_mat(image), target, {0, 0}, sigma);
  return result;
}

class FaceQualityOfPictures : public ::testing::Test {
 protected:
  struct Judged {
    double quality = 0, cosine = 0;  // means over the faces
  };

  void SetUp() override {
    const auto yunet = asset("models/face_detector/yunet_n_320_320.onnx");
    const auto model = asset("models/face_embedding/mobilefacenet_relu6_112x112.onnx");
    const auto pictures = asset("faces/lfw");
    if (!yunet || !model || !pictures || !is_available(RuntimeKind::kOnnxRuntime)) {
      GTEST_SKIP() << "the shared assets or ONNX Runtime are not here";
    }
    auto detector = FaceDetector::load(*yunet);
    ASSERT_TRUE(detector.ok()) << detector.status();
    detector_.emplace(*std::move(detector));
    auto loaded = load_model(RuntimeKind::kOnnxRuntime, *model, {});
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    auto embedder = Embedder::create(*std::move(loaded), {1, 112, 112, 3});
    ASSERT_TRUE(embedder.ok()) << embedder.status();
    embedder_.emplace(*std::move(embedder));
    for (const std::string name :
         {"Arnold_Palmer", "James_Comey", "Clare_Short", "Angela_Bassett", "Andre_Agassi"}) {
      auto image = read_image(*pictures / name / (name + "_0001.jpg"));
      ASSERT_TRUE(image.ok()) << image.status();
      images_.push_back(*std::move(image));
      const auto face = central(images_.back());
      ASSERT_TRUE(face);
      faces_.push_back(*face);
      embeddings_.push_back(embedding(images_.back(), *face));
    }
  }

  std::optional<Face> central(const Image& image) {
    const auto faces = detector_->detect(image);
    EXPECT_TRUE(faces.ok()) << faces.status();
    const Face* face = nearest_to_center(*faces, image.width, image.height);
    return face == nullptr ? std::nullopt : std::optional<Face>(*face);
  }

  std::vector<float> embedding(const Image& image, const Face& face) {
    const InputSpec spec = *input_preset("mobilefacenet-relu6");
    const auto crop = crop_face(image, face, spec);
    EXPECT_TRUE(crop.ok()) << crop.status();
    std::vector<float> input(crop->rgb.size());
    EXPECT_TRUE(fill_tensor(*crop, spec, input).ok());
    return *embedder_->embed(input);
  }

  static double cosine(const std::vector<float>& a, const std::vector<float>& b) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      ab += double{a[i]} * b[i];
      aa += double{a[i]} * a[i];
      bb += double{b[i]} * b[i];
    }
    return ab / std::sqrt(aa * bb);
  }

  // Quality and nearness to the face as it was, of all faces after `change`; a face that is not
  // found any more counts 0.
  Judged judge(const std::function<Image(const Image&, const Face&)>& change) {
    Judged judged;
    for (size_t i = 0; i < images_.size(); ++i) {
      const Image image = change(images_[i], faces_[i]);
      const auto face = central(image);
      if (!face) continue;
      const auto quality = face_quality(image, *face);
      EXPECT_TRUE(quality.ok()) << quality.status();
      judged.quality += quality->overall / static_cast<double>(images_.size());
      judged.cosine +=
          cosine(embedding(image, *face), embeddings_[i]) / static_cast<double>(images_.size());
    }
    return judged;
  }

  // Each step is worse than the one before, for recognition and in quality.
  void expect_falling(const std::vector<std::function<Image(const Image&, const Face&)>>& steps) {
    Judged last = judge([](const Image& image, const Face&) { return image; });
    for (size_t i = 0; i < steps.size(); ++i) {
      const Judged judged = judge(steps[i]);
      EXPECT_LT(judged.cosine, last.cosine) << "step " << i;
      EXPECT_LT(judged.quality, last.quality) << "step " << i;
      // The quality is made to be the cosine to expect; of another model and six people roughly.
      EXPECT_NEAR(judged.quality, 100 * judged.cosine, 20) << "step " << i;
      last = judged;
    }
  }

  std::optional<FaceDetector> detector_;
  std::optional<Embedder> embedder_;
  std::vector<Image> images_;
  std::vector<Face> faces_;
  std::vector<std::vector<float>> embeddings_;
};

TEST_F(FaceQualityOfPictures, FallsWithBlurAsRecognitionDoes) {
  const auto blur = [](double sigma) {
    return [sigma](const Image& image, const Face&) { return blurred(image, sigma); };
  };
  expect_falling({blur(1.5), blur(2.5), blur(3.5)});
}

TEST_F(FaceQualityOfPictures, FallsWithSizeAsRecognitionDoes) {
  const auto eyes = [](double pixels) {
    return [pixels](const Image& image, const Face& face) {
      const double scale =
          pixels / std::hypot(face.landmarks.left_eye.x - face.landmarks.right_eye.x,
                              face.landmarks.left_eye.y - face.landmarks.right_eye.y);
      return *resize_image(image, static_cast<int>(image.width * scale),
                           static_cast<int>(image.height * scale), Interpolation::kArea);
    };
  };
  expect_falling({eyes(20), eyes(13), eyes(9)});
}

TEST_F(FaceQualityOfPictures, FallsWithDarknessAsRecognitionDoes) {
  const auto light = [](double factor) {
    return [factor](const Image& image, const Face&) {
      return mapped(image, [factor](double value) { return value * factor; });
    };
  };
  expect_falling({light(0.3), light(0.12), light(0.06)});
}

TEST_F(FaceQualityOfPictures, FallsWithTooMuchLightAsRecognitionDoes) {
  const auto light = [](double factor) {
    return [factor](const Image& image, const Face&) {
      return mapped(image, [factor](double value) { return value * factor; });
    };
  };
  expect_falling({light(1.8), light(2.5)});
}

TEST_F(FaceQualityOfPictures, FallsWhenTheHeadTurns) {
  const auto turn = [](double yaw) {
    return [yaw](const Image& image, const Face& face) {
      return turn_head(image, face.landmarks, {.yaw = yaw});
    };
  };
  expect_falling({turn(25), turn(40)});
}

}  // namespace
}  // namespace durward
