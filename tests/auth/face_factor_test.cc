#include "auth/face_factor.h"

#include <absl/strings/str_format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "auth/fake_session.h"
#include "auth/session.h"
#include "auth/state_database.h"
#include "capture/picture_source.h"
#include "data/tensor.h"
#include "support/assets.h"
#include "support/face_motion.h"
#include "support/temporary_folder.h"
#include "vision/face_quality.h"

namespace durward {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr int64_t kFar = 60'000;
const std::string kAnn = "Kenneth_Branagh";  // of LFW: he is enrolled as ann

// Ten pictures a second by a clock that the test drives, so that no time passes while models run.
class ScriptedCamera final : public Camera {
 public:
  explicit ScriptedCamera(FakeSessionClock& clock) : clock_(clock) {}

  // What it shows: the picture of a number, from 0 at each restart; nothing when none comes.
  std::function<absl::StatusOr<Image>(int)> picture;
  std::function<std::string(int)> name = [](int) { return "camera"; };

  const std::string& source() const override { return source_; }
  absl::StatusOr<Frame> next(int64_t until_ms) override {
    if (stopped_) return absl::CancelledError("stopped");
    absl::StatusOr<Image> image = picture(next_);
    if (!image.ok()) {
      if (absl::IsDeadlineExceeded(image.status())) clock_.advance_to(until_ms);
      return image.status();
    }
    if (clock_.now_ms() + 100 > until_ms) {
      clock_.advance_to(until_ms);
      return absl::DeadlineExceededError("none in time");
    }
    clock_.advance(100);
    source_ = name(next_++);
    return Frame{*std::move(image), clock_.now_ms()};
  }
  void stop() override { stopped_ = true; }
  absl::Status restart() override {
    stopped_ = false;
    next_ = 0;
    return absl::OkStatus();
  }

 private:
  FakeSessionClock& clock_;
  std::string source_ = "camera";
  int next_ = 0;
  std::atomic<bool> stopped_ = false;
};

class GuidedObserver final : public SessionObserver {
 public:
  void guide(std::string_view, std::string_view guidance) override { said.emplace_back(guidance); }
  void ask(std::string_view, const Challenge& challenge) override {
    if (on_ask) on_ask(challenge);
  }
  std::vector<std::string> said;
  std::function<void(const Challenge&)> on_ask;
};

// A model of faces that gives what the test says: `dims` of the values at each run, then the next.
class FakeFaceModel final : public RuntimeModel {
 public:
  FakeFaceModel(std::vector<float> values, size_t dims) : values_(std::move(values)), dims_(dims) {
    inputs_ = {{"picture", DataType::kFloat32, {1, 112, 112, 3}, std::nullopt}};
    outputs_ = {{"embedding", DataType::kFloat32, {1, static_cast<int64_t>(dims)}, std::nullopt}};
  }
  RuntimeKind kind() const override { return RuntimeKind::kReference; }
  const std::vector<PortInfo>& inputs() const override { return inputs_; }
  const std::vector<PortInfo>& outputs() const override { return outputs_; }
  absl::Status run(std::span<const std::span<const std::byte>>,
                   std::span<const std::span<std::byte>> outputs) override {
    std::memcpy(outputs[0].data(), &values_[at_], dims_ * sizeof(float));
    at_ = (at_ + dims_) % values_.size();
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<OpRecord>> profile() override {
    return absl::UnimplementedError("no profile");
  }

 private:
  std::vector<float> values_;
  size_t dims_, at_ = 0;
  std::vector<PortInfo> inputs_, outputs_;
};

Image blurred(const Image& image) {
  Image result(image.width, image.height);
  cv::Mat target = as_mat(result);
  cv::GaussianBlur(as_mat(image), target, {0, 0}, 2);
  return result;
}

// A policy of one face over the shared assets' models and pictures.
class FaceFactorTest : public TemporaryFolderTest {
 protected:
  FaceFactorTest() {
    EXPECT_TRUE(create_state_database(folder_ / "state.db").ok());
    limiter_.emplace(AttemptLimiter::open(folder_ / "state.db", key_, boot_clock_).value());
    log_.emplace(DecisionLog::open(folder_ / "log.jsonl", folder_ / "state.db", key_).value());
    policy_.name = "test";
    policy_.cost_false_accept = 100;
    policy_.factors = {{.modality = "face", .required = true, .pad = PadRule::kWherePossible}};
    policy_.attempts.limit = 100;
    policy_.time.capture_ms = 2000;
  }

