// Made-up inputs by which a bundle proves on any machine that it computes what was validated.
#pragma once

#include <vector>

#include "data/preprocessing.h"

namespace durward {

// Inputs of the shape that the preprocessing gives, which are nobody's: a bundle goes to devices,
// where no recording of the calibration belongs. The same in each run.
[[nodiscard]] absl::StatusOr<std::vector<std::vector<float>>> golden_inputs(
    const Preprocessing& preprocessing);

}  // namespace durward
