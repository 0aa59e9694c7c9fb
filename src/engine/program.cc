#include "engine/program.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <variant>

#include "engine/call_constants.h"
#include "engine/call_split.h"
#include "engine/kernels/conv2d/float_kernels.h"
#include "engine/kernels/conv2d/kernels.h"
#include "engine/kernels/depthwise/float_kernels.h"
#include "engine/kernels/depthwise/kernels.h"
#include "engine/kernels/gru/float_kernels.h"
#include "engine/kernels/lstm/float_kernels.h"

namespace durward {
namespace {

uint64_t aligned(uint64_t bytes) {
  return (bytes + kPlanAlignment - 1) / kPlanAlignment * kPlanAlignment;
}

AlignedMemory allocate(size_t bytes) {
  return AlignedMemory(static_cast<std::byte*>(
      ::operator new(std::max<size_t>(bytes, 1), std::align_val_t{kPlanAlignment}, std::nothrow)));
}

// The layer of a call as the kernels have it; its constants are addresses by now.
template <typename Layer, typename Geometry, typename Call>
Layer int8_layer(const Geometry& geometry, const Call& c, const CallOperands& operands) {
  return {geometry,
          operands.in<int8_t>(1),
          operands.in<int32_t>(2),
          operands.in<float>(3),
          operands.in<float>(4),
          c.input_zero_point,
          c.output};
}
Conv2DInt8 layer_of(const Conv2DInt8Call& c, const CallOperands& operands) {
  return int8_layer<Conv2DInt8>(c.geometry, c, operands);
}
DepthwiseInt8 layer_of(const DepthwiseInt8Call& c, const CallOperands& operands) {
  return int8_layer<DepthwiseInt8>(c.window, c, operands);
}

FloatOutput float_output(const FloatRange& range, const CallOperands& operands) {
  return {range.min, range.max, operands.in<float>(kSlopeOperand)};
}
Conv2DFloat layer_of(const Conv2DFloatCall& c, const CallOperands& operands) {
  return {c.geometry, operands.in<float>(1), operands.in<float>(2),
          float_output(c.range, operands)};
}
// A convolution of [1, rows] pixels.
Conv2DFloat layer_of(const FullyConnectedFloatCall& c, const CallOperands& operands) {
  Conv2DFloat layer{
      {}, operands.in<float>(1), operands.in<float>(2), float_output(c.range, operands)};
  WindowGeometry& w = layer.geometry.window;
  w.in_w = w.out_w = c.rows;
  w.in_c = c.in;
  w.out_c = c.out;
  return layer;
}
DepthwiseFloat layer_of(const DepthwiseFloatCall& c, const CallOperands& operands) {
  return {c.window, operands.in<float>(1), operands.in<float>(2), float_output(c.range, operands)};
}
// The states to begin with may be what another call computes: only a run looks at them.
LstmFloat layer_of(const LstmFloatCall& c, const CallOperands& operands) {
  return {c.geometry,
          c.returns_cell,
          operands.in<float>(1),
          operands.in<float>(2),
          operands.in<float>(3),
          operands.in<float>(4),
          operands.in<float>(5)};
}
GruFloat layer_of(const GruFloatCall& c, const CallOperands& operands) {
  return {c.geometry,
          c.linear_before_reset,
          operands.in<float>(1),
          operands.in<float>(2),
          operands.in<float>(3),
          operands.in<float>(4)};
}
LstmInt16 layer_of(const LstmInt16Call& c, const CallOperands& operands) {
  return {c.geometry,
          c.wide_input,
          c.wide_weights,
          operands.inputs[1],
          operands.in<int8_t>(2),
          operands.in<float>(3),
          operands.in<int16_t>(4)};
}

std::span<const LayerKernel<Conv2DInt8>> kernels_for(const Conv2DInt8&) { return conv2d_kernels(); }
std::span<const LayerKernel<DepthwiseInt8>> kernels_for(const DepthwiseInt8&) {
  return depthwise_kernels();
}
std::span<const FloatKernel<Conv2DFloat>> kernels_for(const Conv2DFloat&) {
  return conv2d_float_kernels();
}
std::span<const FloatKernel<DepthwiseFloat>> kernels_for(const DepthwiseFloat&) {
  return depthwise_float_kernels();
}
std::span<const FloatKernel<LstmFloat>> kernels_for(const LstmFloat&) {
  return lstm_float_kernels();
}
std::span<const FloatKernel<GruFloat>> kernels_for(const GruFloat&) { return gru_float_kernels(); }
std::span<const LstmInt16Kernel> kernels_for(const LstmInt16&) { return lstm_int16_kernels(); }

// The fastest kernel that takes the layer, up to `highest`; the portable one takes everything.
template <typename Layer>
auto choose(const Layer& layer, Isa highest) {
  const auto all = kernels_for(layer);
  const auto runs = [&](const auto& kernel) {
    return kernel.isa <= highest && available(kernel.isa) && kernel.takes(layer);
  };
  size_t i = all.size() - 1;
  while (i > 0 && !runs(all[i])) --i;
  return &all[i];
}

// Float weights may be what another call computes: no kernel can have those in its order.
bool has_constant_weights(const PlanCall& call, const CallOperands& operands) {
  for (size_t i = 1; i < call.inputs.size() && i <= kSlopeOperand; ++i) {
    if (call.inputs[i] >= 0 && operands.inputs[i] == nullptr) return false;
  }
  return true;
}

}  // namespace

EngineError Program::load(std::span<const std::byte> bytes, const ProgramLimits& limits) {
  threads_ = limits.threads;
  shortest_part_ = limits.shortest_part;
  if (EngineError error = read_plan(bytes, plan_); !error.ok()) return error;
  if (EngineError error = verify_plan(plan_); !error.ok()) return error;
  if (EngineError error = check_constants(); !error.ok()) return error;
  choose_kernels(limits.isa);
  instructions_.reserve(plan_.steps.size());
  StageBuilder stages;
  std::vector<Band> bands(plan_.calls.size());
  for (const PlanStep& step : plan_.steps) stages.add(add_step(step, bands));
  stages_ = stages.take();
  parameters_ = std::vector<KernelCall>(parameters_);  // without room for more
  if (EngineError error = take_memory(limits.max_bytes); !error.ok()) return error;
  pack_weights();
  if (limits.scrub) {
    // Bytes between the members of an instruction have no value of their own, but keep it.
    const std::span<const std::byte> packed(packed_.get(), packed_bytes_);
    scrubber_.watch({plan_.constants, packed, std::as_bytes(std::span(instructions_)),
                     std::as_bytes(std::span(parameters_))});
  }
  bases_.resize(Location::kFirstPort + plan_.inputs.size() + plan_.outputs.size());
  bases_[Location::kArena] = arena_.get();
  // Constants are read only: no verified step writes to one.
  bases_[Location::kConstants] = const_cast<std::byte*>(plan_.constants.data());
  return {};
}

Location Program::locate(int32_t index, uint64_t offset) const {
  if (index < 0) return {};
  const PlanTensor& tensor = plan_.tensors[static_cast<size_t>(index)];
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
  return {Location::kFirstPort + static_cast<uint32_t>(plan_.inputs.size()) + port, offset};
}

// The call's constants, by their addresses in `addresses`; the other operands are nullptr.
CallOperands Program::constant_operands(
    const PlanCall& call, std::array<const std::byte*, kMaxCallInputs>& addresses) const {
  addresses.fill(nullptr);
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    const Location location = locate(call.inputs[i], 0);
    if (location.base == Location::kConstants) {
      addresses[i] = plan_.constants.data() + location.offset;
    }
  }
  return {addresses, nullptr, nullptr};
}