  void SetUp() override {
    for (const char* needed :
         {"models/face_detector/yunet_n_320_320.onnx", "models/face_detector/pfld_68pt.onnx",
          "models/face_embedding/mobilefacenet_prelu_112x112.onnx",
          "models/face_pad/AntiSpoofing_bin_1.5_128.onnx", "faces/lfw", "pad/images/sample"}) {
      if (!asset(needed)) GTEST_SKIP() << needed << " of the shared assets is not here";
    }
    if (!is_available(RuntimeKind::kOnnxRuntime)) GTEST_SKIP() << "ONNX Runtime is not here";
  }

  static std::unique_ptr<RuntimeModel> model(std::string_view name) {
    return load_model(RuntimeKind::kOnnxRuntime, *asset(absl::StrCat("models/", std::string(name))),
                      {})
        .value();
  }

  // The parts of a factor that looks through `camera_`.
  FaceFactorParts parts(bool landmarks = false) {
    FaceFactorParts parts;
    auto camera = std::make_unique<ScriptedCamera>(clock_);
    camera_ = camera.get();
    parts.camera = std::move(camera);
    parts.detector =
        FaceDetector::load(*asset("models/face_detector/yunet_n_320_320.onnx")).value();
    parts.spec = input_preset("mobilefacenet-prelu").value();
    parts.embedder =
        Embedder::create(model("face_embedding/mobilefacenet_prelu_112x112.onnx"), {1, 112, 112, 3})
            .value();
    parts.attack_detectors.push_back(
        AttackDetector::create("bin", model("face_pad/AntiSpoofing_bin_1.5_128.onnx"),
                               input_preset("antispoofing").value(),
                               attack_calibration("antispoofing").value())
            .value());
    if (landmarks) {
      parts.landmarks = FaceLandmarks::create(model("face_detector/pfld_68pt.onnx")).value();
    }
    parts.calibration = {.features = {"cosine"}, .llr = {.weights = {25}, .offset = -9}};
    parts.model = kModel;
    parts.bundle_sha256 = std::string(64, 'b');
    parts.templates = [this](std::string_view user) -> absl::StatusOr<std::vector<Template>> {
      if (user != "ann") return absl::NotFoundError("no such user");
      return templates_;
    };
    parts.clock = &clock_;
    parts.rules.frames = 3;
    return parts;
  }

  void make(FaceFactorParts parts) { factor_ = create_face_factor(std::move(parts)).value(); }

  static Image lfw(const std::string& name, int number = 1) {
    return read_image(*asset("faces/lfw") / name / absl::StrFormat("%s_%04d.jpg", name, number))
        .value();
  }
  static Image sample(const std::string& name) {
    return read_image(*asset("pad/images/sample") / name).value();
  }

  // Somebody who stands still before a camera: no two pictures are the same.
  std::function<absl::StatusOr<Image>(int)> still(Image image) {
    return [this, image = std::move(image)](int) { return taken_again(image, ++seed_); };
  }

  // Enrols ann from what the camera shows.
  void enrol() {
    ASSERT_TRUE(factor_->begin("", nullptr).ok());
    while (!factor_->complete()) {
      const auto captured = factor_->capture(clock_.now_ms() + kFar);
      ASSERT_TRUE(captured.ok()) << captured.status();
      ASSERT_TRUE(captured->usable) << captured->guidance;
      factor_->keep();
    }
    const auto embedding = factor_->embedding();
    ASSERT_TRUE(embedding.ok()) << embedding.status();
    templates_ = {{.id = 1,
                   .user = "ann",
                   .model = kModel,
                   .created = clock_.wall_ms() / 1000 - 3 * 86'400,
                   .embedding = *embedding}};
  }
  void enrol(const Image& image) {
    camera_->picture = still(image);
    enrol();
  }

  std::unique_ptr<AuthenticationSession> session() {
    return AuthenticationSession::create(policy_, {.factors = {factor_.get()},
                                                   .limiter = &*limiter_,
                                                   .log = &*log_,
                                                   .clock = &clock_,
                                                   .observer = &observer_})
        .value();
  }
  DecisionRecord verify() { return session()->authenticate("ann").value(); }

