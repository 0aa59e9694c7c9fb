// What is known of a target's processor and memory, and what its kernels take by it: the "device"
// of a target file (docs/targets.md). Every number there names its source.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "base/status.h"

namespace durward {

// Between low and high; the two are equal where there is no doubt.
struct SourcedRange {
  double low = 0, high = 0;
  std::string source;
};

// What one core does in a cycle.
struct CostModel {
  SourcedRange int8_macs, float_macs;         // the most that its instructions can do
  SourcedRange dense_share, depthwise_share;  // of those, that kernels reach
  SourcedRange layer_outputs;                 // outputs of layers that are requantised and stored
  SourcedRange other_elements;                // outputs of everything that has no products
};

struct TargetDevice {
  std::string processor, isa;
  SourcedRange clock_hz, cores;
  SourcedRange memory_bytes;                // for activations, and weights where there is no flash
  std::optional<SourcedRange> flash_bytes;  // where weights stay in place
  std::set<std::string> encodings;          // "int8", "float32": that it computes in at speed
  // Kinds of calls (docs/plan.md) that have a kernel; none named: all.
  std::set<std::string> calls;
  std::string calls_source;
  CostModel cost;
};

// Errors: InvalidArgument naming the field, also for a number without a source.
[[nodiscard]] absl::StatusOr<TargetDevice> parse_target_device(const nlohmann::json& device);

}  // namespace durward
