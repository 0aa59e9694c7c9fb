// The steps of a compression that measure what precision costs where: ablation, and the choice of
// mixed precision.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipeline/calibration_set.h"
#include "pipeline/compress.h"
#include "pipeline/evaluate.h"

namespace durward {

// What they are given by the steps before them.
struct PrecisionContext {
  const CompressRequest& request;
  const Graph& simplified;
  const CalibrationSet& calibration;
  const TrialSet* trials;  // may be nullptr
  const QuantizeModelsOptions& options;
  const EvaluateOptions& evaluation;
};

// By request.ablate and request.mixed. Adds "ablation", "sensitivity" and "mixed" to the result;
// where precisions were chosen, `models` are made anew with them. Errors: those of
// load_held_out_set, ablate, choose_precisions and quantize_models.
[[nodiscard]] absl::Status measure_precision(const PrecisionContext& context,
                                             QuantizedModels& models, nlohmann::json& result);

}  // namespace durward
