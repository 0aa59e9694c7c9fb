// Profiles as tables for a terminal.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace durward {

// Of a profile document: whole runs, the `most` slowest ops of each profile, comparisons, warnings.
[[nodiscard]] std::string profile_text(const nlohmann::json& document, size_t most);

// An element of a document's "comparisons".
[[nodiscard]] std::string comparison_text(const nlohmann::json& comparison, size_t most);

}  // namespace durward
