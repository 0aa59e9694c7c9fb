// Ablation, sensitivity and mixed precision as parts of a result document (docs/result-json.md).
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "pipeline/ablation.h"
#include "pipeline/calibration_set.h"
#include "pipeline/mixed.h"

namespace durward {

// The values of "ablation", "sensitivity" and "mixed"; `held_out` is what the judge was given.
[[nodiscard]] nlohmann::json ablation_json(const std::vector<AblationRow>& rows,
                                           const CalibrationSet& held_out);
[[nodiscard]] nlohmann::json sensitivity_json(const Sensitivity& sensitivity,
                                              const CalibrationSet& held_out);
[[nodiscard]] nlohmann::json mixed_json(const MixedChoice& choice, const MixedLimits& limits,
                                        const CalibrationSet& held_out);

}  // namespace durward