  static void expect(const DecisionRecord& record, DecisionKind verdict, Reason reason) {
    EXPECT_EQ(name_of(record.decision.verdict), name_of(verdict)) << record_text(record);
    EXPECT_EQ(name_of(record.decision.reason), name_of(reason)) << record_text(record);
  }

  static inline const TemplateModel kModel = {.modality = "face", .name = "m", .version = "1"};

  const Secret key_ = Secret::generate().value();
  const SystemBootClock boot_clock_;
  std::optional<AttemptLimiter> limiter_;
  std::optional<DecisionLog> log_;
  Policy policy_;
  FakeSessionClock clock_;
  GuidedObserver observer_;
  std::vector<Template> templates_;
  ScriptedCamera* camera_ = nullptr;
  std::unique_ptr<TemplateFactor> factor_;
  unsigned seed_ = 0;
};

TEST_F(FaceFactorTest, AcceptsAnEnrolledFaceFromAnotherPicture) {
  make(parts());
  enrol(lfw(kAnn, 1));
  camera_->picture = still(lfw(kAnn, 2));
  const DecisionRecord record = verify();
  expect(record, DecisionKind::kAccept, Reason::kAccepted);
  const FactorEvidence& face = record.factors.at(0);
  EXPECT_EQ(face.samples, 3);
  EXPECT_GT(face.score, 0.5);
  EXPECT_NEAR(face.llr, 25 * face.score - 9, 1e-9);
  EXPECT_GT(face.pad_llr.value(), 0);
  EXPECT_EQ(face.template_age_days, 3);
  EXPECT_EQ(face.bundle_sha256, std::string(64, 'b'));
  ASSERT_FALSE(face.qualities.empty());
  EXPECT_EQ(face.qualities[0].name, "quality");
  EXPECT_GE(face.qualities[0].value, 80);
}

TEST_F(FaceFactorTest, ShowsWhatItSees) {
  FaceFactorParts watched = parts();
  int frames = 0, faces = 0;
  std::optional<Box> last;
  watched.viewer = [&](const Image& frame, const std::optional<Box>& face) {
    EXPECT_GT(frame.width, 0);
    ++frames;
    faces += face.has_value();
    last = face;
  };
  make(std::move(watched));
  enrol(lfw(kAnn));
  EXPECT_EQ(frames, 3);
  EXPECT_EQ(faces, 3);
  // LFW's faces are in the middle of 250 x 250.
  ASSERT_TRUE(last);
  EXPECT_NEAR(last->x + last->width / 2, 125, 25);
  camera_->picture = still(Image(250, 250));
  ASSERT_TRUE(factor_->begin("", nullptr).ok());
  ASSERT_TRUE(factor_->capture(clock_.now_ms() + kFar).ok());
  EXPECT_EQ(frames, 4);
  EXPECT_FALSE(last);
}

TEST_F(FaceFactorTest, RefusesAStranger) {
  make(parts());
  enrol(lfw(kAnn));
  camera_->picture = still(lfw("Jennifer_Connelly"));
  const DecisionRecord record = verify();
  expect(record, DecisionKind::kReject, Reason::kEvidenceTooWeak);
  EXPECT_LT(record.factors.at(0).score, 0.4);
}

TEST_F(FaceFactorTest, AsksForOnePersonAndForAFace) {
  make(parts());
  enrol(lfw(kAnn));
  const Image one = lfw(kAnn), other = lfw("Jennifer_Connelly");
  Image both(one.width + other.width, one.height);
  for (int y = 0; y < one.height; ++y) {
    const auto row = both.rgb.begin() + std::ptrdiff_t{y} * both.width * 3;
    std::copy_n(one.pixel(0, y), one.width * 3, row);
    std::copy_n(other.pixel(0, y), other.width * 3, row + one.width * 3);
  }
  camera_->picture = still(both);
  DecisionRecord record = verify();
  expect(record, DecisionKind::kRetry, Reason::kFactorMissing);
  EXPECT_EQ(record.factors.at(0).missing, Missing::kLowQuality);
  EXPECT_THAT(observer_.said, ElementsAre("one person only"));
  camera_->picture = still(Image(250, 250));
  record = verify();
  expect(record, DecisionKind::kRetry, Reason::kFactorMissing);
  EXPECT_THAT(observer_.said, Contains("no face: look into the camera"));
}

TEST_F(FaceFactorTest, AsksForABetterPictureAndUsesNoneThatIsBad) {
  make(parts());
  enrol(lfw(kAnn));
  const Image small = resize_image(lfw(kAnn), 50, 50, Interpolation::kArea).value();
  camera_->picture = still(small);
  const DecisionRecord record = verify();
  expect(record, DecisionKind::kRetry, Reason::kFactorMissing);
  EXPECT_THAT(observer_.said, ElementsAre("come closer"));
}

TEST_F(FaceFactorTest, IsNotDeceivedByACameraThatStandsStill) {
  make(parts());
  enrol(lfw(kAnn));
  camera_->picture = [image = lfw(kAnn)](int) { return image; };
  const DecisionRecord record = verify();
  expect(record, DecisionKind::kReject, Reason::kSampleFault);
  EXPECT_EQ(record.factors.at(0).fault, SampleFault::kFrozen);
}

TEST_F(FaceFactorTest, IsNotDeceivedByFramesOfAnEarlierRequest) {
  make(parts());
  enrol(lfw(kAnn));
  camera_->picture = [image = lfw(kAnn)](int number) {
    return taken_again(image, 1000 + static_cast<unsigned>(number));
  };
  const auto one = session();
  expect(one->authenticate("ann").value(), DecisionKind::kAccept, Reason::kAccepted);
  const DecisionRecord again = one->authenticate("ann").value();
  expect(again, DecisionKind::kReject, Reason::kSampleFault);
  EXPECT_EQ(again.factors.at(0).fault, SampleFault::kReplayed);
}

TEST_F(FaceFactorTest, SeesThatTheCameraIsAnotherOne) {
  make(parts());
  enrol(lfw(kAnn));
  camera_->picture = still(lfw(kAnn));
  camera_->name = [](int number) { return number < 2 ? "camera" : "virtual camera"; };
  const DecisionRecord record = verify();
  expect(record, DecisionKind::kReject, Reason::kSampleFault);
  EXPECT_EQ(record.factors.at(0).fault, SampleFault::kSourceChanged);
}

TEST_F(FaceFactorTest, TellsThatTheCameraWasLost) {
  make(parts());
  enrol(lfw(kAnn));
  camera_->picture = [this, image = lfw(kAnn)](int number) -> absl::StatusOr<Image> {
    if (number == 2) return absl::UnavailableError("camera: unplugged");
    return taken_again(image, ++seed_);
  };
  const DecisionRecord record = verify();
  expect(record, DecisionKind::kRetry, Reason::kFactorMissing);
  EXPECT_EQ(record.factors.at(0).missing, Missing::kSourceLost);
  EXPECT_EQ(record.factors.at(0).detail, "camera: unplugged");
}

TEST_F(FaceFactorTest, RefusesPrintsAndScreensThatShowTheRightFace) {
  FaceFactorParts lenient = parts();
  lenient.rules.least_quality = 50;
  make(std::move(lenient));
  policy_.factors[0].pad = PadRule::kRequired;
  for (const char* name : {"image_F1.jpg", "image_F2.jpg"}) {
    enrol(sample(name));  // nobody can match better
    const DecisionRecord record = verify();
    expect(record, DecisionKind::kReject, Reason::kPresentationAttack);
    EXPECT_LT(record.factors.at(0).pad_llr.value(), 0) << name;
    EXPECT_GT(record.factors.at(0).score, 0.9) << name;
  }
  enrol(sample("image_T1.jpg"));
  expect(verify(), DecisionKind::kAccept, Reason::kAccepted);
}

TEST_F(FaceFactorTest, WatchesAChallengeToItsEnd) {
  make(parts(true));
  enrol(lfw(kAnn));
  policy_.time.capture_ms = 10'000;
  policy_.factors[0].challenge =
      ChallengeSpec{.kind = ChallengeKind::kActions, .length = 2, .step_ms = 5000};
  FaceDetector detector =
      FaceDetector::load(*asset("models/face_detector/yunet_n_320_320.onnx")).value();
  FaceLandmarks landmarks = FaceLandmarks::create(model("face_detector/pfld_68pt.onnx")).value();
  const Image image = lfw(kAnn);
  const Face face = detector.detect(image).value().at(0);
  const FaceShape shape = landmarks.find(image, face.box).value();

  std::vector<Image> shown;
  observer_.on_ask = [&](const Challenge& challenge) {
    shown = act(image, face.landmarks, shape, {challenge.steps.begin(), challenge.steps.end()});
  };
  camera_->picture = [&](int number) -> absl::StatusOr<Image> {
    if (number >= static_cast<int>(shown.size())) return absl::DeadlineExceededError("the end");
    return shown[static_cast<size_t>(number)];
  };
  DecisionRecord record = verify();
  expect(record, DecisionKind::kAccept, Reason::kAccepted);
  EXPECT_EQ(record.factors.at(0).challenge, ChallengeVerdict::kPassed);

  // A print of the same face that is turned and tilted does nothing.
  observer_.on_ask = [&](const Challenge&) {
    shown = act(image, face.landmarks, shape, {"turn-left", "nod", "turn-right"}, true);
  };
  record = verify();
  expect(record, DecisionKind::kReject, Reason::kChallengeFailed);
  EXPECT_EQ(record.factors.at(0).challenge, ChallengeVerdict::kUnanswered);

  // Nor does somebody who only looks.
  policy_.time.capture_ms = 3000;
  camera_->picture = still(image);
  record = verify();
  expect(record, DecisionKind::kReject, Reason::kChallengeFailed);
}

TEST_F(FaceFactorTest, ComparesOnlyTheFaceThatIsThereToTheEnd) {
  make(parts());
  enrol(lfw(kAnn));
  // Two pictures of ann, then somebody else in her place.
  camera_->picture = [this, first = lfw(kAnn), second = lfw("Jennifer_Connelly")](int number) {
    return taken_again(number < 2 ? first : second, ++seed_);
  };
  const DecisionRecord record = verify();
  expect(record, DecisionKind::kReject, Reason::kEvidenceTooWeak);
  EXPECT_LT(record.factors.at(0).score, 0.4);
}

TEST_F(FaceFactorTest, TakesNoNumbersForAnErrorOfTheModel) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), 0.f}) {
    FaceFactorParts broken = parts();
    broken.embedder =
        Embedder::create(std::make_unique<FakeFaceModel>(std::vector<float>(8, bad), 8),
                         {1, 112, 112, 3})
            .value();
    make(std::move(broken));
    templates_ = {{.id = 1,
                   .user = "ann",
                   .model = kModel,
                   .created = 0,
                   .embedding = std::vector<float>(8, 1.f)}};
    camera_->picture = still(lfw(kAnn));
    const DecisionRecord record = verify();
    EXPECT_NE(record.decision.verdict, DecisionKind::kAccept);
    EXPECT_EQ(record.factors.at(0).missing, Missing::kModelFailed) << record_text(record);
    EXPECT_THAT(record.factors.at(0).detail, HasSubstr("zero or not finite"));
  }
}

