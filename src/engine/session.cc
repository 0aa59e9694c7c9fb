#include "engine/session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "engine/call_needs.h"
#include "engine/kernels/conv2d/kernels.h"
#include "engine/kernels/depthwise/kernels.h"

namespace durward {
namespace {

constexpr size_t kAlignment = kPlanAlignment;

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

struct AlignedDelete {
  void operator()(std::byte* memory) const {
    ::operator delete(memory, std::align_val_t{kAlignment});
  }
};
using AlignedMemory = std::unique_ptr<std::byte, AlignedDelete>;

AlignedMemory allocate(size_t bytes) {
  return AlignedMemory(static_cast<std::byte*>(
      ::operator new(std::max<size_t>(bytes, 1), std::align_val_t{kAlignment}, std::nothrow)));
}

// A place relative to one of the addresses that a run has: the arena, the constants, each port.
struct Location {
  static constexpr uint32_t kNowhere = 0xffffffff;
  static constexpr uint32_t kArena = 0, kConstants = 1, kFirstPort = 2;
  uint32_t base = kNowhere;
  uint64_t offset = 0;
};

// The kernel that was chosen for an int8 layer, and the weights in its order.
template <typename Layer>
struct ChosenKernel {
  const LayerKernel<Layer>* kernel = nullptr;
  size_t packed_offset = 0;
};

struct Instruction {
  PlanStep::Kind kind = PlanStep::Kind::kRun;
  uint32_t call = 0;
  KernelCall parameters;  // with the rows of this step
  std::array<Location, kMaxCallInputs> inputs;
  Location output;
  // A slide.
  uint64_t slide_from = 0, slide_bytes = 0;
};

// The layer of a call as the kernels have it; its constants are addresses by now.
Conv2DInt8 layer_of(const Conv2DInt8Call& c, const CallOperands& operands) {
  return {c.geometry,
          operands.in<int8_t>(1),
          operands.in<int32_t>(2),
          operands.in<float>(3),
          operands.in<float>(4),
          c.input_zero_point,
          c.output};
}
DepthwiseInt8 layer_of(const DepthwiseInt8Call& c, const CallOperands& operands) {
  return {c.window,
          operands.in<int8_t>(1),
          operands.in<int32_t>(2),
          operands.in<float>(3),
          operands.in<float>(4),
          c.input_zero_point,
          c.output};
}

template <typename Layer>
std::span<const LayerKernel<Layer>> kernels();
template <>
std::span<const LayerKernel<Conv2DInt8>> kernels<Conv2DInt8>() {
  return conv2d_kernels();
}
template <>
std::span<const LayerKernel<DepthwiseInt8>> kernels<DepthwiseInt8>() {
  return depthwise_kernels();
}

// The fastest kernel that takes the layer, up to `highest`; the portable one takes everything.
template <typename Layer>
const LayerKernel<Layer>* choose(const Layer& layer, Isa highest) {
  const auto all = kernels<Layer>();
  const LayerKernel<Layer>* best = &all.front();
  for (const LayerKernel<Layer>& kernel : all) {
    if (kernel.isa <= highest && available(kernel.isa) && kernel.takes(layer)) best = &kernel;
  }
  return best;
}

}  // namespace

struct Session::Program {
  Plan plan;
  std::vector<Instruction> instructions;
  std::vector<ChosenKernel<Conv2DInt8>> conv;  // by call; kernel is nullptr for other calls
  std::vector<ChosenKernel<DepthwiseInt8>> depthwise;
  size_t scratch_size = 0, packed_size = 0;
  AlignedMemory arena;  // activations, then scratch memory
  AlignedMemory packed;
  std::vector<std::byte*> bases;  // of Locations, during a run

  [[nodiscard]] Location locate(int32_t index, uint64_t offset) const {
    if (index < 0) return {};
    const PlanTensor& tensor = plan.tensors[static_cast<size_t>(index)];
    const auto port = static_cast<uint32_t>(tensor.offset);
    switch (tensor.place) {
      case PlanTensor::Place::kArena:
        return {Location::kArena, tensor.offset + offset};
      case PlanTensor::Place::kConstant:
        return {Location::kConstants, tensor.offset + offset};
      case PlanTensor::Place::kInput:
        return {Location::kFirstPort + port, offset};
      case PlanTensor::Place::kOutput:
        break;
    }
    return {Location::kFirstPort + static_cast<uint32_t>(plan.inputs.size()) + port, offset};
  }

  [[nodiscard]] const std::byte* address(const Location& location) const {
    return location.base == Location::kNowhere ? nullptr : bases[location.base] + location.offset;
  }

