#include "pipeline/attacks_json.h"

#include <cmath>

namespace durward {
namespace {

using nlohmann::json;

json interval_json(const Interval& interval) {
  return json::array({interval.lower, interval.upper});
}

json pictures_json(const PresentedKind& kind) {
  return {{"name", kind.name}, {"pictures", kind.pictures}, {"used", kind.used}};
}

json rate_json(const ErrorRate& rate) {
  return {{"errors", rate.errors},
          {"presentations", rate.presentations},
          {"rate", rate.rate},
          {"interval", interval_json(rate.interval)}};
}

json paired_json(const PairedErrors& errors, std::string_view kind) {
  return {{"kind", kind},
          {"presentations", errors.presentations},
          {"new_errors", errors.new_errors},
          {"mended_errors", errors.mended_errors},
          {"increase", errors.increase},
          {"interval", interval_json(errors.interval)},
          {"p_value", errors.p_value}};
}

const std::string& species_name(const AttackSet& set, int32_t species) {
  return set.species[static_cast<size_t>(species)].name;
}

json point_json(const AttackSet& set, const AttackPoint& point) {
  json apcer = json::array();
  for (const SpeciesRate& species : point.rates.species) {
    json entry = rate_json(species.apcer);
    entry["species"] = species_name(set, species.species);
    apcer.push_back(std::move(entry));
  }
  const auto& bpcer = point.rates.bpcer;
  return {{"name", point.name},
          {"threshold", point.threshold},
          {"bpcer", bpcer ? rate_json(*bpcer) : json()},
          {"apcer", std::move(apcer)}};
}

json variant_json(const AttackSet& set, const AttackSystem& system) {
  json points = json::array();
  for (const AttackPoint& point : system.points) points.push_back(point_json(set, point));
  return {{"name", system.variant.name},
          {"file", system.variant.file.filename().string()},
          {"runtime", to_string(system.variant.runtime)},
          {"points", std::move(points)}};
}

json change_json(const AttackSet& set, const AttackSystem& before, const AttackSystem& after,
                 const std::vector<AttackChange>& changes) {
  json points = json::array();
  for (const AttackChange& change : changes) {
    json kinds = json::array();
    if (change.errors.live) kinds.push_back(paired_json(*change.errors.live, kLive));
    for (const auto& species : change.errors.species) {
      kinds.push_back(paired_json(species.errors, species_name(set, species.species)));
    }
    points.push_back({{"name", change.name}, {"kinds", std::move(kinds)}});
  }
  return {{"from", before.variant.name}, {"to", after.variant.name}, {"points", std::move(points)}};
}

}  // namespace

absl::StatusOr<json> attacks_json(const AttackSet& set, const std::vector<AttackSystem>& systems,
                                  const AttackOptions& options) {
  json attacks = {{"source", set.source.string()},
                  {"live", pictures_json(set.live)},
                  {"species", json::array()},
                  {"bpcer_target", options.bpcer_target},
                  {"live_needed", std::ceil(3 / options.bpcer_target)},
                  {"variants", json::array()}};
  for (const PresentedKind& kind : set.species) attacks["species"].push_back(pictures_json(kind));
  for (const AttackSystem& system : systems) {
    attacks["variants"].push_back(variant_json(set, system));
    if (&system == &systems.front()) continue;
    DURWARD_ASSIGN_OR_RETURN(const std::vector<AttackChange> changes,
                             compare_attacks(systems.front(), system));
    attacks["changes"].push_back(change_json(set, systems.front(), system, changes));
  }
  return attacks;
}

}  // namespace durward