// Calls visit(parameters, chosen kernel) if the call is a layer, and returns what it does.
template <typename Self, typename Visit>
bool Program::visit_layer(Self& self, const KernelCall& parameters, size_t call,
                          const Visit& visit) {
  if (const auto* c = std::get_if<Conv2DInt8Call>(&parameters)) {
    return visit(*c, self.conv_[call]);
  }
  if (const auto* c = std::get_if<DepthwiseInt8Call>(&parameters)) {
    return visit(*c, self.depthwise_[call]);
  }
  if (const auto* c = std::get_if<Conv2DFloatCall>(&parameters)) {
    return visit(*c, self.float_conv_[call]);
  }
  if (const auto* c = std::get_if<FullyConnectedFloatCall>(&parameters)) {
    return visit(*c, self.float_conv_[call]);
  }
  if (const auto* c = std::get_if<DepthwiseFloatCall>(&parameters)) {
    return visit(*c, self.float_depthwise_[call]);
  }
  if (const auto* c = std::get_if<LstmFloatCall>(&parameters)) return visit(*c, self.lstm_[call]);
  if (const auto* c = std::get_if<GruFloatCall>(&parameters)) return visit(*c, self.gru_[call]);
  if (const auto* c = std::get_if<LstmInt16Call>(&parameters)) {
    return visit(*c, self.lstm_int16_[call]);
  }
  return false;
}

EngineError Program::check_constants() const {
  std::array<const std::byte*, kMaxCallInputs> addresses;
  for (const PlanCall& call : plan_.calls) {
    const CallOperands operands = constant_operands(call, addresses);
    if (const char* problem = constants_problem(call.call, operands)) {
      return {EngineCode::kInvalidPlan,
              "the plan is not valid: call '" + call.name + "': " + problem};
    }
  }
  return {};
}

