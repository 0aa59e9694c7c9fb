#include "pipeline/evaluate.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <numeric>

namespace durward {
namespace {

constexpr int kChangedSamples = 6;  // of each kind, for people to look at

absl::StatusOr<Evaluation> figures(const ScoredTrials& scored, const EvaluateOptions& options) {
  EvaluationOptions settings = options.figures;
  settings.bootstrap.threads = options.threads;
  settings.bootstrap.progress = options.progress;
  return evaluate(scored, settings);
}

absl::StatusOr<Evaluation> cross_figures(const TrialSet& set, const System& enrols,
                                         const System& probes, const EvaluateOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const ScoredTrials scored,
                           score_trial_set(set, enrols.embeddings, probes.embeddings,
                                           options.threads, options.progress));
  return figures(scored, options);
}

// The system's own threshold for a FAR that it was evaluated at.
float threshold_at(double far, const System& system) {
  const auto& points = system.evaluation.operating_points;
  const auto point = std::find_if(points.begin(), points.end(),
                                  [far](const OperatingPoint& p) { return p.far_target == far; });
  return static_cast<float>(point->threshold);
}

absl::StatusOr<ChangedDecisions> decisions_at(double far, const TrialSet& set, const System& before,
                                              const System& after, const EvaluateOptions& options) {
  const Decider decided_before{before.embeddings, threshold_at(far, before)};
  const Decider decided_after{after.embeddings, threshold_at(far, after)};
  if (set.all_pairs) {
    return changed_decisions(set.person_of_row, decided_before, decided_after, kChangedSamples,
                             {.threads = options.threads, .progress = options.progress});
  }
  return changed_decisions(set.trials, decided_before, decided_after, kChangedSamples);
}

absl::StatusOr<GroupDifferential> groups_at(float threshold, const TrialSet& set,
                                            const System& system) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> scores,
                           score_trials(set.trials, system.embeddings, system.embeddings));
  return group_rates(set.trials, scores, threshold);
}

absl::StatusOr<GroupChange> group_change_at(double far, const TrialSet& set, const System& before,
                                            const System& after) {
  const float old_threshold = threshold_at(far, before), new_threshold = threshold_at(far, after);
  GroupChange change{.threshold_before = static_cast<double>(old_threshold),
                     .threshold_after = static_cast<double>(new_threshold)};
  DURWARD_ASSIGN_OR_RETURN(change.before, groups_at(old_threshold, set, before));
  DURWARD_ASSIGN_OR_RETURN(change.after, groups_at(new_threshold, set, after));
  return change;
}

// Losses are of the FARs that both have, descending.
double operating_far(std::span<const TarLoss> losses, const Evaluation& before) {
  double far = losses.back().far;
  for (const OperatingPoint& point : before.operating_points) {
    const bool in_both = std::any_of(losses.begin(), losses.end(), [&point](const TarLoss& loss) {
      return loss.far == point.far_target;
    });
    if (in_both && point.support == FarSupport::kSupported) far = point.far_target;
  }
  return far;
}

void compare_embeddings(const System& before, const System& after, Comparison& comparison) {
  std::vector<double> cosines;
  for (int64_t row = 0; row < before.embeddings.rows(); ++row) {
    cosines.push_back(cosine(before.embeddings.row(row), after.embeddings.row(row)));
  }
  std::sort(cosines.begin(), cosines.end());
  comparison.mean_cosine =
      std::accumulate(cosines.begin(), cosines.end(), 0.0) / static_cast<double>(cosines.size());
  comparison.lowest_cosine = cosines.front();
  comparison.first_percentile_cosine = cosines[cosines.size() / 100];
}

}  // namespace

absl::StatusOr<RuntimeKind> runtime_for(const std::filesystem::path& file) {
  const std::string ending = absl::AsciiStrToLower(file.extension().string());
  if (ending == ".bundle") return RuntimeKind::kEngine;
  if (ending == ".tflite") return RuntimeKind::kLiteRt;
  if (ending == ".onnx" || ending == ".ort") return RuntimeKind::kOnnxRuntime;
  if (ending == ".xml") return RuntimeKind::kOpenVino;
  return absl::InvalidArgumentError(
      absl::StrCat(file.string(), ": no runtime runs '", ending,
                   "' files; expected .bundle, .onnx, .ort, .tflite or .xml"));
}

