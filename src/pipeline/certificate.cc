#include "pipeline/certificate.h"

#include <algorithm>

namespace durward {
namespace {

constexpr std::string_view kScore = "cosine";
constexpr std::string_view kMethod =
    "each threshold: the smallest with at most its FAR on the trials; intervals and bounds: the "
    "wider of the bootstrap over people and the binomial bound, 95 %";

BootstrapOptions bootstrap_options(const EvaluateOptions& options) {
  BootstrapOptions settings = options.figures.bootstrap;
  settings.threads = options.threads;
  settings.progress = options.progress;
  return settings;
}

RefusedFar few_trials(double far, int64_t impostor_trials) {
  return {far, absl::StrCat(impostor_trials, " impostor trials; it needs ",
                            impostor_trials_needed(far))};
}

// Without people to resample nothing is promised, and below the scores that were kept neither.
std::string no_bounds_reason(const FixedThresholdEvaluation& fixed) {
  return fixed.no_bounds_because.empty()
             ? "too many impostors score above its threshold to bound it"
             : fixed.no_bounds_because;
}

Promise judge_far(const CertifiedPoint& certified, const FixedThresholdRates& measured,
                  int64_t impostor_trials) {
  if (!measured.far_bounds) return Promise::kUntested;
  if (measured.far_bounds->lower > certified.far_bound) return Promise::kBroken;
  if (far_support(certified.far_bound, impostor_trials) == FarSupport::kRefused) {
    return Promise::kUntested;
  }
  return measured.far <= certified.far_bound ? Promise::kKept : Promise::kUnclear;
}

Promise judge_tar(const CertifiedPoint& certified, const FixedThresholdRates& measured) {
  if (!measured.tar_bounds) return Promise::kUntested;
  if (measured.tar_bounds->upper < certified.tar_bound) return Promise::kBroken;
  return measured.tar >= certified.tar_bound ? Promise::kKept : Promise::kUnclear;
}

}  // namespace

absl::StatusOr<Certificate> make_certificate(const TrialSet& set, const System& system,
                                             std::vector<ForeignTemplates> templates,
                                             const EvaluateOptions& options) {
  const Evaluation& evaluation = system.evaluation;
  Certificate certificate{.score = std::string(kScore),
                          .method = std::string(kMethod),
                          .people = evaluation.people,
                          .genuine_trials = evaluation.genuine_trials,
                          .impostor_trials = evaluation.impostor_trials,
                          .templates = std::move(templates)};
  DURWARD_ASSIGN_OR_RETURN(certificate.trials_sha256, trial_set_sha256(set));
  std::vector<double> thresholds;
  for (const OperatingPoint& point : evaluation.operating_points) {
    thresholds.push_back(point.threshold);
  }
  DURWARD_ASSIGN_OR_RETURN(const FixedThresholdEvaluation fixed,
                           evaluate_at(system.scored, thresholds, bootstrap_options(options)));
  for (size_t i = 0; i < thresholds.size(); ++i) {
    const OperatingPoint& chosen = evaluation.operating_points[i];
    const FixedThresholdRates& rates = fixed.rates[i];
    if (!rates.far_bounds || !rates.tar_bounds) {
      certificate.refused.push_back({chosen.far_target, no_bounds_reason(fixed)});
      continue;
    }
    CertifiedPoint point{.far = chosen.far_target,
                         .threshold = chosen.threshold,
                         .threshold_interval = std::nullopt,
                         .far_bound = rates.far_bounds->upper,
                         .tar = rates.tar,
                         .tar_bound = rates.tar_bounds->lower};
    if (const auto& interval = chosen.threshold_interval) {
      point.threshold_interval = {interval->lower, interval->upper};
    }
    certificate.points.push_back(point);
  }
  for (const double far : evaluation.refused_fars) {
    certificate.refused.push_back(few_trials(far, evaluation.impostor_trials));
  }
  return certificate;
}

ForeignTemplates foreign_templates(std::string enroller_sha256, const Comparison& comparison) {
  ForeignTemplates templates{.model_sha256 = std::move(enroller_sha256), .losses = {}};
  for (const TarLoss& loss : comparison.cross_losses) {
    templates.losses.push_back({loss.far, loss.loss, loss.upper_bound});
  }
  return templates;
}

std::string_view to_string(Promise promise) {
  switch (promise) {
    case Promise::kKept:
      return "kept";
    case Promise::kUnclear:
      return "unclear";
    case Promise::kBroken:
      return "broken";
    case Promise::kUntested:
      return "untested";
  }
  return "";
}

bool CertificateCheck::broken() const {
  return std::any_of(points.begin(), points.end(), [](const Point& point) {
    return point.far == Promise::kBroken || point.tar == Promise::kBroken;
  });
}

absl::StatusOr<CertificateCheck> check_certificate(const Certificate& certificate,
                                                   const TrialSet& set, const System& system,
                                                   const EvaluateOptions& options) {
  CertificateCheck check;
  DURWARD_ASSIGN_OR_RETURN(const std::string trials_sha256, trial_set_sha256(set));
  check.same_trials = trials_sha256 == certificate.trials_sha256;
  std::vector<double> thresholds;
  for (const CertifiedPoint& point : certificate.points) thresholds.push_back(point.threshold);
  DURWARD_ASSIGN_OR_RETURN(const FixedThresholdEvaluation fixed,
                           evaluate_at(system.scored, thresholds, bootstrap_options(options)));
  for (size_t i = 0; i < thresholds.size(); ++i) {
    const CertifiedPoint& certified = certificate.points[i];
    const FixedThresholdRates& measured = fixed.rates[i];
    check.points.push_back({certified, measured,
                            judge_far(certified, measured, system.evaluation.impostor_trials),
                            judge_tar(certified, measured)});
  }
  return check;
}

}  // namespace durward
