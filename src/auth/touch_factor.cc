#include "auth/touch_factor.h"

#include <algorithm>

#include "auth/enrolled_template.h"
#include "auth/touch_entry.h"
#include "base/sha256.h"

namespace durward {
namespace {

class TouchFactor final : public TemplateFactor {
 public:
  explicit TouchFactor(TouchFactorParts parts) : parts_(std::move(parts)) {}

  std::string_view modality() const override { return parts_.model.modality; }
  const TemplateModel& model() const override { return parts_.model; }

  absl::Status begin(std::string_view user, const Challenge*) override {
    parts_.lines->restart();
    latest_.clear();
    kept_.clear();
    enrolled_ = {};
    if (user.empty()) return absl::OkStatus();
    DURWARD_ASSIGN_OR_RETURN(
        enrolled_, enrolled_template(parts_.templates, user, parts_.model,
                                     parts_.compatible_versions, parts_.clock->wall_ms()));
    return absl::OkStatus();
  }

  absl::StatusOr<CapturedSample> capture(int64_t until_ms) override {
    latest_.clear();
    const absl::StatusOr<std::string> line = parts_.lines->next(until_ms, *parts_.clock);
    if (!line.ok() && !absl::IsInvalidArgument(line.status())) return line.status();
    // When it was read: what the line says of time is the device's own clock.
    last_ms_ = std::max(last_ms_ + 1, parts_.clock->now_ms());
    CapturedSample sample{.mark = {parts_.lines->place(), last_ms_, ""}, .guidance = ""};
    if (!line.ok()) {
      sample.guidance = std::string(line.status().message());
      return sample;
    }
    sample.mark.digest = sha256_hex(std::as_bytes(std::span(*line)));
    const absl::StatusOr<TouchEntry> entry = parse_touch_entry(*line);
    absl::Status status = entry.status();
    if (status.ok()) {
      sample.mark.source = entry->source;
      absl::StatusOr<std::vector<float>> features = touch_features(*entry, parts_.spec);
      status = features.status();
      if (status.ok()) latest_ = *std::move(features);
    }
    sample.usable = status.ok();
    if (!status.ok()) sample.guidance = absl::StrCat("enter it again: ", status.message());
    return sample;
  }

  void keep() override { kept_ = latest_; }
  bool complete() const override { return !kept_.empty(); }
  ChallengeResponse response() const override { return {}; }
  absl::StatusOr<std::optional<double>> liveness() override { return std::nullopt; }

  absl::StatusOr<std::vector<float>> embedding() override {
    if (kept_.empty()) return absl::FailedPreconditionError("no entry was kept");
    std::vector<float> input(kept_.size());
    DURWARD_RETURN_IF_ERROR(apply_feature_spec(parts_.spec, kept_, input));
    return parts_.embedder->embed(input);
  }

  absl::StatusOr<FactorComparison> compare() override {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<float> probe, embedding());
    FactorComparison comparison{.template_age_days = enrolled_.age_days,
                                .template_match = enrolled_.match,
                                .bundle_sha256 = parts_.bundle_sha256};
    if (enrolled_.match == TemplateMatch::kOtherModel) return comparison;
    DURWARD_ASSIGN_OR_RETURN(comparison.score, compare_with(enrolled_, probe));
    comparison.llr = parts_.calibration.llr.llr(std::span(&comparison.score, 1));
    return comparison;
  }

  void stop() override { parts_.lines->stop(); }

 private:
  TouchFactorParts parts_;
  EnrolledTemplate enrolled_;
  std::vector<float> latest_, kept_;  // features as they were measured
  int64_t last_ms_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TemplateFactor>> create_touch_factor(TouchFactorParts parts) {
  if (parts.lines == nullptr || parts.embedder == nullptr || !parts.templates ||
      parts.clock == nullptr || parts.model.modality != "touch") {
    return absl::InvalidArgumentError(
        "a touch factor needs entries, a model, templates and a clock");
  }
  DURWARD_RETURN_IF_ERROR(check_feature_spec(parts.spec));
  DURWARD_RETURN_IF_ERROR(check_score_calibration(parts.calibration));
  if (parts.calibration.features.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("the calibration asks for \"",
                                                   parts.calibration.features[1],
                                                   "\", which is not known of a touch"));
  }
  return std::unique_ptr<TemplateFactor>(std::make_unique<TouchFactor>(std::move(parts)));
}

}  // namespace durward
