// Error rates of an evaluation's conditions, as the postures of touch dynamics.
#pragma once

#include <vector>

#include "report/html.h"
#include "report/json_view.h"

namespace durward {

// A row for each condition of the first of "evaluation.variants" and two columns for each variant;
// empty where the trials have no conditions.
[[nodiscard]] Html condition_table(const std::vector<JsonView>& variants);

}  // namespace durward
