// The report: what a compression or an evaluation did, as one HTML file that needs no network, no
// script and no colour.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/status.h"

namespace durward {

// Renders a result document (docs/result-json.md). Parts that the document lacks are left out with
// a sentence; every text of it is escaped. InvalidArgument where it is no object or its "schema" is
// not the one that this version writes.
[[nodiscard]] absl::StatusOr<std::string> render_report(const nlohmann::json& result);

}  // namespace durward
