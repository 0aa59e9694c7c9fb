// The normalisation of measured features as C, for a firmware that measures them.
#pragma once

#include <string>

#include "data/feature_spec.h"
#include "engine/plan.h"
#include "micro/export_c.h"

namespace durward {

// NAME_features.h: tables, and NAME_features(raw, input), which gives the bits that
// apply_feature_spec and then the quantisation of the plan's first input give.
[[nodiscard]] CFile feature_header(const FeatureSpec& spec, const Plan& plan,
                                   const std::string& name);

}  // namespace durward