void Program::choose_kernels(Isa highest) {
  vector_kernels_ = &fastest_vector_kernels(highest);
  conv_.resize(plan_.calls.size());
  depthwise_.resize(plan_.calls.size());
  float_conv_.resize(plan_.calls.size());
  float_depthwise_.resize(plan_.calls.size());
  lstm_.resize(plan_.calls.size());
  gru_.resize(plan_.calls.size());
  lstm_int16_.resize(plan_.calls.size());
  std::array<const std::byte*, kMaxCallInputs> addresses;
  for (size_t i = 0; i < plan_.calls.size(); ++i) {
    const PlanCall& call = plan_.calls[i];
    const CallOperands operands = constant_operands(call, addresses);
    if (!has_constant_weights(call, operands)) continue;
    visit_layer(*this, call.call, i, [&](const auto& parameters, auto& chosen) {
      const auto layer = layer_of(parameters, operands);
      chosen.kernel = choose(layer, highest);
      chosen.packed_offset = packed_bytes_;
      packed_bytes_ += aligned(chosen.kernel->packed_bytes(layer));
      return true;
    });
  }
}

std::vector<Access> Program::add_slide(const PlanStep& step) {
  Instruction& added = instructions_.emplace_back();
  added.kind = step.kind;
  const PlanTensor& tensor = plan_.tensors[step.index];
  const auto row = static_cast<uint64_t>(tensor.shape[2] * tensor.shape[3] * size_of(tensor.type));
  added.output = locate(static_cast<int32_t>(step.index), 0);
  added.slide_from = step.input_row * row;
  added.slide_bytes = step.input_rows * row;
  const uint64_t begin = added.output.offset;
  return {{added.output.base, begin, begin + added.slide_from + added.slide_bytes, true}};
}

std::vector<Access> Program::add_part(const PlanStep& step, const BoundCall& bound,
                                      const Band& band, uint32_t part) {
  const PlanCall& call = plan_.calls[step.index];
  const CallPart own = part_of(bound.call, part, band.parts);
  Instruction& added = instructions_.emplace_back();
  added.call = step.index;
  added.parameters = band.first + part;
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    added.inputs[i] = locate(call.inputs[i], bound.offset_of_input(i) + own.input_offsets[i]);
  }
  added.output = locate(call.output, bound.output_offset + own.output_offset);
  if (added.parameters == parameters_.size()) {
    parameters_.push_back(own.call);
    scratch_bytes_ =
        std::max(scratch_bytes_, static_cast<size_t>(aligned(scratch_of(own.call, step.index))));
  }
  return accesses_of(added);
}

std::vector<std::vector<Access>> Program::add_step(const PlanStep& step, std::vector<Band>& bands) {
  if (step.kind == PlanStep::Kind::kSlide) return {add_slide(step)};
  const BoundCall bound = bind(plan_, step);
  Band& band = bands[step.index];
  if (band.parts == 0 || band.input_rows != step.input_rows ||
      band.output_rows != step.output_rows || band.pad_top != step.pad_top) {
    band = {step.input_rows, step.output_rows, step.pad_top,
            static_cast<uint32_t>(parameters_.size()), parts_of(bound.call, step.index)};
  }
  std::vector<std::vector<Access>> accesses;
  for (uint32_t part = 0; part < band.parts; ++part) {
    accesses.push_back(add_part(step, bound, band, part));
  }
  return accesses;
}

// Constants aside, which nothing writes to.
std::vector<Access> Program::accesses_of(const Instruction& instruction) const {
  const CallNeeds needs = needs_of(parameters_[instruction.parameters]);
  std::vector<Access> accesses;
  const auto add = [&](const Location& place, const OperandNeed& need, bool writes) {
    if (place.base == Location::kNowhere || place.base == Location::kConstants) return;
    const uint64_t end = place.offset + static_cast<uint64_t>(need.bytes);
    accesses.push_back({place.base, place.offset, end, writes});
  };
  for (size_t i = 0; i < needs.input_count; ++i) {
    add(instruction.inputs[i], needs.inputs[i], false);
  }
  add(instruction.output, needs.output, true);
  return accesses;
}

// As many parts as threads, unless they would be too short to be worth it.
uint32_t Program::parts_of(const KernelCall& parameters, size_t call) const {
  const auto most = std::min(static_cast<int64_t>(threads_), most_parts(parameters));
  if (most == 1 || shortest_part_ <= 0) return static_cast<uint32_t>(most);
  const bool portable = isa_of_call(call) == Isa::kPortable;
  const int64_t worth = estimated_nanoseconds(parameters, portable) / shortest_part_;
  return static_cast<uint32_t>(std::clamp<int64_t>(worth, 1, most));
}

