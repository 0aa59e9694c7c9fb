// Fused factors as one HTML file that needs no network and no script.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace durward {

// Renders a result document with "fusion" (docs/result-json.md). Parts that it lacks are left out;
// every text of it is escaped.
[[nodiscard]] std::string render_fusion_report(const nlohmann::json& result);

}  // namespace durward
