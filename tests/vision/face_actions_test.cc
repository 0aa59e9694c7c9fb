#include "vision/face_actions.h"

#include <gmock/gmock.h>

#include <functional>

#include "data/image.h"
#include "support/assets.h"
#include "support/demo_material.h"
#include "support/face_motion.h"
#include "vision/face_detector.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string_view> names(const FaceActions& actions) {
  std::vector<std::string_view> names;
  for (const FaceAction& action : actions.seen()) names.push_back(action.name);
  return names;
}

// A person whose head and eyes are given as functions of the time, seen 20 times a second.
struct Person {
  std::function<double(int64_t)> yaw = [](int64_t) { return 0.0; };
  std::function<double(int64_t)> pitch = [](int64_t) { return 0.0; };
  std::function<double(int64_t)> eyes = [](int64_t) { return 0.3; };

  FaceActions watched(int64_t until_ms) const {
    FaceActions actions;
    for (int64_t ms = 0; ms < until_ms; ms += 50) {
      actions.add({.taken_ms = ms,
                   .pose = HeadPose{.yaw = yaw(ms), .pitch = pitch(ms), .roll = 0},
                   .eye_aspect_ratio = eyes(ms)});
    }
    return actions;
  }
};

bool within(int64_t ms, int64_t from, int64_t to) { return ms >= from && ms < to; }

TEST(FaceActions, AreTurnsToThePersonsOwnSides) {
  Person person;
  person.yaw = [](int64_t ms) {
    return 3 + (within(ms, 1000, 1500) ? 25. : within(ms, 2500, 3000) ? -25. : 0.);
  };
  const FaceActions actions = person.watched(4000);
  EXPECT_THAT(names(actions), ElementsAre("turn-left", "turn-right"));
  // Complete when the head is there, with a frame of smoothing.
  EXPECT_NEAR(static_cast<double>(actions.seen()[0].at_ms), 1050, 50);
}

TEST(FaceActions, CountATurnOnceHoweverLongItLasts) {
  Person person;
  person.yaw = [](int64_t ms) {
    // It trembles about the threshold, but does not come back.
    return ms < 1000 ? 0. : ms % 200 < 100 ? 18. : 12.;
  };
  EXPECT_THAT(names(person.watched(6000)), ElementsAre("turn-left"));
}

TEST(FaceActions, TakeANodForDownAndBack) {
  Person person;
  person.pitch = [](int64_t ms) { return -5 + (within(ms, 1000, 1500) ? -14. : 0.); };
  EXPECT_THAT(names(person.watched(3000)), ElementsAre("nod"));
  person.pitch = [](int64_t ms) { return within(ms, 1000, 1500) ? 14. : 0.; };
  EXPECT_THAT(names(person.watched(3000)), IsEmpty()) << "looking up is none";
  person.pitch = [](int64_t ms) { return ms > 1000 ? -14. : 0.; };
  EXPECT_THAT(names(person.watched(6000)), IsEmpty()) << "nor is looking down for good";
  person.pitch = [](int64_t ms) { return within(ms, 1000, 4000) ? -14. : 0.; };
  EXPECT_THAT(names(person.watched(6000)), IsEmpty()) << "nor for three seconds";
}

TEST(FaceActions, SeeABlinkAgainstThePersonsOwnOpenEyes) {
  for (const double open : {0.18, 0.4}) {
    Person person;
    person.eyes = [open](int64_t ms) { return open * (within(ms, 1000, 1150) ? 0.7 : 1); };
    EXPECT_THAT(names(person.watched(3000)), ElementsAre("blink")) << open;
    person.eyes = [open](int64_t ms) { return open * (within(ms, 1000, 2500) ? 0.7 : 1); };
    EXPECT_THAT(names(person.watched(4000)), IsEmpty()) << "eyes closed for long";
    person.eyes = [open](int64_t ms) { return open * (within(ms, 1000, 1150) ? 0.93 : 1); };
    EXPECT_THAT(names(person.watched(3000)), IsEmpty()) << "nothing but noise";
  }
}

TEST(FaceActions, AreNotToldFromEyesOfAHeadThatTurns) {
  Person person;
  person.yaw = [](int64_t ms) { return within(ms, 1000, 1500) ? 25. : 0.; };
  person.eyes = [](int64_t ms) { return within(ms, 1000, 1500) ? 0.15 : 0.3; };
  EXPECT_THAT(names(person.watched(3000)), ElementsAre("turn-left"));
}

