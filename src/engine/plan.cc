#include "engine/plan.h"

#include <limits>

#include "engine/call_needs.h"

namespace durward {
namespace {

// Arenas and files beyond this are no plans of ours.
constexpr uint64_t kMaxPlanBytes = uint64_t{1} << 40;

EngineError invalid(const std::string& what, const std::string& name, const std::string& problem) {
  return {EngineCode::kInvalidPlan,
          "the plan is not valid: " + what + " '" + name + "': " + problem};
}

// The window of a call that can run a few rows at a time.
WindowGeometry* row_window(KernelCall& call) {
  if (auto* conv = std::get_if<Conv2DInt8Call>(&call)) return &conv->geometry.window;
  if (auto* depthwise = std::get_if<DepthwiseInt8Call>(&call)) return &depthwise->window;
  return nullptr;
}

constexpr size_t kAddend = 5;

// The memory that a tensor lies in, in bytes.
uint64_t room(const Plan& plan, const PlanTensor& tensor) {
  switch (tensor.place) {
    case PlanTensor::Place::kArena:
      return plan.arena_bytes;
    case PlanTensor::Place::kConstant:
      return plan.constants.size();
    case PlanTensor::Place::kInput:
    case PlanTensor::Place::kOutput:
      break;
  }
  return tensor.bytes;
}

EngineError verify_tensor(const Plan& plan, const PlanTensor& tensor) {
  const auto problem = [&](const char* what) { return invalid("tensor", tensor.name, what); };
  if (tensor.bytes > kMaxPlanBytes || tensor.offset > kMaxPlanBytes) return problem("too large");
  const bool port =
      tensor.place == PlanTensor::Place::kInput || tensor.place == PlanTensor::Place::kOutput;
  if (port) {
    const auto& ports = tensor.place == PlanTensor::Place::kInput ? plan.inputs : plan.outputs;
    const int64_t index = &tensor - plan.tensors.data();
    if (tensor.offset >= ports.size() || ports[tensor.offset] != index) {
      return problem("it is not the port that it says");
    }
    return {};
  }
  if (tensor.offset + tensor.bytes > room(plan, tensor)) return problem("it leaves its memory");
  return {};
}

EngineError verify_ports(const Plan& plan, const std::vector<int32_t>& ports,
                         PlanTensor::Place place) {
  for (size_t i = 0; i < ports.size(); ++i) {
    const auto index = static_cast<size_t>(ports[i]);
    if (ports[i] < 0 || index >= plan.tensors.size() || plan.tensors[index].place != place ||
        plan.tensors[index].offset != i) {
      return {EngineCode::kInvalidPlan,
              "the plan is not valid: port " + std::to_string(i) + " is not a tensor of its kind"};
    }
    // A port is what callers size their buffers by.
    uint64_t bytes = static_cast<uint64_t>(size_of(plan.tensors[index].type));
    for (const int64_t dimension : plan.tensors[index].shape) {
      if (dimension < 0 || static_cast<uint64_t>(dimension) > kMaxPlanBytes ||
          (dimension > 0 && bytes > kMaxPlanBytes / static_cast<uint64_t>(dimension))) {
        return invalid("tensor", plan.tensors[index].name, "its shape is out of range");
      }
      bytes *= static_cast<uint64_t>(dimension);
    }
    if (bytes != plan.tensors[index].bytes) {
      return invalid("tensor", plan.tensors[index].name, "its size does not fit its shape");
    }
  }
  return {};
}

// One operand of a step: `offset` bytes into the tensor, as many as are needed.
EngineError verify_operand(const Plan& plan, const PlanCall& call, int32_t index, uint64_t offset,
                           const OperandNeed& need, bool written) {
  const auto problem = [&](const char* what) { return invalid("call", call.name, what); };
  if (index == -1 && need.optional) return {};
  if (index < 0 || static_cast<size_t>(index) >= plan.tensors.size()) {
    return problem("an operand is missing");
  }
  const PlanTensor& tensor = plan.tensors[static_cast<size_t>(index)];
  const bool read_only =
      tensor.place == PlanTensor::Place::kConstant || tensor.place == PlanTensor::Place::kInput;
  if (written && read_only) return problem("it writes to what can only be read");
  if (need.constant && tensor.place != PlanTensor::Place::kConstant) {
    return problem("an operand has to be a constant");
  }
  if (offset > tensor.bytes || static_cast<uint64_t>(need.bytes) > tensor.bytes - offset) {
    return problem("it leaves an operand");
  }
  const bool port =
      tensor.place == PlanTensor::Place::kInput || tensor.place == PlanTensor::Place::kOutput;
  const uint64_t begin = (port ? 0 : tensor.offset) + offset;
  if (begin % static_cast<uint64_t>(need.alignment) != 0) return problem("an operand is unaligned");
  return {};
}

EngineError verify_run(const Plan& plan, const PlanStep& step) {
  if (step.index >= plan.calls.size()) {
    return {EngineCode::kInvalidPlan, "the plan is not valid: a step has no call"};
  }
  const PlanCall& call = plan.calls[step.index];
  const auto problem = [&](const char* what) { return invalid("call", call.name, what); };
  if (step.output_rows > 0) {
    KernelCall copy = call.call;
    const WindowGeometry* window = row_window(copy);
    if (window == nullptr || window->batch != 1) return problem("it cannot run a few rows");
  }
  const CallNeeds whole = needs_of(call.call);
  if (whole.problem != nullptr) return problem(whole.problem);
  const BoundCall bound = bind(plan, step);
  const CallNeeds needs = needs_of(bound.call);
  if (needs.problem != nullptr) return problem(needs.problem);
  if (call.inputs.size() > needs.input_count) return problem("it has too many operands");
  for (size_t i = 0; i < needs.input_count; ++i) {
    const int32_t index = i < call.inputs.size() ? call.inputs[i] : -1;
    const uint64_t offset = i == 0 ? bound.input_offset : i == kAddend ? bound.addend_offset : 0;
    EngineError error = verify_operand(plan, call, index, offset, needs.inputs[i], false);
    if (!error.ok()) return error;
  }
  return verify_operand(plan, call, call.output, bound.output_offset, needs.output, true);
}

// Bytes of one row of a tensor that is held a few rows at a time; 0 where it has none.
uint64_t row_bytes(const PlanTensor& tensor) {
  if (tensor.shape.size() != 4 || tensor.shape[1] < 1) return 0;
  uint64_t bytes = static_cast<uint64_t>(size_of(tensor.type));
  for (const size_t axis : {size_t{2}, size_t{3}}) {
    const int64_t size = tensor.shape[axis];
    if (size < 1 || size > (int64_t{1} << 24)) return 0;
    bytes *= static_cast<uint64_t>(size);
  }
  return bytes;
}

EngineError verify_slide(const Plan& plan, const PlanStep& step) {
  if (step.index >= plan.tensors.size()) {
    return {EngineCode::kInvalidPlan, "the plan is not valid: a slide has no tensor"};
  }
  const PlanTensor& tensor = plan.tensors[step.index];
  const uint64_t bytes = row_bytes(tensor);
  if (tensor.place != PlanTensor::Place::kArena || bytes == 0) {
    return invalid("tensor", tensor.name, "it has no rows to slide");
  }
  if ((uint64_t{step.input_row} + step.input_rows) > tensor.bytes / bytes) {
    return invalid("tensor", tensor.name, "a slide leaves it");
  }
  return {};
}

}  // namespace

int64_t size_of(PlanType type) noexcept {
  switch (type) {
    case PlanType::kFloat32:
    case PlanType::kInt32:
      return 4;
    case PlanType::kInt16:
      return 2;
    case PlanType::kInt64:
      return 8;
    case PlanType::kInt8:
    case PlanType::kUInt8:
    case PlanType::kBool:
      break;
  }
  return 1;
}

BoundCall bind(const Plan& plan, const PlanStep& step) {
  BoundCall bound{plan.calls[step.index].call};
  WindowGeometry* window = row_window(bound.call);
  if (step.output_rows == 0 || window == nullptr) return bound;
  const auto row = [](uint32_t rows, int64_t width, int64_t channels) {
    // An absurd width or channel number is refused before the offset is used.
    return static_cast<uint64_t>(rows) * static_cast<uint64_t>(width) *
           static_cast<uint64_t>(channels);
  };
  bound.input_offset = row(step.input_row, window->in_w, window->in_c);
  bound.output_offset = row(step.output_row, window->out_w, window->out_c);
  bound.addend_offset = row(step.addend_row, window->out_w, window->out_c);
  window->in_h = step.input_rows;
  window->out_h = step.output_rows;
  window->pad_top = step.pad_top;
  return bound;
}

EngineError verify_plan(const Plan& plan) {
  if (plan.arena_bytes > kMaxPlanBytes) {
    return {EngineCode::kInvalidPlan, "the plan is not valid: its arena is too large"};
  }
  for (const PlanTensor& tensor : plan.tensors) {
    if (EngineError error = verify_tensor(plan, tensor); !error.ok()) return error;
  }
  for (const auto& [ports, place] : {std::pair{&plan.inputs, PlanTensor::Place::kInput},
                                     std::pair{&plan.outputs, PlanTensor::Place::kOutput}}) {
    if (EngineError error = verify_ports(plan, *ports, place); !error.ok()) return error;
  }
  for (const PlanStep& step : plan.steps) {
    EngineError error =
        step.kind == PlanStep::Kind::kRun ? verify_run(plan, step) : verify_slide(plan, step);
    if (!error.ok()) return error;
  }
  return {};
}

}  // namespace durward
