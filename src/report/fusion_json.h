// The "fusion" part of a result document (docs/result-json.md).
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "biometrics/fusion.h"

namespace durward {

// Where a factor's scores are from.
struct FusionSource {
  std::string name;          // "face"
  std::string file, sha256;  // the list of scores
  int64_t people = 0, genuine = 0, impostors = 0;
};

// By what rule was judged.
struct FusionPolicy {
  std::string name, sha256;
  double threshold = 0;  // of the sum of the LLRs
  // In the factors' order; nothing where the policy has none.
  std::array<std::optional<double>, 2> floors = {};
};

// What fuse() found with these options.
[[nodiscard]] nlohmann::json fusion_json(const Fusion& fusion, const FusionOptions& options,
                                         const std::array<FusionSource, 2>& sources,
                                         const FusionPolicy& policy);

}  // namespace durward
