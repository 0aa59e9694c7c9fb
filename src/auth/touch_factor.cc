#include "auth/touch_factor.h"

#include <algorithm>
#include <cmath>

#include "auth/touch_entry.h"
#include "base/sha256.h"
#include "biometrics/embeddings.h"

namespace durward {
namespace {

constexpr int64_t kDaySeconds = 86'400;

// Of a user's templates those that can be compared with the model: its own, else those of versions
// that are compatible, else others, which a policy refuses.
struct ComparableTemplates {
  TemplateMatch match = TemplateMatch::kOtherModel;
  std::vector<Template> templates;
};

ComparableTemplates comparable(std::vector<Template> all, const TouchFactorParts& parts) {
  ComparableTemplates found;
  const auto take = [&](TemplateMatch match, const auto& wanted) {
    if (!found.templates.empty()) return;
    for (const Template& one : all) {
      if (one.model.modality == parts.model.modality && wanted(one)) {
        found.match = match;
        found.templates.push_back(one);
      }
    }
  };
  take(TemplateMatch::kSameModel, [&](const Template& one) { return one.model == parts.model; });
  take(TemplateMatch::kCompatibleModel, [&](const Template& one) {
    const auto& versions = parts.compatible_versions;
    return std::find(versions.begin(), versions.end(), one.model.version) != versions.end();
  });
  take(TemplateMatch::kOtherModel, [](const Template&) { return true; });
  return found;
}

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
    DURWARD_ASSIGN_OR_RETURN(std::vector<Template> all, parts_.templates(user));
    enrolled_ = comparable(std::move(all), parts_);
    if (enrolled_.templates.empty()) {
      return absl::NotFoundError(
          absl::StrCat("no touch is enrolled for \"", std::string(user), "\""));
    }
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
    DURWARD_ASSIGN_OR_RETURN(std::vector<float> probe, embedding());
    const auto dims = static_cast<int>(probe.size());
    std::vector<float> rows = std::move(probe);
    int64_t newest = 0;
    std::vector<int64_t> enrolled_rows;
    for (const Template& one : enrolled_.templates) {
      if (one.embedding.size() != static_cast<size_t>(dims)) {
        return absl::FailedPreconditionError(absl::StrCat("a template has ", one.embedding.size(),
                                                          " values, the model gives ", dims));
      }
      enrolled_rows.push_back(std::ssize(enrolled_rows) + 1);
      rows.insert(rows.end(), one.embedding.begin(), one.embedding.end());
      newest = std::max(newest, one.created);
    }
    DURWARD_ASSIGN_OR_RETURN(const Embeddings all, Embeddings::normalise(std::move(rows), dims));
    DURWARD_ASSIGN_OR_RETURN(const Embeddings mean, all.means(std::span(&enrolled_rows, 1)));
    const auto score = static_cast<double>(cosine(mean.row(0), all.row(0)));
    const int64_t age_seconds = std::max<int64_t>(parts_.clock->wall_ms() / 1000 - newest, 0);
    return FactorComparison{.score = score,
                            .llr = parts_.calibration.llr.llr(std::span(&score, 1)),
                            .qualities = {},
                            .template_age_days = age_seconds / kDaySeconds,
                            .template_match = enrolled_.match,
                            .bundle_sha256 = parts_.bundle_sha256};
  }

  void stop() override { parts_.lines->stop(); }

 private:
  TouchFactorParts parts_;
  ComparableTemplates enrolled_;
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
