// Proves that no step of a plan leaves its memory. First each tensor, port and call on its own,
// then each step: what it changes about its call, and where its operands lie.
#include <algorithm>
#include <limits>

#include "engine/call_needs.h"
#include "engine/plan.h"

namespace durward {
namespace {

// Arenas and files beyond this are no plans of ours; a sum of two stays far from overflow, and what
// the arena has fits into a pointer.
constexpr uint64_t kMaxPlanBytes =
    std::min<uint64_t>(uint64_t{1} << 40, std::numeric_limits<ptrdiff_t>::max() / 4);

EngineError invalid(const std::string& problem) {
  return {EngineCode::kInvalidPlan, "the plan is not valid: " + problem};
}
EngineError invalid(const char* what, const std::string& name, const char* problem) {
  return invalid(std::string(what) + " '" + name + "': " + problem);
}

bool is_port(const PlanTensor& tensor) {
  return tensor.place == PlanTensor::Place::kInput || tensor.place == PlanTensor::Place::kOutput;
}

class Verifier {
 public:
  explicit Verifier(const Plan& plan) : plan_(plan) {}

  EngineError run() const {
    if (plan_.arena_bytes > kMaxPlanBytes) return invalid("its arena is too large");
    for (const PlanTensor& tensor : plan_.tensors) {
      if (EngineError error = verify_tensor(tensor); !error.ok()) return error;
    }
    for (const auto& [ports, place] : {std::pair{&plan_.inputs, PlanTensor::Place::kInput},
                                       std::pair{&plan_.outputs, PlanTensor::Place::kOutput}}) {
      if (EngineError error = verify_ports(*ports, place); !error.ok()) return error;
    }
    for (const PlanCall& call : plan_.calls) {
      if (EngineError error = verify_call(call); !error.ok()) return error;
    }
    for (const PlanStep& step : plan_.steps) {
      EngineError error = step.kind == PlanStep::Kind::kRun ? verify_run(step) : verify_slide(step);
      if (!error.ok()) return error;
    }
    return {};
  }

 private:
  [[nodiscard]] const PlanTensor* find(int32_t index) const {
    const bool known = index >= 0 && static_cast<size_t>(index) < plan_.tensors.size();
    return known ? &plan_.tensors[static_cast<size_t>(index)] : nullptr;
  }

  [[nodiscard]] EngineError verify_tensor(const PlanTensor& tensor) const {
    const auto problem = [&](const char* what) { return invalid("tensor", tensor.name, what); };
    if (tensor.bytes > kMaxPlanBytes || tensor.offset > kMaxPlanBytes) return problem("too large");
    if (is_port(tensor)) {
      const bool input = tensor.place == PlanTensor::Place::kInput;
      const auto& ports = input ? plan_.inputs : plan_.outputs;
      const int64_t index = &tensor - plan_.tensors.data();
      if (tensor.offset >= ports.size() || ports[static_cast<size_t>(tensor.offset)] != index) {
        return problem("it is not the port that it says");
      }
      return {};
    }
    const uint64_t room =
        tensor.place == PlanTensor::Place::kArena ? plan_.arena_bytes : plan_.constants.size();
    if (tensor.offset + tensor.bytes > room) return problem("it leaves its memory");
    return {};
  }

  [[nodiscard]] EngineError verify_ports(const std::vector<int32_t>& ports,
                                         PlanTensor::Place place) const {
    for (size_t i = 0; i < ports.size(); ++i) {
      const PlanTensor* tensor = find(ports[i]);
      if (tensor == nullptr || tensor->place != place || tensor->offset != i) {
        return invalid("port " + std::to_string(i) + " is not a tensor of its kind");
      }
      // A port is what callers size their buffers by.
      auto bytes = static_cast<uint64_t>(size_of(tensor->type));
      for (const int64_t dimension : tensor->shape) {
        if (dimension < 0 || static_cast<uint64_t>(dimension) > kMaxPlanBytes ||
            (dimension > 0 && bytes > kMaxPlanBytes / static_cast<uint64_t>(dimension))) {
          return invalid("tensor", tensor->name, "its shape is out of range");
        }
        bytes *= static_cast<uint64_t>(dimension);
      }
      if (bytes != tensor->bytes) {
        return invalid("tensor", tensor->name, "its size does not fit its shape");
      }
    }
    return {};
  }

  // Whether the tensor has `need` from `offset` on.
  [[nodiscard]] EngineError verify_extent(const PlanCall& call, const PlanTensor& tensor,
                                          uint64_t offset, const OperandNeed& need) const {
    const auto problem = [&](const char* what) { return invalid("call", call.name, what); };
    if (offset > tensor.bytes || static_cast<uint64_t>(need.bytes) > tensor.bytes - offset) {
      return problem("it leaves an operand");
    }
    const auto alignment = static_cast<uint64_t>(need.alignment);
    // Callers align a port to its own elements and no better.
    if (is_port(tensor) && alignment > static_cast<uint64_t>(size_of(tensor.type))) {
      return problem("a port has smaller elements than it takes");
    }
    const uint64_t begin = (is_port(tensor) ? 0 : tensor.offset) + offset;
    return begin % alignment == 0 ? EngineError{} : problem("an operand is unaligned");
  }

