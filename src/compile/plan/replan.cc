#include "compile/plan/replan.h"

#include <algorithm>
#include <utility>

#include "compile/plan/draft.h"
#include "compile/plan/plan_builder.h"

namespace durward {
namespace {

class PortConversion {
 public:
  explicit PortConversion(PlanDraft& draft) : draft_(draft) {}

  void run() {
    for (const int32_t port : draft_.plan.inputs) convert_input(port);
    for (const int32_t port : draft_.plan.outputs) convert_output(port);
    drop_unused_tensors(draft_.plan);
  }

 private:
  using Calls = std::vector<PlanCall>;

  // The only call that reads or that writes the tensor; end() where there is none or more.
  [[nodiscard]] Calls::iterator only_call(int32_t tensor, bool reads) {
    Calls& calls = draft_.plan.calls;
    auto found = calls.end();
    for (auto call = calls.begin(); call != calls.end(); ++call) {
      const auto uses = reads ? std::count(call->inputs.begin(), call->inputs.end(), tensor)
                              : static_cast<int64_t>(call->output == tensor);
      if (uses == 0) continue;
      if (found != calls.end() || uses > 1) return calls.end();
      found = call;
    }
    return found;
  }
  [[nodiscard]] bool used(int32_t tensor, bool reads) const {
    const Calls& calls = draft_.plan.calls;
    return std::any_of(calls.begin(), calls.end(), [&](const PlanCall& call) {
      return reads ? std::count(call.inputs.begin(), call.inputs.end(), tensor) > 0
                   : call.output == tensor;
    });
  }

  void convert_input(int32_t port) {
    const auto call = only_call(port, true);
    if (call == draft_.plan.calls.end()) return;
    const int32_t inside = call->output;
    if (!std::holds_alternative<QuantizeInt8Call>(call->call) || !is_own(inside, port)) return;
    if (only_call(inside, false) != call) return;
    become_port(port, inside, call);
  }

  void convert_output(int32_t port) {
    const auto call = only_call(port, false);
    if (call == draft_.plan.calls.end() || used(port, true)) return;
    const auto* dequantize = std::get_if<DequantizeCall>(&call->call);
    if (dequantize == nullptr || dequantize->channels != 1) return;
    const int32_t inside = call->inputs[0];
    if (!is_own(inside, port) || only_call(inside, true) != call) return;
    become_port(port, inside, call);
  }

  // An int8 activation with a scale, as many elements as the port has.
  [[nodiscard]] bool is_own(int32_t inside, int32_t port) const {
    const PlanTensor& tensor = draft_.tensor(inside);
    return tensor.place == PlanTensor::Place::kArena && tensor.type == PlanType::kInt8 &&
           tensor.scale > 0 && tensor.bytes * sizeof(float) == draft_.tensor(port).bytes;
  }

  // The tensor inside takes the port's place, and the call between them goes.
  void become_port(int32_t port, int32_t inside, Calls::iterator call) {
    PlanTensor& outside = draft_.tensor(port);
    const PlanTensor& int8 = draft_.tensor(inside);
    outside.type = PlanType::kInt8;
    outside.bytes = int8.bytes;
    outside.scale = int8.scale;
    outside.zero_point = int8.zero_point;
    draft_.plan.calls.erase(call);
    for (PlanCall& other : draft_.plan.calls) {
      std::replace(other.inputs.begin(), other.inputs.end(), inside, port);
      if (other.output == inside) other.output = port;
    }
  }

  PlanDraft& draft_;
};

// Tensors that are held a few rows at a time, whole again.
void hold_all_rows(Plan& plan) {
  for (PlanTensor& tensor : plan.tensors) {
    if (tensor.place != PlanTensor::Place::kArena) continue;
    auto whole = static_cast<uint64_t>(size_of(tensor.type));
    for (const int64_t size : tensor.shape) whole *= static_cast<uint64_t>(size);
    tensor.bytes = std::max(tensor.bytes, whole);
  }
}

}  // namespace

absl::StatusOr<std::vector<std::byte>> replan(const Plan& plan, const ReplanOptions& options) {
  PlanDraft draft;
  draft.plan = plan;
  draft.plan.steps.clear();
  draft.constants.assign(plan.constants.begin(), plan.constants.end());
  hold_all_rows(draft.plan);
  if (options.int8_ports) PortConversion(draft).run();
  const auto own = static_cast<int64_t>(plan.arena_bytes);
  DURWARD_RETURN_IF_ERROR(schedule_plan(draft, options.arena_bytes.value_or(own)));
  return finish_plan(draft);
}

}  // namespace durward