EmbedderFactory embedder_factory(const Variant& variant, const Samples& samples) {
  return [runtime = variant.runtime, file = variant.file,
          shape = samples.shape]() -> absl::StatusOr<Embedder> {
    DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> model, load_model(runtime, file, {}));
    return Embedder::create(std::move(model), shape);
  };
}

absl::StatusOr<System> evaluate_system(const TrialSet& set, Variant variant,
                                       const EmbedderFactory& factory,
                                       const EvaluateOptions& options) {
  absl::StatusOr<Embeddings> embeddings =
      embed_samples(set.samples.samples, set.samples_of_row, factory, options.threads,
                    options.progress, "embedding: " + variant.name);
  if (!embeddings.ok()) return with_context(embeddings.status(), variant.name);
  DURWARD_ASSIGN_OR_RETURN(ScoredTrials scored, score_trial_set(set, *embeddings, *embeddings,
                                                                options.threads, options.progress));
  DURWARD_ASSIGN_OR_RETURN(Evaluation evaluation, figures(scored, options));
  BootstrapOptions bootstrap = options.figures.bootstrap;
  bootstrap.threads = options.threads;
  DURWARD_ASSIGN_OR_RETURN(std::vector<ConditionRates> conditions,
                           condition_rates(set, *embeddings, bootstrap));
  return System{std::move(variant), *std::move(embeddings), std::move(scored),
                std::move(evaluation), std::move(conditions)};
}

absl::StatusOr<System> evaluate_file(const TrialSet& set, Variant variant,
                                     const EvaluateOptions& options) {
  const EmbedderFactory factory = embedder_factory(variant, set.samples.samples);
  return evaluate_system(set, std::move(variant), factory, options);
}

std::vector<std::string> widened_differentials(const System& before, const System& after,
                                               const Comparison& comparison) {
  std::vector<std::string> sentences;
  if (!comparison.groups) return sentences;
  const auto add = [&](std::string_view rate, const std::optional<double>& was,
                       const std::optional<double>& is) {
    if (!was || !is || *is <= *was) return;
    sentences.push_back(absl::StrFormat(
        "At FAR %g the worst group's rate of %s over the mean of all groups is %.3g with %s, and "
        "was %.3g with %s: compression did not cost every group the same.",
        comparison.operating_far, std::string(rate), *is, after.variant.name, *was,
        before.variant.name));
  };
  const GroupChange& change = *comparison.groups;
  add("false matches", change.before.fmr_worst_to_mean, change.after.fmr_worst_to_mean);
  add("false non-matches", change.before.fnmr_worst_to_mean, change.after.fnmr_worst_to_mean);
  return sentences;
}

absl::StatusOr<Comparison> compare_systems(const TrialSet& set, const System& before,
                                           const System& after, const EvaluateOptions& options) {
  Comparison comparison;
  DURWARD_ASSIGN_OR_RETURN(comparison.losses, tar_losses(before.evaluation, after.evaluation));
  comparison.drift = threshold_drift(before.evaluation, after.evaluation, after.scored);
  if (!comparison.losses.empty()) {
    comparison.operating_far = operating_far(comparison.losses, before.evaluation);
    DURWARD_ASSIGN_OR_RETURN(comparison.changed,
                             decisions_at(comparison.operating_far, set, before, after, options));
    if (!set.groups.empty()) {
      DURWARD_ASSIGN_OR_RETURN(comparison.groups,
                               group_change_at(comparison.operating_far, set, before, after));
    }
  }
  if (before.embeddings.dims() != after.embeddings.dims()) return comparison;
  compare_embeddings(before, after, comparison);
  CrossPrecision cross;
  DURWARD_ASSIGN_OR_RETURN(cross.before_enrols, cross_figures(set, before, after, options));
  DURWARD_ASSIGN_OR_RETURN(cross.after_enrols, cross_figures(set, after, before, options));
  DURWARD_ASSIGN_OR_RETURN(comparison.cross_losses,
                           tar_losses(before.evaluation, cross.before_enrols));
  comparison.cross = std::move(cross);
  return comparison;
}

}  // namespace durward