size_t Program::scratch_of(const KernelCall& call_parameters, size_t call) const {
  std::array<const std::byte*, kMaxCallInputs> addresses;
  const CallOperands operands = constant_operands(plan_.calls[call], addresses);
  size_t bytes = durward::scratch_bytes(call_parameters);
  visit_layer(*this, call_parameters, call, [&](const auto& parameters, const auto& chosen) {
    if (chosen.kernel == nullptr) return false;
    bytes = chosen.kernel->scratch_bytes(layer_of(parameters, operands));
    return true;
  });
  return bytes;
}

EngineError Program::take_memory(uint64_t max_bytes) {
  const uint64_t arena = aligned(plan_.arena_bytes) + uint64_t{scratch_bytes_} * threads_;
  const uint64_t all = arena + packed_bytes_;
  if (all <= std::min<uint64_t>(max_bytes, std::numeric_limits<ptrdiff_t>::max())) {
    arena_ = allocate(static_cast<size_t>(arena));
    packed_ = allocate(packed_bytes_);
  }
  if (arena_ != nullptr && packed_ != nullptr) return {};
  return {EngineCode::kOutOfMemory, "no memory for " + std::to_string(all) + " bytes"};
}

void Program::pack_weights() {
  std::array<const std::byte*, kMaxCallInputs> addresses;
  for (size_t i = 0; i < plan_.calls.size(); ++i) {
    const CallOperands operands = constant_operands(plan_.calls[i], addresses);
    visit_layer(*this, plan_.calls[i].call, i, [&](const auto& parameters, const auto& chosen) {
      if (chosen.kernel == nullptr) return false;
      chosen.kernel->pack(layer_of(parameters, operands), packed_.get() + chosen.packed_offset);
      return true;
    });
  }
}

Isa Program::isa_of_call(size_t call) const noexcept {
  Isa isa = isa_of(plan_.calls[call].call, *vector_kernels_);
  visit_layer(*this, plan_.calls[call].call, call, [&](const auto&, const auto& chosen) {
    if (chosen.kernel != nullptr) isa = chosen.kernel->isa;
    return true;
  });
  return isa;
}

std::byte* Program::address(const Location& location) const noexcept {
  return location.base == Location::kNowhere ? nullptr : bases_[location.base] + location.offset;
}

std::byte* Program::scratch_of_thread(size_t thread) const noexcept {
  return arena_.get() + aligned(plan_.arena_bytes) + thread * scratch_bytes_;
}

template <typename Call, typename Layer>
void Program::run_layer(const Call& call, const ChosenKernel<LayerKernel<Layer>>& chosen,
                        const CallOperands& operands) const noexcept {
  chosen.kernel->run(layer_of(call, operands), packed_.get() + chosen.packed_offset,
                     call.fused.present ? &call.fused.add : nullptr,
                     {operands.in<int8_t>(0), operands.in<int8_t>(kAddendOperand),
                      operands.out<int8_t>(), operands.scratch});
}

template <typename Call, typename Layer>
void Program::run_layer(const Call& call, const ChosenKernel<FloatKernel<Layer>>& chosen,
                        const CallOperands& operands) const noexcept {
  chosen.kernel->run(layer_of(call, operands), packed_.get() + chosen.packed_offset,
                     {operands.in<float>(0), operands.out<float>(), operands.scratch});
}

void Program::run_layer(const LstmInt16Call& call, const ChosenKernel<LstmInt16Kernel>& chosen,
                        const CallOperands& operands) const noexcept {
  chosen.kernel->run(layer_of(call, operands), packed_.get() + chosen.packed_offset,
                     {operands.inputs[0], operands.out<int16_t>(), operands.scratch});
}

void Program::run(const Instruction& instruction, size_t thread) const noexcept {
  std::byte* output = address(instruction.output);
  if (instruction.kind == PlanStep::Kind::kSlide) {
    std::memmove(output, output + instruction.slide_from,
                 static_cast<size_t>(instruction.slide_bytes));
    return;
  }
  std::array<const std::byte*, kMaxCallInputs> addresses;
  for (size_t i = 0; i < addresses.size(); ++i) addresses[i] = address(instruction.inputs[i]);
  const CallOperands operands{addresses, output, scratch_of_thread(thread)};
  const KernelCall& call = parameters_[instruction.parameters];
  const bool ran =
      visit_layer(*this, call, instruction.call, [&](const auto& parameters, const auto& chosen) {
        if (chosen.kernel == nullptr) return false;
        run_layer(parameters, chosen, operands);
        return true;
      });
  if (!ran) execute(call, operands, *vector_kernels_);
}

}  // namespace durward