TEST_F(FaceFactorTest, LooksUpTheTemplatesOfItsModelFirst) {
  FaceFactorParts with_old = parts();
  with_old.compatible_versions = {"old"};
  make(std::move(with_old));
  enrol(lfw(kAnn));
  const Template good = templates_[0];
  const auto made_by = [&](const std::string& version, float sign) {
    Template other = good;
    other.model.version = version;
    for (float& value : other.embedding) value *= sign;
    return other;
  };
  camera_->picture = still(lfw(kAnn));
  templates_ = {made_by("old", -1), good, made_by("unknown", -1)};
  DecisionRecord record = verify();
  expect(record, DecisionKind::kAccept, Reason::kAccepted);
  EXPECT_EQ(record.factors.at(0).template_match, TemplateMatch::kSameModel);

  policy_.templates.accept_compatible = true;
  templates_ = {made_by("unknown", -1), made_by("old", 1)};
  record = verify();
  expect(record, DecisionKind::kAccept, Reason::kAccepted);
  EXPECT_EQ(record.factors.at(0).template_match, TemplateMatch::kCompatibleModel);

  templates_ = {made_by("unknown", 1)};
  expect(verify(), DecisionKind::kReject, Reason::kTemplateOtherModel);

  templates_ = {};
  record = verify();
  expect(record, DecisionKind::kRetry, Reason::kFactorMissing);
  EXPECT_EQ(record.factors.at(0).missing, Missing::kNotEnrolled);
}

