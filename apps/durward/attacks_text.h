// Errors of presentation-attack detectors as tables for a terminal.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace durward {

// The value of "attacks" of a result document.
[[nodiscard]] std::string attacks_text(const nlohmann::json& attacks);

}  // namespace durward
