#include "auth/face_factor.h"

#include <algorithm>
#include <utility>

#include "auth/enrolled_template.h"
#include "base/sha256.h"
#include "data/tensor.h"
#include "vision/face_crop.h"
#include "vision/face_quality.h"

namespace durward {
namespace {

constexpr std::string_view kFaceModality = "face";
constexpr std::string_view kQualityFeature = "quality";

// What is kept of a frame; no picture.
struct FaceSample {
  int64_t taken_ms = 0;
  std::vector<float> embedding = {};  // of length 1
  FaceQuality quality = {};
  std::vector<float> attack_scores = {};  // one for each detector
};

double area(const Box& box) { return box.width * box.height; }

class FaceFactor final : public TemplateFactor {
 public:
  explicit FaceFactor(FaceFactorParts parts)
      : parts_(std::move(parts)), actions_(parts_.rules.actions) {}

  std::string_view modality() const override { return kFaceModality; }
  const TemplateModel& model() const override { return parts_.model; }
  std::vector<std::string_view> visible_actions() const override;
  absl::Status begin(std::string_view user, const Challenge* challenge) override;
  absl::StatusOr<CapturedSample> capture(int64_t until_ms) override;
  void keep() override;
  bool complete() const override;
  ChallengeResponse response() const override;
  absl::StatusOr<std::optional<double>> liveness() override;
  absl::StatusOr<FactorComparison> compare() override;
  absl::StatusOr<std::vector<float>> embedding() override;
  void stop() override { parts_.camera->stop(); }

 private:
  void forget();
  absl::Status look(const Frame& frame, CapturedSample& sample);
  void follow(const Box& box, int64_t taken_ms);
  absl::StatusOr<FaceSample> take(const Frame& frame, const Face& face, const FaceQuality& quality);
  bool needs_frames() const;
  std::vector<Measure> measures() const;

  FaceFactorParts parts_;
  const Challenge* challenge_ = nullptr;
  EnrolledTemplate enrolled_;

  absl::Status error_;  // of a model, while capturing
  FaceActions actions_;
  std::vector<FaceSample> kept_;
  std::optional<FaceSample> candidate_;
  std::optional<Box> last_box_;
  std::optional<Box> sighted_;  // in the frame that capture() gave last
  int64_t last_seen_ms_ = 0, last_frame_ms_ = 0;
};

std::vector<std::string_view> FaceFactor::visible_actions() const {
  std::vector<std::string_view> actions = {kTurnLeftAction, kTurnRightAction};
  // YuNet's five points hardly follow a head that looks down: 3 degrees of 15, where BlazeFace's
  // give 12 and the 68 landmarks all of them.
  if (parts_.landmarks || !parts_.detector->finds_mouth_corners()) actions.push_back(kNodAction);
  if (parts_.landmarks) actions.push_back(kBlinkAction);
  return actions;
}

void FaceFactor::forget() {
  actions_.clear();
  kept_.clear();
  candidate_.reset();
  last_box_.reset();
}

absl::Status FaceFactor::begin(std::string_view user, const Challenge* challenge) {
  challenge_ = challenge;
  error_ = absl::OkStatus();
  last_seen_ms_ = last_frame_ms_ = 0;
  forget();
  enrolled_ = {};
  if (!user.empty()) {
    DURWARD_ASSIGN_OR_RETURN(
        enrolled_, enrolled_template(parts_.templates, user, parts_.model,
                                     parts_.compatible_versions, parts_.clock->wall_ms()));
  }
  return parts_.camera->restart();
}

// Whether another frame is to be compared; else only actions are watched, which costs less.
bool FaceFactor::needs_frames() const {
  if (static_cast<int>(kept_.size()) < parts_.rules.frames) return true;
  // The face that acted is the face that is compared: one frame is of after the last action.
  return challenge_ != nullptr && !actions_.seen().empty() &&
         kept_.back().taken_ms < actions_.seen().back().at_ms;
}

// Everything begins anew where this is not the face of the frame before.
void FaceFactor::follow(const Box& box, int64_t taken_ms) {
  const bool moved = last_box_ && overlap(*last_box_, box) <= parts_.rules.same_place;
  if (moved || (last_box_ && taken_ms - last_seen_ms_ > parts_.rules.away_ms)) forget();
  last_box_ = box;
  last_seen_ms_ = taken_ms;
}

absl::StatusOr<FaceSample> FaceFactor::take(const Frame& frame, const Face& face,
                                            const FaceQuality& quality) {
  FaceSample sample{.taken_ms = frame.taken_ms, .quality = quality};
  for (AttackDetector& detector : parts_.attack_detectors) {
    DURWARD_ASSIGN_OR_RETURN(const float score, detector.score(frame.image, face));
    sample.attack_scores.push_back(score);
  }
  DURWARD_ASSIGN_OR_RETURN(const Image crop, crop_face(frame.image, face, parts_.spec));
  std::vector<float> input(crop.rgb.size());
  DURWARD_RETURN_IF_ERROR(fill_tensor(crop, parts_.spec, input));
  DURWARD_ASSIGN_OR_RETURN(sample.embedding, parts_.embedder->embed(input));
  DURWARD_RETURN_IF_ERROR(to_unit_length(sample.embedding));
  return sample;
}

absl::Status FaceFactor::look(const Frame& frame, CapturedSample& sample) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<Face> faces, parts_.detector->detect(frame.image));
  if (faces.empty()) {
    sample.guidance = std::string(kNoFaceGuidance);
    return absl::OkStatus();
  }
  const Face& face =
      *std::max_element(faces.begin(), faces.end(),
                        [](const Face& a, const Face& b) { return area(a.box) < area(b.box); });
  sighted_ = face.box;
  const double share = parts_.rules.second_face * parts_.rules.second_face;
  const auto people = std::count_if(faces.begin(), faces.end(), [&](const Face& other) {
    return area(other.box) >= share * area(face.box);
  });
  if (people > 1) {
    sample.guidance = std::string(kManyFacesGuidance);
    return absl::OkStatus();
  }
  follow(face.box, frame.taken_ms);
  std::optional<HeadPose> pose = head_pose(face.landmarks);
  FaceSight sight{.taken_ms = frame.taken_ms};
  if (parts_.landmarks) {
    DURWARD_ASSIGN_OR_RETURN(const FaceShape shape, parts_.landmarks->find(frame.image, face.box));
    pose = head_pose(five_points(shape));
    sight.eye_aspect_ratio = eye_aspect_ratio(shape);
  }
  sight.pose = pose;
  if (challenge_ != nullptr) actions_.add(sight);
  DURWARD_ASSIGN_OR_RETURN(const FaceQuality quality, face_quality(frame.image, face, pose));
  if (quality.overall < parts_.rules.least_quality) {
    sample.guidance = std::string(quality.guidance);
    return absl::OkStatus();
  }
  if (!needs_frames()) return absl::OkStatus();
  DURWARD_ASSIGN_OR_RETURN(candidate_, take(frame, face, quality));
  sample.usable = true;
  return absl::OkStatus();
}

