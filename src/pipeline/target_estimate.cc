#include "pipeline/target_estimate.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "bundle/bundle.h"
#include "compile/plan/plan_builder.h"
#include "device/call_cost.h"
#include "graph/cost.h"
#include "passes/passes.h"
#include "pipeline/model_file.h"
#include "runtimes/engine_status.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using device::CallCost;
using device::CostClass;
using nlohmann::json;

constexpr int64_t kFloatBytes = 4;

// A plan that stands for the model on the target.
struct Counted {
  Plan plan;
  std::vector<CallCost> costs;
  int64_t weights_bytes = 0, arena_bytes = 0;
  bool integer = false;  // the plan's own arithmetic; else int8 is guessed from the float plan
};

absl::StatusOr<Counted> count(std::span<const std::byte> plan) {
  Counted counted;
  // Constants are read in place, at a multiple of 64 bytes; only their sizes are wanted here.
  std::vector<std::byte> memory(plan.size() + kPlanAlignment);
  void* place = memory.data();
  size_t room = memory.size();
  std::align(kPlanAlignment, plan.size(), place, room);
  std::copy(plan.begin(), plan.end(), static_cast<std::byte*>(place));
  DURWARD_RETURN_IF_ERROR(
      engine_status(read_plan({static_cast<const std::byte*>(place), plan.size()}, counted.plan)));
  DURWARD_RETURN_IF_ERROR(engine_status(verify_plan(counted.plan)));
  counted.costs = device::call_costs(counted.plan);
  counted.weights_bytes = static_cast<int64_t>(counted.plan.constants.size());
  counted.arena_bytes = static_cast<int64_t>(counted.plan.arena_bytes);
  counted.plan.constants = {};
  return counted;
}

absl::StatusOr<Counted> count_model(const fs::path& model, const Target& target,
                                    const ModelReading& reading) {
  if (absl::AsciiStrToLower(model.extension().string()) == ".bundle") {
    DURWARD_ASSIGN_OR_RETURN(const Bundle bundle, Bundle::open(model));
    DURWARD_ASSIGN_OR_RETURN(Counted counted, count(bundle.plan()));
    counted.integer = true;
    return counted;
  }
  DURWARD_ASSIGN_OR_RETURN(ModelFile file, read_model_file(model, reading));
  DURWARD_RETURN_IF_ERROR(simplify(file.graph));
  DURWARD_ASSIGN_OR_RETURN(
      const std::vector<std::byte> plan,
      build_plan(file.graph, {.arena_bytes = target.arena_bytes * kFloatBytes}));
  return count(plan);
}

// A float call as the integer one that it becomes.
CallCost in_int8(CallCost cost) {
  switch (cost.cost) {
    case CostClass::kDenseFloat:
      cost.cost = CostClass::kDenseInt8;
      break;
    case CostClass::kDepthwiseFloat:
      cost.cost = CostClass::kDepthwiseInt8;
      break;
    case CostClass::kOtherFloat:
      cost.cost = CostClass::kOtherInt8;
      break;
    default:
      break;
  }
  return cost;
}

struct Cycles {
  double low = 0, high = 0;
};

// Products at a share of the most that the instructions do, and then their sums as outputs.
Cycles layer_cycles(const CallCost& cost, const SourcedRange& macs, const SourcedRange& share,
                    const CostModel& model) {
  const auto products = static_cast<double>(cost.macs);
  const auto outputs = static_cast<double>(cost.outputs);
  return {products / (macs.high * share.high) + outputs / model.layer_outputs.high,
          products / (macs.low * share.low) + outputs / model.layer_outputs.low};
}

Cycles cycles_of(const CallCost& cost, const CostModel& model) {
  switch (cost.cost) {
    case CostClass::kDenseInt8:
      return layer_cycles(cost, model.int8_macs, model.dense_share, model);
    case CostClass::kDepthwiseInt8:
      return layer_cycles(cost, model.int8_macs, model.depthwise_share, model);
    case CostClass::kDenseFloat:
      return layer_cycles(cost, model.float_macs, model.dense_share, model);
    case CostClass::kDepthwiseFloat:
      return layer_cycles(cost, model.float_macs, model.depthwise_share, model);
    case CostClass::kOtherInt8:
    case CostClass::kOtherFloat:
      break;
  }
  const auto outputs = static_cast<double>(cost.outputs);
  return {outputs / model.other_elements.high, outputs / model.other_elements.low};
}

