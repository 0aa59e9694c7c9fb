#include "vision/presentation_attack.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "support/assets.h"
#include "support/demo_material.h"
#include "vision/face_detector.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

TEST(PresentationAttack, ScoresHowFarLiveLiesAboveTheRest) {
  EXPECT_FLOAT_EQ(*live_score(std::vector<float>{3, 1}, 0), 2);
  EXPECT_FLOAT_EQ(*live_score(std::vector<float>{1, 2, 5}, 1), -3);
  EXPECT_FALSE(live_score(std::vector<float>{1}, 0).ok());
  EXPECT_FALSE(live_score(std::vector<float>{1, 2}, 2).ok());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(live_score(std::vector<float>{1, nan}, 0).ok());
}

TEST(PresentationAttack, TakesTheAnswerOfTheLeafThatAPictureBelongsTo) {
  const std::vector<float> answers = {0.9f, 0.2f, 0.5f};
  // 0.2 is attack: the odds of live are 0.8 / 0.2.
  EXPECT_NEAR(*tree_live_score(answers, std::vector<float>{0, 1, 0}), std::log(4.0), 1e-6);
  EXPECT_NEAR(*tree_live_score(answers, std::vector<float>{0.5f, 0, 0.5f}), std::log(0.3 / 0.7),
              1e-6);
  // Sure answers stay finite.
  EXPECT_NEAR(*tree_live_score(std::vector<float>{1.02f, 0}, std::vector<float>{1, 0}),
              -std::log(999.0), 1e-3);
  EXPECT_FALSE(tree_live_score(answers, std::vector<float>{1, 0}).ok());
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(tree_live_score(std::vector<float>{infinity, 0}, std::vector<float>{1, 0}).ok());
}

TEST(PresentationAttack, AveragesFramesAndDetectors) {
  EXPECT_FALSE(fuse_attack_scores({}));
  const std::vector<AttackScores> silent = {{.calibration = {}, .frames = {}}};
  EXPECT_FALSE(fuse_attack_scores(silent));
  const std::vector<AttackScores> two = {
      {.calibration = {.weight = 1, .offset = 1}, .frames = {1, 3}},     // LLRs 2 and 4
      {.calibration = {.weight = 0.5, .offset = 0}, .frames = {-2, -2}}  // -1 and -1
  };
  EXPECT_NEAR(*fuse_attack_scores(two), 1, 1e-9);
  const std::vector<AttackScores> sure = {{.calibration = {}, .frames = {1000}}};
  EXPECT_EQ(*fuse_attack_scores(sure), 10);
}

TEST(PresentationAttack, HasCalibrationsOfTheKnownDetectors) {
  for (const char* preset : {"antispoofing", "minifasnet-2.7", "minifasnet-4.0"}) {
    const auto calibration = attack_calibration(preset);
    ASSERT_TRUE(calibration.ok()) << calibration.status();
    EXPECT_GT(calibration->weight, 0);
  }
  EXPECT_TRUE(absl::IsNotFound(attack_calibration("mine").status()));
}

class AttackSamples : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto yunet = asset("models/face_detector/yunet_n_320_320.onnx");
    samples_ = asset("pad/images/sample");
    if (!yunet || !samples_ || !is_available(RuntimeKind::kOnnxRuntime)) {
      GTEST_SKIP() << "the shared assets or ONNX Runtime are not here";
    }
    auto detector = FaceDetector::load(*yunet);
    ASSERT_TRUE(detector.ok()) << detector.status();
    detector_.emplace(*std::move(detector));
  }

  double score(AttackDetector& detector, const std::string& name) {
    const auto image = read_image(*samples_ / name);
    EXPECT_TRUE(image.ok()) << image.status();
    const auto faces = detector_->detect(*image);
    EXPECT_TRUE(faces.ok() && !faces->empty());
    const auto score =
        detector.score(*image, *nearest_to_center(*faces, image->width, image->height));
    EXPECT_TRUE(score.ok()) << score.status();
    return score.ok() ? *score : std::nan("");
  }

  std::optional<std::filesystem::path> samples_;
  std::optional<FaceDetector> detector_;
};

TEST_F(AttackSamples, AreDecidedRightlyByBothAntiSpoofingModels) {
  // Minivision's samples: T a live face, F a print and a replay on a screen.
  for (const char* name : {"bin", "print-replay"}) {
    const auto path = asset(absl::StrCat("models/face_pad/AntiSpoofing_", name, "_1.5_128.onnx"));
    ASSERT_TRUE(path);
    auto model = load_model(RuntimeKind::kOnnxRuntime, *path, {});
    ASSERT_TRUE(model.ok()) << model.status();
    auto detector = AttackDetector::create(name, *std::move(model), *input_preset("antispoofing"),
                                           *attack_calibration("antispoofing"));
    ASSERT_TRUE(detector.ok()) << detector.status();
    EXPECT_GT(detector->calibration().llr(score(*detector, "image_T1.jpg")), 0) << name;
    EXPECT_LT(detector->calibration().llr(score(*detector, "image_F1.jpg")), 0) << name;
    EXPECT_LT(detector->calibration().llr(score(*detector, "image_F2.jpg")), 0) << name;
  }
}

TEST_F(AttackSamples, AreAttacksToTheDeepTreeToo) {
  const auto path = demo_material(std::string(kExpo) + "FaceAntiSpoofing.tflite");
  if (!path || !is_available(RuntimeKind::kLiteRt)) {
    GTEST_SKIP() << "run scripts/setup: it fetches FaceAntiSpoofing.tflite and LiteRT";
  }
  auto model = load_model(RuntimeKind::kLiteRt, *path, {});
  ASSERT_TRUE(model.ok()) << model.status();
  auto tree = AttackDetector::create_tree("tree", *std::move(model), {});
  ASSERT_TRUE(tree.ok()) << tree.status();
  // The package takes what is above 0.2 for an attack.
  const double threshold = std::log(0.8 / 0.2);
  EXPECT_LT(score(*tree, "image_F1.jpg"), threshold);
  EXPECT_LT(score(*tree, "image_F2.jpg"), threshold);
}

TEST_F(AttackSamples, NeedASpecificationThatNamesLiveFaces) {
  const auto path = asset("models/face_pad/AntiSpoofing_bin_1.5_128.onnx");
  ASSERT_TRUE(path);
  for (const int live_class : {-1, 2}) {
    auto model = load_model(RuntimeKind::kOnnxRuntime, *path, {});
    ASSERT_TRUE(model.ok()) << model.status();
    InputSpec spec = *input_preset("antispoofing");
    spec.live_class = live_class < 0 ? std::nullopt : std::optional<int>(live_class);
    const auto detector = AttackDetector::create("bin", *std::move(model), spec, {});
    EXPECT_TRUE(absl::IsInvalidArgument(detector.status())) << detector.status();
    EXPECT_THAT(std::string(detector.status().message()), HasSubstr("bin"));
  }
}

}  // namespace
}  // namespace durward
