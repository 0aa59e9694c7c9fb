#include "device/call_cost.h"

#include <cstring>
#include <optional>

#include "engine/call_needs.h"
#include "engine/call_visit.h"

namespace durward::device {
namespace {

int64_t outputs_of(const WindowGeometry& w) { return w.batch * w.out_h * w.out_w * w.out_c; }

int64_t macs_of(const Conv2DGeometry& geometry) {
  return outputs_of(geometry.window) * geometry.depth();
}
int64_t macs_of(const WindowGeometry& window) {
  return outputs_of(window) * window.kernel_h * window.kernel_w;
}

int64_t macs_of(const Conv2DInt8Call& call) { return macs_of(call.geometry); }
int64_t macs_of(const Conv2DFloatCall& call) { return macs_of(call.geometry); }
int64_t macs_of(const DepthwiseInt8Call& call) { return macs_of(call.window); }
int64_t macs_of(const DepthwiseFloatCall& call) { return macs_of(call.window); }
int64_t macs_of(const FullyConnectedFloatCall& call) { return call.rows * call.in * call.out; }
int64_t macs_of(const MatMulFloatCall& call) {
  int64_t matrices = 1;
  for (int i = 0; i < call.batch.rank; ++i) matrices *= call.batch.dims[i];
  return matrices * call.rows * call.depth * call.columns;
}
int64_t macs_of(const RecurrentGeometry& g, int64_t gates) {
  return g.steps * g.batch * gates * g.hidden * (g.inputs + g.hidden);
}
int64_t macs_of(const LstmFloatCall& call) { return macs_of(call.geometry, 4); }
int64_t macs_of(const GruFloatCall& call) { return macs_of(call.geometry, 3); }
int64_t macs_of(const LstmInt16Call& call) { return macs_of(call.geometry, 4); }
int64_t macs_of(const FullyConnectedInt16Call& call) { return call.rows * call.in * call.out; }
template <typename Call>
int64_t macs_of(const Call&) {
  return 0;
}

CostClass class_of(const KernelCall& call, bool integer) {
  if (std::holds_alternative<Conv2DInt8Call>(call)) return CostClass::kDenseInt8;
  if (std::holds_alternative<DepthwiseInt8Call>(call)) return CostClass::kDepthwiseInt8;
  if (std::holds_alternative<DepthwiseFloatCall>(call)) return CostClass::kDepthwiseFloat;
  if (std::holds_alternative<LstmInt16Call>(call) ||
      std::holds_alternative<FullyConnectedInt16Call>(call)) {
    return CostClass::kDenseInt8;
  }
  if (visit_call(call, [](const auto& one) { return macs_of(one); }) > 0) {
    return CostClass::kDenseFloat;
  }
  return integer ? CostClass::kOtherInt8 : CostClass::kOtherFloat;
}

const PlanTensor* tensor(const Plan& plan, int32_t index) {
  return index < 0 ? nullptr : &plan.tensors[static_cast<size_t>(index)];
}

// By what it reads: quantising computes in float, whatever it writes.
bool computes_in_integers(const Plan& plan, const PlanCall& call) {
  const PlanTensor* read = tensor(plan, call.inputs.empty() ? call.output : call.inputs.front());
  if (std::holds_alternative<DequantizeCall>(call.call)) return false;
  return read == nullptr || read->type != PlanType::kFloat32;
}

int64_t bytes_of(const PlanCall& call, const KernelCall& bound) {
  const CallNeeds needs = needs_of(bound);
  int64_t bytes = needs.output.bytes;
  for (size_t i = 0; i < needs.input_count && i < call.inputs.size(); ++i) {
    if (call.inputs[i] >= 0) bytes += needs.inputs[i].bytes;
  }
  return bytes;
}

// Whether two constants of a call differ.
bool differ(const Plan& plan, const PlanCall& call, size_t a, size_t b) {
  const PlanTensor* one = call.inputs.size() > b ? tensor(plan, call.inputs[a]) : nullptr;
  const PlanTensor* other = one == nullptr ? nullptr : tensor(plan, call.inputs[b]);
  if (other == nullptr || one->bytes != other->bytes) return false;
  const std::byte* constants = plan.constants.data();
  return std::memcmp(constants + one->offset, constants + other->offset,
                     static_cast<size_t>(one->bytes)) != 0;
}

template <typename Call>
std::vector<std::string> fused_into_layer(const Plan& plan, const PlanCall& call,
                                          const Call& layer) {
  constexpr size_t kMultiplier = 3, kMultiplierNegative = 4;
  std::vector<std::string> fused;
  if (differ(plan, call, kMultiplier, kMultiplierNegative)) fused.emplace_back("prelu");
  if (layer.output.lowest > -128 || layer.output.highest < 127) fused.emplace_back("clamp");
  if (layer.fused.present) fused.emplace_back("add");
  return fused;
}

}  // namespace

const char* name(CostClass cost) {
  switch (cost) {
    case CostClass::kDenseInt8:
      return "dense_int8";
    case CostClass::kDepthwiseInt8:
      return "depthwise_int8";
    case CostClass::kDenseFloat:
      return "dense_float";
    case CostClass::kDepthwiseFloat:
      return "depthwise_float";
    case CostClass::kOtherInt8:
      return "other_int8";
    case CostClass::kOtherFloat:
      return "other_float";
  }
  return "";
}

std::vector<CallCost> call_costs(const Plan& plan) {
  std::vector<CallCost> costs(plan.calls.size());
  for (size_t i = 0; i < costs.size(); ++i) {
    costs[i].integer = computes_in_integers(plan, plan.calls[i]);
    costs[i].cost = class_of(plan.calls[i].call, costs[i].integer);
  }
  int64_t moved = 0;  // by slides: rows of what the next step makes
  for (const PlanStep& step : plan.steps) {
    if (step.kind == PlanStep::Kind::kSlide) {
      const PlanTensor& held = plan.tensors[step.index];
      moved += int64_t{2} * step.input_rows * held.shape[2] * held.shape[3] * size_of(held.type);
      continue;
    }
    const PlanCall& call = plan.calls[step.index];
    const KernelCall bound = bind(plan, step).call;
    CallCost& cost = costs[step.index];
    cost.macs += visit_call(bound, [](const auto& one) { return macs_of(one); });
    if (const PlanTensor* output = tensor(plan, call.output)) {
      cost.outputs += needs_of(bound).output.bytes / size_of(output->type);
    }
    cost.bytes += bytes_of(call, bound) + moved;
    ++cost.steps;
    moved = 0;
  }
  return costs;
}

std::vector<std::string> fused_into(const Plan& plan, const PlanCall& call) {
  if (const auto* conv = std::get_if<Conv2DInt8Call>(&call.call)) {
    return fused_into_layer(plan, call, *conv);
  }
  if (const auto* window = std::get_if<DepthwiseInt8Call>(&call.call)) {
    return fused_into_layer(plan, call, *window);
  }
  const bool layer = std::holds_alternative<Conv2DFloatCall>(call.call) ||
                     std::holds_alternative<DepthwiseFloatCall>(call.call) ||
                     std::holds_alternative<FullyConnectedFloatCall>(call.call);
  const bool slope = layer && call.inputs.size() > kSlopeOperand && call.inputs[kSlopeOperand] >= 0;
  return slope ? std::vector<std::string>{"prelu"} : std::vector<std::string>{};
}

}  // namespace durward::device
