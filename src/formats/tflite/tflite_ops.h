// Which operators, in which versions and with which weights, the reader of a .tflite file takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

enum class TfliteOps : uint8_t {
  // TensorFlow Lite, LiteRT, and TFLite Micro since September 2024 (tflite-micro pull request
  // 2673).
  kCurrent,
  // TFLite Micro before: its FULLY_CONNECTED takes the first scale of the weights for all of them.
  kMicro,
  // TFLite Micro of TensorFlow 2.2 and before, spring 2020: also the versions of operators that
  // AllOpsResolver registers are the highest that are found.
  kMicro2020,
};

[[nodiscard]] std::string_view to_string(TfliteOps ops);  // "current", "micro", "micro-2020"
// InvalidArgument lists the names.
[[nodiscard]] absl::StatusOr<TfliteOps> parse_tflite_ops(std::string_view name);
[[nodiscard]] std::vector<std::string_view> tflite_ops_names();

}  // namespace durward
