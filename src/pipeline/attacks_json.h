// Presentation-attack detection as a part of a result document (docs/result-json.md).
#pragma once

#include <nlohmann/json.hpp>

#include "pipeline/attacks.h"

namespace durward {

// The value of "attacks" of these systems, the first against each of the others. Errors: those of
// compare_attacks.
[[nodiscard]] absl::StatusOr<nlohmann::json> attacks_json(const AttackSet& set,
                                                          const std::vector<AttackSystem>& systems,
                                                          const AttackOptions& options);

}  // namespace durward
