// Profiles as one HTML file that needs no network and no script.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace durward {

// Renders a profile document (docs/profile.md). Parts that it lacks are left out; every text of it
// is escaped.
[[nodiscard]] std::string render_profile_report(const nlohmann::json& document);

}  // namespace durward