absl::StatusOr<CapturedSample> FaceFactor::capture(int64_t until_ms) {
  DURWARD_ASSIGN_OR_RETURN(const Frame frame, parts_.camera->next(until_ms));
  candidate_.reset();
  sighted_.reset();
  last_frame_ms_ = frame.taken_ms;
  CapturedSample sample{.mark = {.source = parts_.camera->source(),
                                 .taken_ms = frame.taken_ms,
                                 .digest = sha256_hex(std::as_bytes(std::span(frame.image.rgb)))}};
  if (const absl::Status status = look(frame, sample); !status.ok()) {
    // It is told where the session asks for results: a model that fails is no camera that is lost.
    error_ = status;
    sample.usable = true;
  }
  if (parts_.viewer) parts_.viewer(frame.image, sighted_);
  return sample;
}

void FaceFactor::keep() {
  if (!candidate_) return;
  const bool another = std::any_of(kept_.begin(), kept_.end(), [&](const FaceSample& one) {
    return dot_product(one.embedding, candidate_->embedding) < parts_.rules.same_person;
  });
  FaceSample sample = *std::exchange(candidate_, std::nullopt);
  if (another) {
    const std::optional<Box> box = last_box_;
    forget();
    last_box_ = box;
  }
  kept_.push_back(std::move(sample));
}

bool FaceFactor::complete() const {
  if (!error_.ok()) return true;
  if (static_cast<int>(kept_.size()) < parts_.rules.frames) return false;
  if (challenge_ == nullptr) return true;
  switch (verify_response(*challenge_, response())) {
    case ChallengeVerdict::kPassed:
      return !needs_frames();
    case ChallengeVerdict::kUnanswered:
      // Nothing that comes now can be in time.
      return last_frame_ms_ >
             challenge_->issued_ms + challenge_->spec.length * challenge_->spec.step_ms;
    default:
      return true;
  }
}

ChallengeResponse FaceFactor::response() const {
  ChallengeResponse response;
  if (challenge_ == nullptr) return response;
  response.nonce = challenge_->nonce;
  for (const FaceAction& action : actions_.seen()) {
    response.steps.push_back({std::string(action.name), action.at_ms});
  }
  return response;
}

