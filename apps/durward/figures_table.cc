#include "figures_table.h"

#include <cstdio>

#include "terminal.h"

namespace durward {
namespace {

std::string far_text(double far) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0e", far);
  return text;
}

std::string rate_text(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", rate);
  return text;
}

}  // namespace

std::string points(double share) { return fixed(100 * share, 2); }

std::string tar_cell(double tar, const std::optional<Interval>& interval) {
  std::string cell = points(tar);
  if (interval) cell += " [" + points(interval->lower) + ", " + points(interval->upper) + "]";
  return cell;
}

std::string trials_text(const TrialSet& set, const Evaluation& evaluation) {
  std::string text =
      absl::StrCat(evaluation.genuine_trials, " genuine and ", evaluation.impostor_trials,
                   " impostor trials of ", evaluation.people, " people\n");
  if (!set.samples.skipped.empty()) {
    absl::StrAppend(&text, set.samples.skipped.size(), " of ", set.files,
                    " files could not be used (", set.lost_trials,
                    " trials lost); the first: ", set.samples.skipped[0].path.string(), ": ",
                    set.samples.skipped[0].reason, "\n");
  }
  for (const double far : evaluation.refused_fars) {
    absl::StrAppend(&text, "FAR ", far_text(far), " is refused: it needs at least ",
                    impostor_trials_needed(far), " impostor trials\n");
  }
  if (!evaluation.no_intervals_because.empty()) {
    absl::StrAppend(&text, "no intervals: ", evaluation.no_intervals_because, "\n");
  }
  return text;
}

std::string conditions_table(const std::vector<System>& systems) {
  if (systems[0].conditions.empty()) return "";
  std::string text;
  for (const System& system : systems) {
    TextTable table({system.variant.name + ": EER, %", "own thresholds", "one threshold"});
    for (const ConditionRates& condition : system.conditions) {
      const UserRates& rates = condition.rates;
      table.add({(condition.mean ? "mean, " : "") + condition.name,
                 tar_cell(rates.own_thresholds.rate, rates.own_thresholds.interval),
                 tar_cell(rates.one_threshold.rate, rates.one_threshold.interval)});
    }
    absl::StrAppend(&text, "\n", table.text());
  }
  return text;
}

std::string certificate_check_table(const System& system, const CertificateCheck& check) {
  std::string text = "certificate of " + system.variant.name + ":\n";
  if (check.same_trials) {
    text +=
        "these are the trials that its thresholds were chosen on: others are needed to test it\n";
  }
  if (check.points.empty()) return text + "it promises nothing\n";
  TextTable table(
      {"for FAR", "threshold", "promised FAR", "FAR here", "", "promised TAR", "TAR here, %", ""});
  for (const CertificateCheck::Point& point : check.points) {
    const FixedThresholdRates& measured = point.measured;
    std::string far = rate_text(measured.far), tar = points(measured.tar);
    if (const auto& bounds = measured.far_bounds) {
      far += " [" + rate_text(bounds->lower) + ", " + rate_text(bounds->upper) + "]";
    }
    if (const auto& bounds = measured.tar_bounds) {
      tar += " [" + points(bounds->lower) + ", " + points(bounds->upper) + "]";
    }
    table.add({far_text(point.certified.far), fixed(point.certified.threshold, 4),
               "at most " + rate_text(point.certified.far_bound), far,
               std::string(to_string(point.far)), "at least " + points(point.certified.tar_bound),
               tar, std::string(to_string(point.tar))});
  }
  return text + table.text();
}

std::string systems_table(const std::vector<System>& systems) {
  std::vector<std::string> header = {"in % [95 % interval]", "EER"};
  for (const OperatingPoint& point : systems[0].evaluation.operating_points) {
    header.push_back("TAR@" + far_text(point.far_target) +
                     (point.support == FarSupport::kFewErrors ? " (few errors)" : ""));
  }
  header.emplace_back("minCllr");
  TextTable table(std::move(header));
  for (const System& system : systems) {
    const Evaluation& evaluation = system.evaluation;
    std::vector<std::string> row = {system.variant.name, tar_cell(evaluation.equal_error_rate,
                                                                  evaluation.equal_error_interval)};
    for (const OperatingPoint& point : evaluation.operating_points) {
      row.push_back(tar_cell(point.tar, point.tar_interval));
    }
    row.push_back(fixed(evaluation.min_cllr, 4));
    table.add(std::move(row));
  }
  return table.text();
}

std::string losses_table(const System& before, const System& after,
                         const std::vector<TarLoss>& losses) {
  TextTable table({"at FAR", "loss of TAR, points", "at most (95 %)"});
  for (const TarLoss& loss : losses) {
    table.add({far_text(loss.far), points(loss.loss),
               loss.upper_bound ? points(*loss.upper_bound) : "unknown"});
  }
  return absl::StrCat(after.variant.name, " against ", before.variant.name, ":\n",
                      losses.empty() ? "too few trials for any FAR\n" : table.text());
}

std::string comparison_tables(const System& before, const System& after,
                              const Comparison& comparison) {
  TextTable losses({"at FAR", "loss of TAR, points", "at most (95 %)", "threshold before",
                    "threshold after", "FAR at the old threshold",
                    "TAR, " + before.variant.name + " enrols"});
  for (size_t i = 0; i < comparison.losses.size(); ++i) {
    const TarLoss& loss = comparison.losses[i];
    std::vector<std::string> row = {far_text(loss.far), points(loss.loss),
                                    loss.upper_bound ? points(*loss.upper_bound) : "unknown"};
    for (const ThresholdDrift& drift : comparison.drift) {
      if (drift.far_target != loss.far) continue;
      row.push_back(fixed(drift.old_threshold, 3));
      row.push_back(fixed(drift.new_threshold, 3));
      row.push_back(rate_text(drift.far_at_old));
    }
    if (comparison.cross && i < comparison.cross->before_enrols.operating_points.size()) {
      const OperatingPoint& point = comparison.cross->before_enrols.operating_points[i];
      row.push_back(tar_cell(point.tar, point.tar_interval));
    }
    losses.add(std::move(row));
  }
  std::string text = absl::StrCat(after.variant.name, " against ", before.variant.name, ":\n",
                                  comparison.losses.empty()
                                      ? "too few trials for any FAR: no loss of TAR can be given\n"
                                      : losses.text());
  if (comparison.cross) {
    absl::StrAppend(&text, "cosine of the two embeddings of a picture: mean ",
                    fixed(comparison.mean_cosine, 4), ", 1 % below ",
                    fixed(comparison.first_percentile_cosine, 4), ", lowest ",
                    fixed(comparison.lowest_cosine, 4), "\n");
  }
  if (comparison.changed) {
    const ChangedDecisions& changed = *comparison.changed;
    absl::StrAppend(&text, "decisions that changed at FAR ", far_text(comparison.operating_far),
                    ": ", changed.new_false_rejects, " new false rejects (",
                    changed.mended_false_rejects, " mended), ", changed.new_false_accepts,
                    " new false accepts (", changed.mended_false_accepts, " mended)\n");
  }
  for (const std::string& sentence : widened_differentials(before, after, comparison)) {
    absl::StrAppend(&text, "warning: ", sentence, "\n");
  }
  return text;
}

}  // namespace durward
