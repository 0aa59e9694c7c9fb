// Any text gives a policy whose promises hold, or an error.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "auth/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto policy = durward::parse_policy({reinterpret_cast<const char*>(data), size});
  if (!policy.ok()) return 0;
  if (!(policy->llr_threshold() >= 0) || !std::isfinite(policy->llr_threshold())) std::abort();
  int64_t with_floor = 0;
  for (const auto& factor : policy->factors) {
    with_floor += factor.use == durward::FactorUse::kFor && factor.llr_floor.has_value();
  }
  if (policy->factors_needed > 1 && with_floor < policy->factors_needed) std::abort();
  return 0;
}
