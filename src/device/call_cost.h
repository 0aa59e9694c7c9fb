// What the calls and steps of a plan cost by their numbers alone: multiply-accumulates and bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/plan.h"

namespace durward::device {

// What takes a multiply-accumulate's time differs; what has none is counted by its outputs.
enum class CostClass : uint8_t {
  kDenseInt8,
  kDepthwiseInt8,
  kDenseFloat,
  kDepthwiseFloat,
  kOtherInt8,
  kOtherFloat
};
inline constexpr CostClass kCostClasses[] = {CostClass::kDenseInt8,  CostClass::kDepthwiseInt8,
                                             CostClass::kDenseFloat, CostClass::kDepthwiseFloat,
                                             CostClass::kOtherInt8,  CostClass::kOtherFloat};
[[nodiscard]] const char* name(CostClass cost);  // "dense_int8", "depthwise_float", "other_int8"

struct CallCost {
  CostClass cost = CostClass::kOtherInt8;
  int64_t macs = 0;     // multiply-accumulates, of all steps
  int64_t outputs = 0;  // elements
  int64_t bytes = 0;    // read and written, weights once for each step, and moved rows
  int64_t steps = 0;
  bool integer = true;  // computes in integers; else in float
};
// By call of the plan, over all steps of one run. The plan is verified.
[[nodiscard]] std::vector<CallCost> call_costs(const Plan& plan);

// What the compiler made part of a call besides the layer itself: "add", "prelu", "clamp".
[[nodiscard]] std::vector<std::string> fused_into(const Plan& plan, const PlanCall& call);

}  // namespace durward::device
