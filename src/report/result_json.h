// The parts of result.json (docs/result-json.md) that biometric figures become.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "biometrics/changed_decisions.h"
#include "biometrics/evaluation.h"
#include "biometrics/gate.h"
#include "biometrics/group_rates.h"

namespace durward {

// The value of "schema"; render_report() refuses any other.
inline constexpr std::string_view kResultSchema = "durward-result/1";

// A result document as text. Bytes of names that are no UTF-8 become the replacement character.
[[nodiscard]] std::string result_text(const nlohmann::json& result);

[[nodiscard]] nlohmann::json figures_json(const Evaluation& evaluation);
[[nodiscard]] nlohmann::json losses_json(std::span<const TarLoss> losses);
[[nodiscard]] nlohmann::json drift_json(std::span<const ThresholdDrift> drift);
// names has an entry for each group of the differential, in its order.
[[nodiscard]] nlohmann::json groups_json(const GroupDifferential& differential,
                                         std::span<const std::string> names);
// The counts alone; the pipeline adds the samples, since it has the pictures.
[[nodiscard]] nlohmann::json changed_json(const ChangedDecisions& changed);
// "new false reject", "mended false reject", "new false accept" or "mended false accept".
[[nodiscard]] std::string change_kind(const ChangedDecision& change);
[[nodiscard]] nlohmann::json gate_json(const GateResult& result);

}  // namespace durward
