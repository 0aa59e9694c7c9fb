// Operator versions: a runtime refuses a model with an operator above the version it knows.
#pragma once

#include <cstdint>

#include "formats/tflite/tflite_generated.h"

namespace durward {

// The smallest version of `code` that defines what `op` does on its tensors. The source is
// TFLite's register of operator versions.
[[nodiscard]] int32_t operator_version(tflite::BuiltinOperator code, const tflite::OperatorT& op,
                                       const tflite::SubGraphT& subgraph);

}  // namespace durward