json estimate_json(const std::string& arithmetic, const std::vector<CallCost>& costs,
                   const TargetDevice& device) {
  Cycles all;
  int64_t macs = 0;
  std::map<std::string, Cycles> parts;
  for (const CallCost& cost : costs) {
    const Cycles cycles = cycles_of(cost, device.cost);
    Cycles& part = parts[name(cost.cost)];
    for (Cycles* sum : {&all, &part}) {
      sum->low += cycles.low;
      sum->high += cycles.high;
    }
    macs += cost.macs;
  }
  json by_class = json::object();
  for (const auto& [part, cycles] : parts) by_class[part] = {cycles.low, cycles.high};
  return {{"arithmetic", arithmetic},
          {"macs", macs},
          {"cycles", {all.low, all.high}},
          {"ms", {all.low / device.clock_hz.high * 1e3, all.high / device.clock_hz.low * 1e3}},
          // Halfway by ratio: as many times more than the least as less than the most.
          {"ms_middle",
           std::sqrt(all.low / device.clock_hz.high * all.high / device.clock_hz.low) * 1e3},
          {"cycles_by_class", std::move(by_class)}};
}

json memory_json(const Counted& counted, const TargetDevice& device) {
  const int64_t scale = counted.integer ? 1 : kFloatBytes;
  const int64_t weights = counted.weights_bytes / scale, arena = counted.arena_bytes / scale;
  const int64_t in_memory = arena + (device.flash_bytes ? 0 : weights);
  json memory = {{"weights_bytes", weights},
                 {"arena_bytes", arena},
                 {"estimated", !counted.integer},
                 {"memory_bytes", device.memory_bytes.low},
                 {"memory_fits", static_cast<double>(in_memory) <= device.memory_bytes.low}};
  if (device.flash_bytes) {
    memory["flash_bytes"] = device.flash_bytes->low;
    memory["flash_fits"] = static_cast<double>(weights) <= device.flash_bytes->low;
  }
  return memory;
}

// Calls that run in another arithmetic than the target is made for, or have no kernel there.
json fallbacks(const Counted& counted, const TargetDevice& device) {
  json list = json::array();
  for (size_t i = 0; i < counted.plan.calls.size(); ++i) {
    const PlanCall& call = counted.plan.calls[i];
    const std::string kind = name(call.call);
    std::string reason;
    if (!device.calls.empty() && !device.calls.contains(kind)) {
      reason = "there is no kernel for it on this target";
    } else if (counted.integer && !counted.costs[i].integer && counted.costs[i].macs > 0) {
      reason = "it runs in float";
    } else if (!counted.costs[i].integer && counted.integer &&
               !device.encodings.contains("float32"))
      reason = "it computes in float, which this target does without instructions for it";
    if (!reason.empty()) list.push_back({{"name", call.name}, {"kind", kind}, {"reason", reason}});
  }
  return list;
}

}  // namespace

absl::StatusOr<json> estimate_on_target(const fs::path& model, const Target& target,
                                        const ModelReading& reading) {
  const TargetDevice& device = *target.device;
  DURWARD_ASSIGN_OR_RETURN(const Counted counted, count_model(model, target, reading));
  json result = {{"target", target.name},
                 {"description", target.description},
                 {"processor", device.processor},
                 {"isa", device.isa},
                 {"clock_hz", {device.clock_hz.low, device.clock_hz.high}},
                 {"threads", 1},
                 {"memory", memory_json(counted, device)},
                 {"falls_back", counted.integer ? fallbacks(counted, device) : json::array()},
                 {"estimates", json::array()}};
  if (counted.integer) {
    result["estimates"].push_back(estimate_json("as compiled", counted.costs, device));
  } else {
    std::vector<CallCost> integer = counted.costs;
    std::transform(integer.begin(), integer.end(), integer.begin(), in_int8);
    result["estimates"].push_back(estimate_json("int8", integer, device));
    result["estimates"].push_back(estimate_json("float32", counted.costs, device));
  }
  const json& memory = result["memory"];
  result["fits"] =
      memory["memory_fits"].get<bool>() && memory.value("flash_fits", true) &&
      std::none_of(result["falls_back"].begin(), result["falls_back"].end(), [](const json& call) {
        return call["reason"] == "there is no kernel for it on this target";
      });
  return result;
}

}  // namespace durward
