#include "auth/decision_record.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace durward {
namespace {

using nlohmann::ordered_json;

ordered_json number_or_null(double value) {
  return std::isfinite(value) ? ordered_json(value) : ordered_json();
}

std::string_view template_word(TemplateMatch match) {
  switch (match) {
    case TemplateMatch::kSameModel:
      return "same-model";
    case TemplateMatch::kCompatibleModel:
      return "compatible-model";
    case TemplateMatch::kOtherModel:
      break;
  }
  return "other-model";
}

ordered_json factor_json(const FactorEvidence& factor) {
  ordered_json json = {{"modality", factor.modality}};
  if (factor.missing) json["missing"] = std::string(name_of(*factor.missing));
  if (!factor.detail.empty()) json["detail"] = factor.detail;
  if (factor.fault) json["fault"] = std::string(name_of(*factor.fault));
  json["samples"] = factor.samples;
  json["qualities"] = ordered_json::object();
  for (const Measure& quality : factor.qualities) {
    json["qualities"][quality.name] = number_or_null(quality.value);
  }
  if (!factor.missing) {
    json["score"] = number_or_null(factor.score);
    json["llr"] = number_or_null(factor.llr);
    json["template"] = std::string(template_word(factor.template_match));
    json["template_age_days"] = factor.template_age_days;
    json["bundle_sha256"] = factor.bundle_sha256;
  }
  if (factor.pad_llr) json["pad_llr"] = number_or_null(*factor.pad_llr);
  if (factor.challenge) json["challenge"] = std::string(name_of(*factor.challenge));
  json["capture_ms"] = factor.capture_ms;
  json["evaluate_ms"] = factor.evaluate_ms;
  return json;
}

}  // namespace

std::string record_text(const DecisionRecord& record) {
  const Decision& decision = record.decision;
  ordered_json json = {{"request", record.request},
                       {"time_ms", record.time_ms},
                       {"user", record.user},
                       {"policy", record.policy},
                       {"policy_sha256", record.policy_sha256},
                       {"verdict", std::string(name_of(decision.verdict))},
                       {"reason", std::string(name_of(decision.reason))}};
  if (!decision.factor.empty()) json["factor"] = decision.factor;
  json["deadline_hit"] = record.deadline_hit;
  json["fused_llr"] = decision.fused_llr ? number_or_null(*decision.fused_llr) : ordered_json();
  json["threshold"] = decision.threshold;
  json["factors_counted"] = decision.factors_counted;
  json["failures"] = record.failures;
  json["locked_ms"] = record.locked_ms;
  json["factors"] = ordered_json::array();
  for (const FactorEvidence& factor : record.factors)
    json["factors"].push_back(factor_json(factor));
  json["capture_ms"] = record.capture_ms;
  json["decide_ms"] = record.decide_ms;
  json["since_last_sample_ms"] = record.since_last_sample_ms;
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace durward
