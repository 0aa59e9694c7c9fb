// Fused factors as tables for a terminal.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace durward {

// Of the "fusion" part of a result document: figures of each factor and of both, what fusion adds,
// and what passes with one factor stolen.
[[nodiscard]] std::string fusion_text(const nlohmann::json& fusion);

}  // namespace durward