  // Addresses of a call's constants; the other operands are nullptr.
  void constant_operands(const PlanCall& call,
                         std::array<const std::byte*, kMaxCallInputs>& addresses) const {
    addresses.fill(nullptr);
    for (size_t i = 0; i < call.inputs.size(); ++i) {
      const Location location = locate(call.inputs[i], 0);
      if (location.base == Location::kConstants) {
        addresses[i] = plan.constants.data() + location.offset;
      }
    }
  }

  template <typename Layer>
  void choose_kernel(const Layer& layer, Isa highest, ChosenKernel<Layer>& chosen) {
    chosen.kernel = choose(layer, highest);
    chosen.packed_offset = packed_size;
    packed_size += aligned(chosen.kernel->packed_bytes(layer));
  }

  template <typename Layer>
  void pack(const Layer& layer, const ChosenKernel<Layer>& chosen) {
    chosen.kernel->pack(layer, packed.get() + chosen.packed_offset);
  }

  // Calls visit(layer, chosen kernel) for each call that is an int8 layer.
  template <typename Visit>
  void for_each_layer(const Visit& visit) {
    std::array<const std::byte*, kMaxCallInputs> addresses;
    for (size_t i = 0; i < plan.calls.size(); ++i) {
      constant_operands(plan.calls[i], addresses);
      const CallOperands operands{addresses, nullptr, nullptr};
      if (const auto* c = std::get_if<Conv2DInt8Call>(&plan.calls[i].call)) {
        visit(layer_of(*c, operands), conv[i]);
      } else if (const auto* d = std::get_if<DepthwiseInt8Call>(&plan.calls[i].call)) {
        visit(layer_of(*d, operands), depthwise[i]);
      }
    }
  }

  [[nodiscard]] size_t scratch_of(const Instruction& instruction) const {
    std::array<const std::byte*, kMaxCallInputs> addresses;
    constant_operands(plan.calls[instruction.call], addresses);
    const CallOperands operands{addresses, nullptr, nullptr};
    if (const auto* c = std::get_if<Conv2DInt8Call>(&instruction.parameters)) {
      return conv[instruction.call].kernel->scratch_bytes(layer_of(*c, operands));
    }
    if (const auto* d = std::get_if<DepthwiseInt8Call>(&instruction.parameters)) {
      return depthwise[instruction.call].kernel->scratch_bytes(layer_of(*d, operands));
    }
    return durward::scratch_bytes(instruction.parameters);
  }

  template <typename Call, typename Layer>
  void run_layer(const Call& call, const ChosenKernel<Layer>& chosen,
                 const CallOperands& operands) const noexcept {
    chosen.kernel->run(
        layer_of(call, operands), packed.get() + chosen.packed_offset,
        call.fused.present ? &call.fused.add : nullptr,
        {operands.in<int8_t>(0), operands.in<int8_t>(5), operands.out<int8_t>(), operands.scratch});
  }

  void run(const Instruction& instruction) const noexcept {
    if (instruction.kind == PlanStep::Kind::kSlide) {
      std::byte* tensor = bases[instruction.output.base] + instruction.output.offset;
      std::memmove(tensor, tensor + instruction.slide_from, instruction.slide_bytes);
      return;
    }
    std::array<const std::byte*, kMaxCallInputs> addresses;
    for (size_t i = 0; i < addresses.size(); ++i) addresses[i] = address(instruction.inputs[i]);
    const CallOperands operands{addresses,
                                bases[instruction.output.base] + instruction.output.offset,
                                arena.get() + aligned(plan.arena_bytes)};
    if (const auto* c = std::get_if<Conv2DInt8Call>(&instruction.parameters)) {
      run_layer(*c, conv[instruction.call], operands);
    } else if (const auto* d = std::get_if<DepthwiseInt8Call>(&instruction.parameters)) {
      run_layer(*d, depthwise[instruction.call], operands);
    } else {
      execute(instruction.parameters, operands);
    }
  }

  EngineError check_constants() const {
    std::array<const std::byte*, kMaxCallInputs> addresses;
    for (const PlanCall& call : plan.calls) {
      constant_operands(call, addresses);
      if (const char* problem = constants_problem(call.call, {addresses, nullptr, nullptr})) {
        return {EngineCode::kInvalidPlan,
                "the plan is not valid: call '" + call.name + "': " + problem};
      }
    }
    return {};
  }

