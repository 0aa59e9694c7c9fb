#include "report/result_json.h"

namespace durward {
namespace {

using nlohmann::json;

json optional_json(const std::optional<double>& value) { return value ? json(*value) : json(); }

json interval_json(const std::optional<Interval>& interval) {
  return interval ? json{interval->lower, interval->upper} : json();
}

}  // namespace

std::string result_text(const json& result) {
  return result.dump(2, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace) + "\n";
}

json figures_json(const Evaluation& evaluation) {
  json points = json::array();
  for (const OperatingPoint& point : evaluation.operating_points) {
    points.push_back({{"far_target", point.far_target},
                      {"threshold", point.threshold},
                      {"threshold_interval", interval_json(point.threshold_interval)},
                      {"far", point.far},
                      {"tar", point.tar},
                      {"tar_interval", interval_json(point.tar_interval)},
                      {"false_accepts", point.false_accepts},
                      {"false_rejects", point.false_rejects},
                      {"few_errors", point.support == FarSupport::kFewErrors}});
  }
  json refused = json::array();
  for (const double far : evaluation.refused_fars) {
    refused.push_back({{"far", far}, {"impostors_needed", impostor_trials_needed(far)}});
  }
  json det = json::array();
  for (const DetPoint& point : evaluation.det) {
    det.push_back({point.far, point.frr, point.threshold});
  }
  json figures = {{"genuine", evaluation.genuine_trials},
                  {"impostors", evaluation.impostor_trials},
                  {"people", evaluation.people},
                  {"eer", evaluation.equal_error_rate},
                  {"eer_threshold", evaluation.equal_error_threshold},
                  {"eer_interval", interval_json(evaluation.equal_error_interval)},
                  {"min_cllr", evaluation.min_cllr},
                  {"operating_points", std::move(points)},
                  {"refused_fars", std::move(refused)},
                  {"det", std::move(det)}};
  if (!evaluation.replicates) figures["no_intervals_because"] = evaluation.no_intervals_because;
  return figures;
}

json losses_json(std::span<const TarLoss> losses) {
  json points = json::array();
  for (const TarLoss& loss : losses) {
    points.push_back({{"far", loss.far},
                      {"loss", loss.loss},
                      {"interval", interval_json(loss.interval)},
                      {"upper_bound", optional_json(loss.upper_bound)},
                      {"lower_bound", optional_json(loss.lower_bound)}});
  }
  return points;
}

json drift_json(std::span<const ThresholdDrift> drift) {
  json points = json::array();
  for (const ThresholdDrift& entry : drift) {
    points.push_back({{"far_target", entry.far_target},
                      {"old_threshold", entry.old_threshold},
                      {"new_threshold", entry.new_threshold},
                      {"far_at_old", entry.far_at_old},
                      {"tar_at_old", entry.tar_at_old}});
  }
  return points;
}

json groups_json(const GroupDifferential& differential, std::span<const std::string> names) {
  json groups = json::array();
  for (size_t i = 0; i < differential.groups.size() && i < names.size(); ++i) {
    const GroupRates& group = differential.groups[i];
    groups.push_back({{"name", names[i]},
                      {"genuine", group.genuine_trials},
                      {"false_non_matches", group.false_non_matches},
                      {"impostors", group.impostor_trials},
                      {"false_matches", group.false_matches},
                      {"fnmr", optional_json(group.fnmr())},
                      {"fmr", optional_json(group.fmr())}});
  }
  return {{"groups", std::move(groups)},
          {"fmr_worst_to_mean", optional_json(differential.fmr_worst_to_mean)},
          {"fnmr_worst_to_mean", optional_json(differential.fnmr_worst_to_mean)}};
}

json changed_json(const ChangedDecisions& changed) {
  return {{"new_false_rejects", changed.new_false_rejects},
          {"mended_false_rejects", changed.mended_false_rejects},
          {"new_false_accepts", changed.new_false_accepts},
          {"mended_false_accepts", changed.mended_false_accepts}};
}

std::string change_kind(const ChangedDecision& change) {
  const bool right_before = change.genuine == change.accepted_before;
  return absl::StrCat(right_before ? "new" : "mended",
                      change.genuine ? " false reject" : " false accept");
}

json gate_json(const GateResult& result) {
  return {{"text", result.gate.text},
          {"verdict", std::string(to_string(result.verdict))},
          {"reason", result.reason}};
}

}  // namespace durward