  // What holds for all steps of a call: sizes, operands and constants, which are always whole.
  [[nodiscard]] EngineError verify_call(const PlanCall& call) const {
    const auto problem = [&](const char* what) { return invalid("call", call.name, what); };
    const CallNeeds needs = needs_of(call.call);
    if (needs.problem != nullptr) return problem(needs.problem);
    if (call.inputs.size() > needs.input_count) return problem("it has too many operands");
    for (size_t i = 0; i < needs.input_count; ++i) {
      const OperandNeed& need = needs.inputs[i];
      const int32_t index = i < call.inputs.size() ? call.inputs[i] : -1;
      if (index == -1 && need.optional) continue;
      const PlanTensor* tensor = find(index);
      if (tensor == nullptr) return problem("an operand is missing");
      if (tensor->place != PlanTensor::Place::kConstant) {
        if (need.constant) return problem("an operand has to be a constant");
        continue;
      }
      if (EngineError error = verify_extent(call, *tensor, 0, need); !error.ok()) return error;
    }
    const PlanTensor* output = find(call.output);
    if (output == nullptr) return problem("it has no output");
    if (output->place == PlanTensor::Place::kConstant ||
        output->place == PlanTensor::Place::kInput) {
      return problem("it writes to what can only be read");
    }
    return {};
  }

  // Whether two parts of tensors share a byte. One of them is written to, and so in the arena or an
  // output.
  [[nodiscard]] static bool overlap(const PlanTensor& a, uint64_t a_offset, int64_t a_bytes,
                                    const PlanTensor& b, uint64_t b_offset, int64_t b_bytes) {
    if (a.place != b.place || (is_port(a) && a.offset != b.offset)) return false;
    const uint64_t a_begin = (is_port(a) ? 0 : a.offset) + a_offset;
    const uint64_t b_begin = (is_port(b) ? 0 : b.offset) + b_offset;
    return a_begin < b_begin + static_cast<uint64_t>(b_bytes) &&
           b_begin < a_begin + static_cast<uint64_t>(a_bytes);
  }

  // Whether a run of rows is a part of its call.
  [[nodiscard]] static const char* rows_problem(const PlanStep& step, const KernelCall& call) {
    const WindowGeometry* whole = row_window(call);
    if (whole == nullptr) return "it cannot run a few rows";
    const auto in_h = static_cast<uint64_t>(whole->in_h);
    const auto out_h = static_cast<uint64_t>(whole->out_h);
    const uint64_t rows = step.output_rows;
    if (step.input_row + uint64_t{step.input_rows} > in_h || step.output_row + rows > out_h ||
        step.addend_row + rows > out_h || step.pad_top > whole->pad_top) {
      return "a step has rows that the whole does not have";
    }
    return nullptr;
  }

  [[nodiscard]] EngineError verify_run(const PlanStep& step) const {
    if (step.index >= plan_.calls.size()) return invalid("a step has no call");
    const PlanCall& call = plan_.calls[step.index];
    const auto problem = [&](const char* what) { return invalid("call", call.name, what); };
    if (step.output_rows > 0) {
      if (const char* what = rows_problem(step, call.call)) return problem(what);
    }
    const BoundCall bound = bind(plan_, step);
    const CallNeeds needs = needs_of(bound.call);
    if (needs.problem != nullptr) return problem(needs.problem);
    const PlanTensor& output = *find(call.output);
    EngineError error = verify_extent(call, output, bound.output_offset, needs.output);
    if (!error.ok()) return error;
    for (size_t i = 0; i < call.inputs.size(); ++i) {
      if (call.inputs[i] < 0) continue;
      const PlanTensor& input = *find(call.inputs[i]);
      const uint64_t offset = bound.offset_of_input(i);
      error = verify_extent(call, input, offset, needs.inputs[i]);
      if (!error.ok()) return error;
      if (overlap(input, offset, needs.inputs[i].bytes, output, bound.output_offset,
                  needs.output.bytes)) {
        return problem("it writes to what it reads");
      }
    }
    return {};
  }

  // Bytes of one row of a tensor that is held a few rows at a time; 0 where it has none.
  [[nodiscard]] static uint64_t row_bytes(const PlanTensor& tensor) {
    if (tensor.shape.size() != 4) return 0;
    auto bytes = static_cast<uint64_t>(size_of(tensor.type));
    for (const size_t axis : {size_t{2}, size_t{3}}) {
      const int64_t size = tensor.shape[axis];
      if (size < 1 || size > (int64_t{1} << 24)) return 0;
      bytes *= static_cast<uint64_t>(size);
    }
    return bytes;
  }

  [[nodiscard]] EngineError verify_slide(const PlanStep& step) const {
    if (step.index >= plan_.tensors.size()) return invalid("a slide has no tensor");
    const PlanTensor& tensor = plan_.tensors[step.index];
    const uint64_t bytes = row_bytes(tensor);
    if (tensor.place != PlanTensor::Place::kArena || bytes == 0) {
      return invalid("tensor", tensor.name, "it has no rows to slide");
    }
    if (uint64_t{step.input_row} + step.input_rows > tensor.bytes / bytes) {
      return invalid("tensor", tensor.name, "a slide leaves it");
    }
    return {};
  }

  const Plan& plan_;
};

}  // namespace

EngineError verify_plan(const Plan& plan) { return Verifier(plan).run(); }

}  // namespace durward