absl::StatusOr<std::optional<double>> FaceFactor::liveness() {
  DURWARD_RETURN_IF_ERROR(error_);
  std::vector<AttackScores> detectors;
  for (size_t i = 0; i < parts_.attack_detectors.size(); ++i) {
    AttackScores scores{.calibration = parts_.attack_detectors[i].calibration()};
    for (const FaceSample& sample : kept_) scores.frames.push_back(sample.attack_scores[i]);
    detectors.push_back(std::move(scores));
  }
  return fuse_attack_scores(detectors);
}

absl::StatusOr<std::vector<float>> FaceFactor::embedding() {
  DURWARD_RETURN_IF_ERROR(error_);
  if (kept_.empty()) return absl::FailedPreconditionError("no frame of a face was kept");
  std::vector<float> sum(kept_.front().embedding.size());
  for (const FaceSample& sample : kept_) {
    const auto weight = static_cast<float>(sample.quality.overall);
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += weight * sample.embedding[i];
  }
  DURWARD_RETURN_IF_ERROR(to_unit_length(sum));
  return sum;
}

std::vector<Measure> FaceFactor::measures() const {
  std::vector<Measure> means;
  const auto add = [&](std::string name, const auto& value_of) {
    double sum = 0;
    for (const FaceSample& sample : kept_) sum += value_of(sample);
    means.push_back({std::move(name), sum / static_cast<double>(kept_.size())});
  };
  const auto add_quality = [&](std::string_view name, double FaceQuality::*part) {
    add(std::string(name), [part](const FaceSample& sample) { return sample.quality.*part; });
  };
  add_quality(kQualityFeature, &FaceQuality::overall);
  add_quality("size", &FaceQuality::size);
  add_quality("pose", &FaceQuality::pose);
  add_quality("sharpness", &FaceQuality::sharpness);
  add_quality("under-exposure", &FaceQuality::under_exposure);
  add_quality("over-exposure", &FaceQuality::over_exposure);
  add_quality("dynamic-range", &FaceQuality::dynamic_range);
  add_quality("occlusion", &FaceQuality::occlusion);
  for (size_t i = 0; i < parts_.attack_detectors.size(); ++i) {
    add("pad-" + parts_.attack_detectors[i].name(),
        [i](const FaceSample& sample) { return sample.attack_scores[i]; });
  }
  return means;
}

absl::StatusOr<FactorComparison> FaceFactor::compare() {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> probe, embedding());
  FactorComparison comparison{.qualities = measures(),
                              .template_age_days = enrolled_.age_days,
                              .template_match = enrolled_.match,
                              .bundle_sha256 = parts_.bundle_sha256};
  // Templates of another model are in another space: there is no score, and none is asked for.
  if (enrolled_.match == TemplateMatch::kOtherModel) return comparison;
  DURWARD_ASSIGN_OR_RETURN(comparison.score, compare_with(enrolled_, probe));
  std::vector<double> features;
  for (const std::string& name : parts_.calibration.features) {
    features.push_back(name == kScoreFeature ? comparison.score
                                             : comparison.qualities.front().value);
  }
  comparison.llr = parts_.calibration.llr.llr(features);
  return comparison;
}

absl::Status check_face_parts(const FaceFactorParts& parts) {
  if (parts.camera == nullptr || !parts.detector || !parts.embedder || !parts.templates ||
      parts.clock == nullptr) {
    return absl::InvalidArgumentError(
        "a face factor needs a camera, a detector, an embedder, templates and a clock");
  }
  if (parts.model.modality != kFaceModality) {
    return absl::InvalidArgumentError(
        absl::StrCat("the model is of '", parts.model.modality, "', not of faces"));
  }
  if (!needs_face(parts.spec.alignment)) {
    return absl::InvalidArgumentError("the model's input specification takes no faces");
  }
  const FaceCaptureRules& rules = parts.rules;
  if (rules.frames < 1 || rules.frames > 100 || !(rules.least_quality >= 0) ||
      rules.least_quality > 100) {
    return absl::InvalidArgumentError(
        "a face factor keeps 1 to 100 frames, of a quality of 0 to 100");
  }
  DURWARD_RETURN_IF_ERROR(check_score_calibration(parts.calibration));
  for (const std::string& name : parts.calibration.features) {
    if (name == kScoreFeature || name == kQualityFeature) continue;
    return absl::InvalidArgumentError(absl::StrCat("the calibration of scores uses '", name,
                                                   "', which a face does not have: \"cosine\" or "
                                                   "\"quality\""));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TemplateFactor>> create_face_factor(FaceFactorParts parts) {
  DURWARD_RETURN_IF_ERROR(check_face_parts(parts));
  return std::make_unique<FaceFactor>(std::move(parts));
}

}  // namespace durward
