// Latencies as parts of a result document (docs/result-json.md).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "pipeline/speed.h"

namespace durward {

// A value of "placement.ops".
[[nodiscard]] nlohmann::json placement_json(const std::vector<OpGroup>& groups);

// The value of "runs". Names of float subjects end in ", RUNTIME"; the first one of a runtime is
// what the others there are compared with. `evaluated`: the document has an "evaluation".
[[nodiscard]] nlohmann::json runs_json(const std::vector<SpeedRow>& rows, const BenchOptions& bench,
                                       bool evaluated);

// The value of "recommendation": the fastest INT8 file on this machine; another target may prefer
// another. Nothing where none was measured. `evaluation` is the document's, or null.
[[nodiscard]] std::optional<nlohmann::json> recommendation_json(const std::vector<SpeedRow>& rows,
                                                                const nlohmann::json& evaluation);

}  // namespace durward