TEST(FaceActions, BeginAnewWhenCleared) {
  Person person;
  person.yaw = [](int64_t ms) { return within(ms, 1000, 1500) ? 25. : 0.; };
  FaceActions actions = person.watched(2000);
  ASSERT_THAT(actions.seen(), ::testing::SizeIs(1));
  actions.clear();
  EXPECT_THAT(actions.seen(), IsEmpty());
  // At rest is now another pose: what was a turn is where the person looks.
  for (int64_t ms = 0; ms < 1000; ms += 50) {
    actions.add({.taken_ms = ms, .pose = HeadPose{.yaw = 20}, .eye_aspect_ratio = {}});
  }
  EXPECT_THAT(actions.seen(), IsEmpty());
}

// ---- on pictures that are made to move ----

struct Sequence {
  FaceActions actions;
  bool found = true;
};

// The actions seen in pictures at 10 a second.
std::vector<std::string_view> seen_in(const std::vector<Image>& pictures, FaceDetector& detector,
                                      FaceLandmarks* landmarks) {
  FaceActions actions;
  int64_t ms = 0;
  for (const Image& picture : pictures) {
    ms += 100;
    const auto faces = detector.detect(picture);
    EXPECT_TRUE(faces.ok()) << faces.status();
    if (!faces.ok() || faces->empty()) continue;
    const Face& face = *nearest_to_center(*faces, picture.width, picture.height);
    FaceSight sight{.taken_ms = ms, .pose = head_pose(face.landmarks), .eye_aspect_ratio = {}};
    if (landmarks != nullptr) {
      const auto shape = landmarks->find(picture, face.box);
      EXPECT_TRUE(shape.ok()) << shape.status();
      if (!shape.ok()) continue;
      sight.pose = head_pose(five_points(*shape));
      sight.eye_aspect_ratio = eye_aspect_ratio(*shape);
    }
    actions.add(sight);
  }
  return names(actions);
}

class FaceActionsOfPictures : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto yunet = asset("models/face_detector/yunet_n_320_320.onnx");
    const auto pfld = asset("models/face_detector/pfld_68pt.onnx");
    pictures_ = asset("faces/lfw");
    if (!yunet || !pfld || !pictures_ || !is_available(RuntimeKind::kOnnxRuntime)) {
      GTEST_SKIP() << "the shared assets or ONNX Runtime are not here";
    }
    auto detector = FaceDetector::load(*yunet);
    ASSERT_TRUE(detector.ok()) << detector.status();
    detector_.emplace(*std::move(detector));
    auto model = load_model(RuntimeKind::kOnnxRuntime, *pfld, {});
    ASSERT_TRUE(model.ok()) << model.status();
    auto landmarks = FaceLandmarks::create(*std::move(model));
    ASSERT_TRUE(landmarks.ok()) << landmarks.status();
    landmarks_.emplace(*std::move(landmarks));
  }

  // The sequence that `name`'s first picture is made to show, by `act`.
  std::vector<Image> sequence(const std::string& name, const std::vector<std::string_view>& actions,
                              bool flat = false) {
    const auto image = read_image(*pictures_ / name / (name + "_0001.jpg"));
    EXPECT_TRUE(image.ok()) << image.status();
    const auto faces = detector_->detect(*image);
    EXPECT_TRUE(faces.ok() && !faces->empty());
    const Face& face = *nearest_to_center(*faces, image->width, image->height);
    const auto shape = landmarks_->find(*image, face.box);
    EXPECT_TRUE(shape.ok()) << shape.status();
    return act(*image, face.landmarks, *shape, actions, flat);
  }

  std::optional<std::filesystem::path> pictures_;
  std::optional<FaceDetector> detector_;
  std::optional<FaceLandmarks> landmarks_;
};

TEST_F(FaceActionsOfPictures, AreSeenWith68Landmarks) {
  const std::vector<std::string_view> asked = {"turn-left", "nod", "blink", "turn-right"};
  EXPECT_EQ(seen_in(sequence("Arnold_Palmer", asked), *detector_, &*landmarks_), asked);
}

TEST_F(FaceActionsOfPictures, AreNoneInAPrintThatIsTurned) {
  const auto pictures = sequence("Arnold_Palmer", {"turn-left", "nod", "turn-right"}, true);
  EXPECT_THAT(seen_in(pictures, *detector_, &*landmarks_), IsEmpty());
}

TEST_F(FaceActionsOfPictures, AreNodsWithTheFourPointsOfBlazeFace) {
  const auto blaze = demo_material(std::string(kMediaPipe) + "face_detection_short_range.tflite");
  if (!blaze || !is_available(RuntimeKind::kLiteRt)) {
    GTEST_SKIP() << "run scripts/setup: it fetches BlazeFace and LiteRT";
  }
  auto detector = FaceDetector::load(*blaze);
  ASSERT_TRUE(detector.ok()) << detector.status();
  // A turn of these pictures is at the edge of what its points show.
  const std::vector<std::string_view> asked = {"nod"};
  EXPECT_EQ(seen_in(sequence("Arnold_Palmer", asked), *detector, nullptr), asked);
}

}  // namespace
}  // namespace durward