TEST_F(FaceFactorTest, WeighsFramesByQuality) {
  FaceFactorParts fake = parts();
  fake.rules.frames = 2;
  fake.rules.least_quality = 40;
  // The model gives these two directions in turn.
  fake.embedder =
      Embedder::create(std::make_unique<FakeFaceModel>(std::vector<float>{1, 0, 0.8F, 0.6F}, 2),
                       {1, 112, 112, 3})
          .value();
  make(std::move(fake));
  const Image sharp = lfw(kAnn), soft = blurred(sharp);
  camera_->picture = [&](int number) { return number == 0 ? sharp : soft; };
  ASSERT_TRUE(factor_->begin("", nullptr).ok());
  std::vector<double> qualities;
  FaceDetector detector =
      FaceDetector::load(*asset("models/face_detector/yunet_n_320_320.onnx")).value();
  for (const Image* image : {&sharp, &soft}) {
    ASSERT_TRUE(factor_->capture(clock_.now_ms() + kFar).value().usable);
    factor_->keep();
    qualities.push_back(
        face_quality(*image, detector.detect(*image).value().at(0)).value().overall);
  }
  ASSERT_GT(qualities[0], qualities[1] + 2);
  const double x = qualities[0] + 0.8 * qualities[1], y = 0.6 * qualities[1];
  const std::vector<float> embedding = factor_->embedding().value();
  EXPECT_NEAR(embedding.at(0), x / std::hypot(x, y), 1e-5);
  EXPECT_NEAR(embedding.at(1), y / std::hypot(x, y), 1e-5);
}

