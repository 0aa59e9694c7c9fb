#include "pipeline/evaluation_json.h"

#include <absl/strings/escaping.h>

namespace durward {
namespace {

using nlohmann::json;

absl::StatusOr<json> recording(const TrialSet& set, int32_t row) {
  json entry = {{"name", set.path_of_row[static_cast<size_t>(row)].filename().string()}};
  if (!set.samples.picture) return entry;
  const int64_t sample = set.samples_of_row[static_cast<size_t>(row)].front();
  DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> jpeg, set.samples.picture(sample));
  const std::string_view bytes(reinterpret_cast<const char*>(jpeg.data()), jpeg.size());
  entry["jpeg"] = absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
  return entry;
}

double threshold_at(const System& system, double far) {
  for (const OperatingPoint& point : system.evaluation.operating_points) {
    if (point.far_target == far) return point.threshold;
  }
  return 0;
}

json bounds_json(const std::optional<RateBounds>& bounds) {
  return bounds ? json::array({bounds->lower, bounds->upper}) : json();
}

std::vector<std::string> group_names(const TrialSet& set, const GroupDifferential& differential) {
  std::vector<std::string> names;
  for (const GroupRates& group : differential.groups) {
    names.push_back(set.groups[static_cast<size_t>(group.group)]);
  }
  return names;
}

absl::StatusOr<json> changed_section(const TrialSet& set, const System& before, const System& after,
                                     const Comparison& comparison) {
  json section = changed_json(*comparison.changed);
  section["from"] = before.variant.name;
  section["to"] = after.variant.name;
  section["far"] = comparison.operating_far;
  section["samples"] = json::array();
  for (const ChangedDecision& change : comparison.changed->samples) {
    DURWARD_ASSIGN_OR_RETURN(json enrol, recording(set, change.enrol));
    DURWARD_ASSIGN_OR_RETURN(json probe, recording(set, change.probe));
    section["samples"].push_back(
        {{"kind", change_kind(change)},
         {"enrol", std::move(enrol)},
         {"probe", std::move(probe)},
         {"score_before", change.score_before},
         {"score_after", change.score_after},
         {"threshold_before", threshold_at(before, comparison.operating_far)},
         {"threshold_after", threshold_at(after, comparison.operating_far)}});
  }
  return section;
}

json rate_json(const EqualErrors& errors) {
  json object = {{"eer", errors.rate}, {"interval", nullptr}};
  if (errors.interval) object["interval"] = {errors.interval->lower, errors.interval->upper};
  return object;
}

}  // namespace

json trial_set_json(const TrialSet& set, const EvaluateOptions& options) {
  return {{"source", set.source.string()},
          {"images", set.rows()},
          {"images_skipped", set.files - set.rows()},
          {"lost_trials", set.lost_trials},
          {"replicates", options.figures.bootstrap.replicates},
          {"seed", options.figures.bootstrap.seed}};
}

json system_json(const System& system) {
  json object = {{"name", system.variant.name},
                 {"file", system.variant.file.filename().string()},
                 {"runtime", to_string(system.variant.runtime)},
                 {"figures", figures_json(system.evaluation)}};
  for (const ConditionRates& condition : system.conditions) {
    object["conditions"].push_back({{"name", condition.name},
                                    {"mean", condition.mean},
                                    {"own_thresholds", rate_json(condition.rates.own_thresholds)},
                                    {"one_threshold", rate_json(condition.rates.one_threshold)}});
  }
  return object;
}

absl::Status add_comparison(const TrialSet& set, const System& before, const System& after,
                            const Comparison& comparison, json& evaluation) {
  const json ends = {{"from", before.variant.name}, {"to", after.variant.name}};
  json losses = ends;
  losses["points"] = losses_json(comparison.losses);
  evaluation["losses"].push_back(std::move(losses));
  json drift = ends;
  drift["points"] = drift_json(comparison.drift);
  evaluation["drift"].push_back(std::move(drift));
  if (comparison.cross) {
    evaluation["cosine"].push_back({{"from", before.variant.name},
                                    {"to", after.variant.name},
                                    {"mean", comparison.mean_cosine},
                                    {"first_percentile", comparison.first_percentile_cosine},
                                    {"lowest", comparison.lowest_cosine}});
    evaluation["cross"].push_back({{"enrolled", before.variant.name},
                                   {"probe", after.variant.name},
                                   {"figures", figures_json(comparison.cross->before_enrols)}});
    evaluation["cross"].push_back({{"enrolled", after.variant.name},
                                   {"probe", before.variant.name},
                                   {"figures", figures_json(comparison.cross->after_enrols)}});
  }
  if (comparison.groups) {
    const GroupChange& change = *comparison.groups;
    const auto add = [&](const System& system, double threshold,
                         const GroupDifferential& differential) {
      evaluation["groups"].push_back(
          {{"variant", system.variant.name},
           {"threshold", threshold},
           {"far", comparison.operating_far},
           {"differential", groups_json(differential, group_names(set, differential))}});
    };
    if (!evaluation.contains("groups")) add(before, change.threshold_before, change.before);
    add(after, change.threshold_after, change.after);
  }
  if (comparison.changed && !evaluation.contains("changed")) {
    DURWARD_ASSIGN_OR_RETURN(evaluation["changed"],
                             changed_section(set, before, after, comparison));
  }
  return absl::OkStatus();
}

json certificate_check_json(const System& system, const CertificateCheck& check) {
  json points = json::array();
  for (const CertificateCheck::Point& point : check.points) {
    points.push_back({{"far_target", point.certified.far},
                      {"threshold", point.certified.threshold},
                      {"far_bound", point.certified.far_bound},
                      {"far", point.measured.far},
                      {"far_bounds", bounds_json(point.measured.far_bounds)},
                      {"far_promise", to_string(point.far)},
                      {"tar_bound", point.certified.tar_bound},
                      {"tar", point.measured.tar},
                      {"tar_bounds", bounds_json(point.measured.tar_bounds)},
                      {"tar_promise", to_string(point.tar)}});
  }
  return {{"variant", system.variant.name},
          {"same_trials", check.same_trials},
          {"points", std::move(points)}};
}

}  // namespace durward