  void add_instruction(const PlanStep& step) {
    Instruction& added = instructions.emplace_back();
    added.kind = step.kind;
    if (step.kind == PlanStep::Kind::kSlide) {
      const PlanTensor& tensor = plan.tensors[step.index];
      const auto row =
          static_cast<uint64_t>(tensor.shape[2] * tensor.shape[3] * size_of(tensor.type));
      added.output = locate(static_cast<int32_t>(step.index), 0);
      added.slide_from = step.input_row * row;
      added.slide_bytes = step.input_rows * row;
      return;
    }
    const PlanCall& call = plan.calls[step.index];
    const BoundCall bound = bind(plan, step);
    added.call = step.index;
    added.parameters = bound.call;
    for (size_t i = 0; i < call.inputs.size(); ++i) {
      const uint64_t offset = i == 0 ? bound.input_offset : i == 5 ? bound.addend_offset : 0;
      added.inputs[i] = locate(call.inputs[i], offset);
    }
    added.output = locate(call.output, bound.output_offset);
  }
};

Session::Session(std::unique_ptr<Program> program) : program_(std::move(program)) {}
Session::~Session() = default;

EngineError Session::create(std::span<const std::byte> bytes, const SessionOptions& options,
                            std::unique_ptr<Session>& session) {
  session.reset();
  if (options.isa && !available(*options.isa)) {
    return {EngineCode::kNoSuchIsa,
            std::string("this machine does not have ") + name(*options.isa)};
  }
  auto program = std::make_unique<Program>();
  if (EngineError error = read_plan(bytes, program->plan); !error.ok()) return error;
  if (EngineError error = verify_plan(program->plan); !error.ok()) return error;
  if (EngineError error = program->check_constants(); !error.ok()) return error;

  const Plan& plan = program->plan;
  program->conv.resize(plan.calls.size());
  program->depthwise.resize(plan.calls.size());
  const Isa highest = options.isa.value_or(isas().back());
  program->for_each_layer(
      [&](const auto& layer, auto& chosen) { program->choose_kernel(layer, highest, chosen); });
  program->packed = allocate(program->packed_size);
  for (const PlanStep& step : plan.steps) program->add_instruction(step);
  for (const Instruction& instruction : program->instructions) {
    if (instruction.kind == PlanStep::Kind::kSlide) continue;
    program->scratch_size = std::max(program->scratch_size, program->scratch_of(instruction));
  }
  program->arena = allocate(aligned(plan.arena_bytes) + program->scratch_size);
  if (program->packed == nullptr || program->arena == nullptr) {
    return {EngineCode::kOutOfMemory,
            "no memory for " +
                std::to_string(plan.arena_bytes + program->scratch_size + program->packed_size) +
                " bytes"};
  }
  program->for_each_layer([&](const auto& layer, auto& chosen) { program->pack(layer, chosen); });
  program->bases.resize(Location::kFirstPort + plan.inputs.size() + plan.outputs.size());
  program->bases[Location::kArena] = program->arena.get();
  // Constants are read only: no verified step writes to one.
  program->bases[Location::kConstants] = const_cast<std::byte*>(plan.constants.data());
  session.reset(new Session(std::move(program)));
  return {};
}

size_t Session::input_count() const noexcept { return program_->plan.inputs.size(); }
size_t Session::output_count() const noexcept { return program_->plan.outputs.size(); }
const PlanTensor& Session::input(size_t i) const noexcept {
  return program_->plan.tensors[static_cast<size_t>(program_->plan.inputs[i])];
}
const PlanTensor& Session::output(size_t i) const noexcept {
  return program_->plan.tensors[static_cast<size_t>(program_->plan.outputs[i])];
}
size_t Session::arena_bytes() const noexcept { return program_->plan.arena_bytes; }
size_t Session::scratch_bytes() const noexcept { return program_->scratch_size; }
size_t Session::packed_bytes() const noexcept { return program_->packed_size; }
const Plan& Session::plan() const noexcept { return program_->plan; }

Isa Session::isa_of_call(size_t call) const noexcept {
  if (program_->conv[call].kernel != nullptr) return program_->conv[call].kernel->isa;
  if (program_->depthwise[call].kernel != nullptr) return program_->depthwise[call].kernel->isa;
  return Isa::kPortable;
}

EngineCode Session::run(std::span<const std::span<const std::byte>> inputs,
                        std::span<const std::span<std::byte>> outputs,
                        const StopSignal& signal) noexcept {
  if (inputs.size() != input_count() || outputs.size() != output_count()) {
    return EngineCode::kWrongBuffers;
  }
  const auto fits = [](const PlanTensor& port, const std::byte* data, size_t bytes) {
    return bytes == port.bytes &&
           reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(size_of(port.type)) == 0;
  };
  std::byte** ports = program_->bases.data() + Location::kFirstPort;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!fits(input(i), inputs[i].data(), inputs[i].size())) return EngineCode::kWrongBuffers;
    *ports++ = const_cast<std::byte*>(inputs[i].data());  // no verified step writes to it
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!fits(output(i), outputs[i].data(), outputs[i].size())) return EngineCode::kWrongBuffers;
    *ports++ = outputs[i].data();
  }
  for (const Instruction& instruction : program_->instructions) {
    if (signal.stop != nullptr && signal.stop(signal.context)) return EngineCode::kDeadline;
    program_->run(instruction);
  }
  return EngineCode::kOk;
}

}  // namespace durward
