#include "pipeline/precision_json.h"

#include <cmath>

#include "report/result_json.h"

namespace durward {
namespace {

using nlohmann::json;

json judged(const EmbeddingLoss& loss, const std::optional<std::vector<TarLoss>>& losses) {
  json entry = {{"cosine_mean", loss.mean_cosine},
                {"cosine_min", loss.lowest_cosine},
                {"loss", loss.loss()},
                {"snr_db", std::isfinite(loss.snr_db) ? json(loss.snr_db) : json()}};
  if (losses) entry["losses"] = losses_json(*losses);
  return entry;
}

json held_out_json(const CalibrationSet& held_out) {
  return {{"images", held_out.samples.samples.count}, {"digest", held_out.digest}};
}

json number_or_null(const std::optional<double>& value) { return value ? json(*value) : json(); }

}  // namespace

json ablation_json(const std::vector<AblationRow>& rows, const CalibrationSet& held_out) {
  json list = json::array();
  for (const AblationRow& row : rows) {
    list.push_back(judged(row.loss, row.losses));
    list.back()["name"] = row.name;
  }
  return {{"held_out", held_out_json(held_out)}, {"rows", std::move(list)}};
}

json sensitivity_json(const Sensitivity& sensitivity, const CalibrationSet& held_out) {
  json units = json::array();
  for (size_t i = 0; i < sensitivity.units.size(); ++i) {
    const PrecisionUnit& unit = sensitivity.units[i];
    const UnitSensitivity& measured = sensitivity.of_unit[i];
    json entry = json::object();
    if (unit.candidates.front() != Precision::kFloat32) {
      entry = judged(measured.alone, measured.losses);
    }
    entry["name"] = unit.name;
    entry["op"] = unit.op;
    entry["nodes"] = unit.nodes.size();
    entry["precisions"] = json::array();
    for (const Precision precision : unit.candidates) {
      entry["precisions"].push_back(to_string(precision));
    }
    units.push_back(std::move(entry));
  }
  return {{"held_out", held_out_json(held_out)},
          {"together", judged(sensitivity.together, sensitivity.losses_together)},
          {"units", std::move(units)}};
}

json mixed_json(const MixedChoice& choice, const MixedLimits& limits,
                const CalibrationSet& held_out) {
  json front = json::array();
  for (const MixedPoint& point : choice.front) {
    json entry = judged(point.loss, point.losses);
    entry["in_float"] = point.in_float;
    entry["foreseen_loss"] = point.foreseen.loss;
    entry["foreseen_ms"] = point.foreseen_us / 1e3;
    entry["ms"] = point.us / 1e3;
    entry["bytes"] = point.bytes;
    if (point.evaluation) {
      json figures = figures_json(*point.evaluation);
      figures.erase("det");
      entry["figures"] = std::move(figures);
    }
    front.push_back(std::move(entry));
  }
  return {{"held_out", held_out_json(held_out)},
          {"limits",
           {{"latency_ms", number_or_null(limits.latency_ms)},
            {"bytes", number_or_null(limits.bytes)},
            {"loss", number_or_null(limits.loss)}}},
          {"profiles", choice.devices},
          {"chosen", choice.chosen},
          {"front", std::move(front)}};
}

}  // namespace durward
