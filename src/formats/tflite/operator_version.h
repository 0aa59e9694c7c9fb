// Operator versions: a runtime refuses a model with an operator above the version it knows.
#pragma once

#include <cstdint>
#include <optional>

#include "formats/tflite/tflite_generated.h"
#include "formats/tflite/tflite_ops.h"

namespace durward {

// The smallest version of `code` that defines what `op` does on its tensors. The source is
// TFLite's register of operator versions.
[[nodiscard]] int32_t operator_version(tflite::BuiltinOperator code, const tflite::OperatorT& op,
                                       const tflite::SubGraphT& subgraph);

// The version to write for `version` where the reader has only these operators; nullopt where it
// would not find one that does the same. A reader that finds an operator at version 1 alone has it
// for the same types as a newer one at 2: version 2 says no more of them than that int8 is among
// their types.
[[nodiscard]] std::optional<int32_t> version_within(TfliteOps ops, tflite::BuiltinOperator code,
                                                    int32_t version);

}  // namespace durward
