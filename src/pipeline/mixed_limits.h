// What a model of mixed precision must keep to.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

namespace durward {

// At least one of the first three.
struct MixedLimits {
  std::optional<double> latency_ms = {};  // one thread: on this machine, or as the profiles say
  std::optional<double> bytes = {};       // of the plan
  std::optional<double> loss = {};  // 1 - mean cosine to the float model, on the held-out samples
  std::vector<std::filesystem::path> profiles = {};  // of a device, instead of this machine
};

}  // namespace durward
