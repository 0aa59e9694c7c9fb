#include "report/fusion_json.h"

#include "report/result_json.h"

namespace durward {
namespace {

using nlohmann::json;

json pair_json(const std::optional<RateBounds>& bounds) {
  return bounds ? json{bounds->lower, bounds->upper} : json();
}

json floors_json(const std::array<std::optional<double>, 2>& floors) {
  json list = json::array();
  for (const std::optional<double>& floor : floors) list.push_back(floor ? json(*floor) : json());
  return list;
}

json stolen_json(const FixedThresholdRates& rates, const json& stolen) {
  return {{"stolen", stolen},
          {"false_accepts", rates.false_accepts},
          {"far", rates.far},
          {"far_bounds", pair_json(rates.far_bounds)}};
}

// `floors` is a list of pairs: one for each fold, or one for all.
json rule_json(const std::string& name, const StolenFactorRates& rates,
               const StolenFactorRates& sum_alone, const FusionOptions& options, json floors) {
  std::optional<RateBounds> frr_bounds;
  if (const auto& tar = rates.none.tar_bounds)
    frr_bounds = RateBounds{1 - tar->upper, 1 - tar->lower};
  return {{"name", name},
          {"floors", std::move(floors)},
          {"false_rejects", rates.none.false_rejects},
          {"frr", 1 - rates.none.tar},
          {"frr_bounds", pair_json(frr_bounds)},
          {"frr_of_floors", sum_alone.none.tar - rates.none.tar},
          {"rates",
           {stolen_json(rates.none, nullptr), stolen_json(rates.a_stolen, options.names[0]),
            stolen_json(rates.b_stolen, options.names[1])}}};
}

json fold_json(const Fusion::Fold& fold) {
  json calibrations = json::array();
  for (const LlrCalibration* one : {&fold.a, &fold.b}) {
    calibrations.push_back({{"weight", one->weights[0]}, {"offset", one->offset}});
  }
  return {{"calibration_people", fold.calibration_people},
          {"test_people", fold.test_people},
          {"calibrations", std::move(calibrations)}};
}

}  // namespace

json fusion_json(const Fusion& fusion, const FusionOptions& options,
                 const std::array<FusionSource, 2>& sources, const FusionPolicy& policy) {
  const TwoFactorEvaluation& figures = fusion.figures;
  json factors = json::array(), folds = json::array(), gains = json::array();
  for (const FusionSource& source : sources) {
    factors.push_back({{"name", source.name},
                       {"file", source.file},
                       {"sha256", source.sha256},
                       {"people", source.people},
                       {"genuine", source.genuine},
                       {"impostors", source.impostors}});
  }
  json measured_floors = json::array();
  for (size_t i = 0; i < fusion.folds.size(); ++i) {
    folds.push_back(fold_json(fusion.folds[i]));
    measured_floors.push_back({figures.rules[i].floor_a, figures.rules[i].floor_b});
  }
  for (const FusionGain& gain : fusion.gains) {
    gains.push_back(
        {{"far", gain.far},
         {"best", options.names[gain.best_is_a ? 0 : 1]},
         {"gain", gain.gain},
         {"interval", gain.interval ? json{gain.interval->lower, gain.interval->upper} : json()},
         {"lower_bound", gain.lower_bound ? json(*gain.lower_bound) : json()}});
  }
  json variants = json::array();
  const auto add_variant = [&](const std::string& name, const Evaluation& evaluation, double cost) {
    variants.push_back({{"name", name}, {"figures", figures_json(evaluation)}, {"cllr", cost}});
  };
  add_variant(options.names[0], figures.a, figures.cllr_a);
  add_variant(options.names[1], figures.b, figures.cllr_b);
  add_variant("fused", figures.fused, figures.cllr_fused);
  json rules = json::array();
  rules.push_back(rule_json("sum alone", figures.sum_alone, figures.sum_alone, options,
                            json::array({floors_json({})})));
  rules.push_back(rule_json("floors found here", figures.rates, figures.sum_alone, options,
                            std::move(measured_floors)));
  if (figures.given) {
    rules.push_back(rule_json("floors of the policy", *figures.given, figures.sum_alone, options,
                              json::array({floors_json(policy.floors)})));
  }
  return {{"factors", std::move(factors)},
          {"chimeric", options.same_person.empty()},
          {"people", fusion.people},
          {"pairings", fusion.pairings},
          {"crosswise", options.crosswise},
          {"seed", options.two_factor.seed},
          {"replicates", options.two_factor.evaluation.bootstrap.replicates},
          {"policy",
           {{"name", policy.name},
            {"sha256", policy.sha256},
            {"threshold", policy.threshold},
            {"floors", floors_json(policy.floors)}}},
          {"stolen_factor_rate", options.two_factor.stolen_factor_rate},
          {"folds", std::move(folds)},
          {"variants", std::move(variants)},
          {"gains", std::move(gains)},
          {"rules", std::move(rules)}};
}

}  // namespace durward
