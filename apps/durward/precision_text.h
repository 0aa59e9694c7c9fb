// Ablation, sensitivity and mixed precision, as a result document has them, as tables for a
// terminal.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace durward {

[[nodiscard]] std::string ablation_table(const nlohmann::json& ablation);
// The `most` most sensitive units, and all of them together.
[[nodiscard]] std::string sensitivity_table(const nlohmann::json& sensitivity, size_t most);
[[nodiscard]] std::string mixed_table(const nlohmann::json& mixed);

}  // namespace durward