TEST_F(FaceFactorTest, SaysWhichActionsItCanSee) {
  make(parts());
  EXPECT_THAT(factor_->visible_actions(), UnorderedElementsAre("turn-left", "turn-right"));
  make(parts(true));
  EXPECT_THAT(factor_->visible_actions(),
              UnorderedElementsAre("turn-left", "turn-right", "nod", "blink"));
}

TEST_F(FaceFactorTest, RefusesPartsThatDoNotFit) {
  const auto refused = [](FaceFactorParts parts) {
    return absl::IsInvalidArgument(create_face_factor(std::move(parts)).status());
  };
  FaceFactorParts no_camera = parts();
  no_camera.camera.reset();
  EXPECT_TRUE(refused(std::move(no_camera)));
  FaceFactorParts voice = parts();
  voice.model.modality = "voice";
  EXPECT_TRUE(refused(std::move(voice)));
  FaceFactorParts features = parts();
  features.calibration = {.features = {"cosine", "snr-db"},
                          .llr = {.weights = {1, 1}, .offset = 0}};
  EXPECT_TRUE(refused(std::move(features)));
  FaceFactorParts none = parts();
  none.rules.frames = 0;
  EXPECT_TRUE(refused(std::move(none)));
}

TEST_F(FaceFactorTest, VerifiesFromAFolderOfPicturesInRealTime) {
  const auto folder = folder_ / "frames";
  std::filesystem::create_directories(folder);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(write_jpeg(folder / absl::StrCat(i, ".jpg"),
                           taken_again(lfw(kAnn, 2), 50 + static_cast<unsigned>(i)), 95)
                    .ok());
  }
  make(parts());
  enrol(lfw(kAnn));
  FaceFactorParts real = parts();
  SteadySessionClock clock;
  real.camera = open_camera(folder.string(), {.frames_per_second = 20}).value();
  real.clock = &clock;
  make(std::move(real));
  auto session = AuthenticationSession::create(policy_, {.factors = {factor_.get()},
                                                         .limiter = &*limiter_,
                                                         .log = &*log_,
                                                         .clock = &clock,
                                                         .observer = &observer_})
                     .value();
  expect(session->authenticate("ann").value(), DecisionKind::kAccept, Reason::kAccepted);
}

}  // namespace
}  // namespace durward
