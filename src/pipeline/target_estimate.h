// What of a model fits a target, what falls back there, and about how long a run takes.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "pipeline/model_file.h"
#include "pipeline/target.h"

namespace durward {

// Of a bundle, as it is; of a float model, as it would be in int8 and as it is. `target` has a
// device. The document has "fits", "memory", "falls_back" and, by arithmetic, "estimates"
// (docs/targets.md). Errors: those of reading the model and of build_plan.
[[nodiscard]] absl::StatusOr<nlohmann::json> estimate_on_target(const std::filesystem::path& model,
                                                                const Target& target,
                                                                const ModelReading& reading = {});

}  // namespace durward
