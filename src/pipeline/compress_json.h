// The steps of a compression as parts of a result document (docs/result-json.md).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipeline/calibration_set.h"
#include "pipeline/compress.h"
#include "pipeline/export_files.h"
#include "pipeline/layer_noise.h"
#include "pipeline/model_file.h"
#include "pipeline/tuning.h"

namespace durward {

// The document as it begins: "schema", "tool" with the present date, "machine", and empty
// "warnings" and "gates".
[[nodiscard]] nlohmann::json new_result(const CompressRequest& request);

// The value of "model". `rewritten`: the file's graph after simplify().
[[nodiscard]] nlohmann::json model_json(const ModelFile& file, const Graph& rewritten,
                                        const CompressRequest& request);

// The value of "calibration", which `models` were quantised by.
[[nodiscard]] nlohmann::json calibration_json(const CompressRequest& request,
                                              const CalibrationSet& set,
                                              const QuantizedModels& models);

// What a checkpoint must have been made with to be gone on from.
[[nodiscard]] std::string tune_identity(const ModelFile& file, const CalibrationSet& calibration,
                                        const CalibrationSet& training,
                                        const CompressRequest& request);

// The value of "tuning"; `training` was trained on.
[[nodiscard]] nlohmann::json tuning_json(const TuneOptions& options, const CalibrationSet& training,
                                         const TunedModels& tuned);

// The value of "layers".
[[nodiscard]] nlohmann::json layers_json(const std::vector<LayerNoise>& layers);

// A value of "agreement".
[[nodiscard]] nlohmann::json agreement_json(RuntimeKind runtime, const Agreement& agreement);

}  // namespace durward
