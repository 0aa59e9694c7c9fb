#include "pipeline/sensitivity.h"

#include <algorithm>

namespace durward {
namespace {

bool has_integers(const PrecisionUnit& unit) {
  return unit.candidates.front() != Precision::kFloat32;
}

std::vector<Precision> only_in_int8(const std::vector<PrecisionUnit>& units, size_t unit) {
  std::vector<Precision> precisions(units.size(), Precision::kFloat32);
  precisions[unit] = Precision::kInt8;
  return precisions;
}

std::vector<Precision> cheapest(const std::vector<PrecisionUnit>& units) {
  std::vector<Precision> precisions;
  for (const PrecisionUnit& unit : units) precisions.push_back(unit.candidates.front());
  return precisions;
}

}  // namespace

absl::StatusOr<Graph> MixedModel::mixture(const std::vector<PrecisionUnit>& units,
                                          const std::vector<Precision>& precisions) const {
  QuantizeOptions options = quantize;
  options.layer_inputs = models->layer_inputs.empty() ? nullptr : &models->layer_inputs;
  options.keep_float = float_nodes(models->prepared, units, precisions);
  return durward::quantize(models->prepared, models->calibration, options);
}

absl::StatusOr<Sensitivity> measure_sensitivity(const MixedModel& model, const GraphJudge& judge,
                                                int64_t worst, const Progress& progress) {
  Sensitivity result;
  result.units = precision_units(model.models->prepared);
  result.of_unit.resize(result.units.size());
  const auto count = static_cast<int64_t>(result.units.size());
  for (size_t i = 0; i < result.units.size(); ++i) {
    if (progress && !progress("sensitivity of each layer", static_cast<int64_t>(i), count)) {
      return absl::CancelledError("stopped while measuring the sensitivity of each layer");
    }
    if (!has_integers(result.units[i])) continue;
    DURWARD_ASSIGN_OR_RETURN(const Graph graph,
                             model.mixture(result.units, only_in_int8(result.units, i)));
    DURWARD_ASSIGN_OR_RETURN(result.of_unit[i].alone, judge.embedding_loss(graph));
  }
  DURWARD_ASSIGN_OR_RETURN(const Graph all, model.mixture(result.units, cheapest(result.units)));
  DURWARD_ASSIGN_OR_RETURN(result.together, judge.embedding_loss(all));
  if (!judge.has_trials()) return result;
  DURWARD_ASSIGN_OR_RETURN(GraphJudge::Trials together, judge.on_trials(all, "all in int8"));
  result.losses_together = std::move(together.losses);
  std::vector<size_t> order = most_sensitive(result);
  order.resize(std::min(order.size(), static_cast<size_t>(worst)));
  for (const size_t unit : order) {
    DURWARD_ASSIGN_OR_RETURN(const Graph graph,
                             model.mixture(result.units, only_in_int8(result.units, unit)));
    DURWARD_ASSIGN_OR_RETURN(GraphJudge::Trials alone,
                             judge.on_trials(graph, result.units[unit].name));
    result.of_unit[unit].losses = std::move(alone.losses);
  }
  return result;
}

std::vector<size_t> most_sensitive(const Sensitivity& sensitivity) {
  std::vector<size_t> order;
  for (size_t i = 0; i < sensitivity.units.size(); ++i) {
    if (has_integers(sensitivity.units[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return sensitivity.of_unit[a].alone.loss() > sensitivity.of_unit[b].alone.loss();
  });
  return order;
}

}  // namespace durward
