// Plans made by hand, without the compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "engine/call_needs.h"
#include "engine/plan.h"
#include "engine/plan_writer.h"

namespace durward {

class HandPlan {
 public:
  int32_t input(std::vector<int64_t> shape, PlanType type = PlanType::kInt8) {
    return port(PlanTensor::Place::kInput, plan_.inputs, std::move(shape), type);
  }
  int32_t output(std::vector<int64_t> shape, PlanType type = PlanType::kInt8) {
    return port(PlanTensor::Place::kOutput, plan_.outputs, std::move(shape), type);
  }
  // Tensors of the arena lie one behind the other.
  int32_t arena(uint64_t bytes, std::vector<int64_t> shape = {}) {
    const int32_t index = add({"arena", PlanType::kInt8, PlanTensor::Place::kArena,
                               std::move(shape), plan_.arena_bytes, bytes, 0, 0});
    plan_.arena_bytes = aligned(plan_.arena_bytes + bytes);
    return index;
  }
  template <typename T>
  int32_t constant(const std::vector<T>& values) {
    const int32_t index = add({"constant",
                               PlanType::kInt8,
                               PlanTensor::Place::kConstant,
                               {},
                               constants_.size(),
                               values.size() * sizeof(T),
                               0,
                               0});
    const size_t begin = constants_.size();
    constants_.resize(aligned(begin + values.size() * sizeof(T)));
    std::memcpy(constants_.data() + begin, values.data(), values.size() * sizeof(T));
    return index;
  }
  // A call, and a step that runs all of it.
  void call(const KernelCall& kernel_call, std::vector<int32_t> inputs, int32_t output_tensor) {
    plan_.calls.push_back({kernel_call, "call", std::move(inputs), output_tensor});
    PlanStep step;
    step.index = static_cast<uint32_t>(plan_.calls.size() - 1);
    plan_.steps.push_back(step);
  }

  // Its constants are those of this object.
  [[nodiscard]] Plan plan() const& {
    Plan result = plan_;
    result.constants = constants_;
    return result;
  }
  Plan plan() && = delete;
  [[nodiscard]] std::vector<std::byte> bytes() const { return write_plan(plan()); }

 private:
  static uint64_t aligned(uint64_t bytes) {
    return (bytes + kPlanAlignment - 1) / kPlanAlignment * kPlanAlignment;
  }
  int32_t add(PlanTensor tensor) {
    plan_.tensors.push_back(std::move(tensor));
    return static_cast<int32_t>(plan_.tensors.size()) - 1;
  }
  int32_t port(PlanTensor::Place place, std::vector<int32_t>& ports, std::vector<int64_t> shape,
               PlanType type) {
    auto bytes = static_cast<uint64_t>(size_of(type));
    for (const int64_t size : shape) bytes *= static_cast<uint64_t>(size);
    const int32_t index = add({"port", type, place, std::move(shape), ports.size(), bytes, 0, 0});
    ports.push_back(index);
    return index;
  }

  Plan plan_;
  std::vector<std::byte> constants_;
};

// A call alone, every operand as small as it may be: constants of zeros, all else in the arena.
inline HandPlan plan_of(const KernelCall& call) {
  HandPlan plan;
  const CallNeeds needs = needs_of(call);
  std::vector<int32_t> inputs;
  for (size_t i = 0; i < needs.input_count; ++i) {
    const auto bytes = static_cast<size_t>(needs.inputs[i].bytes);
    inputs.push_back(needs.inputs[i].constant
                         ? plan.constant(std::vector<std::byte>(bytes, std::byte{0}))
                         : plan.arena(bytes));
  }
  plan.call(call, inputs, plan.arena(static_cast<uint64_t>(needs.output.bytes)));
  return plan;
}

// A depthwise layer of 1x3 windows behind a pointwise one, two rows at a time, a copy of the input
// added behind it: rows, a slide, a fused add, constants and ports in a few hundred bytes.
inline HandPlan small_streamed_plan() {
  HandPlan plan;
  const int32_t x = plan.input({1, 4, 2, 2}), y = plan.output({1, 4, 2, 2});
  const int32_t inside = plan.arena(12, {1, 4, 2, 2});
  const auto ones = plan.constant<float>({1.0f / 8, 1.0f / 8});
  const auto bias = plan.constant<int32_t>({3, -5});
  Conv2DInt8Call expand;
  expand.geometry.window = {1, 4, 2, 2, 4, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0};
  plan.call(expand, {x, plan.constant<int8_t>({8, 1, -2, 7}), bias, ones, ones}, inside);
  DepthwiseInt8Call window;
  window.window = {1, 4, 2, 2, 4, 2, 2, 3, 1, 1, 1, 1, 1, 1, 0};
  window.fused = {true, {0, 1, 1.0f, 0.5f, {}}};
  plan.call(window, {inside, plan.constant<int8_t>({1, 2, 3, 4, 5, 6}), bias, ones, ones, x}, y);
  return plan;
}

// The steps of the plan above in bands of two rows: three rows are held, two of which move.
inline Plan in_bands(Plan plan) {
  using Kind = PlanStep::Kind;
  plan.steps = {{Kind::kRun, 0, 0, 3, 0, 0, 3, 0},
                {Kind::kRun, 1, 0, 3, 1, 0, 2, 0},
                {Kind::kSlide, 2, 1, 2, 0, 0, 0, 0},
                {Kind::kRun, 0, 3, 1, 0, 2, 1, 3},
                {Kind::kRun, 1, 0, 3, 0, 2, 2, 2}};
  return plan;
}

}  // namespace durward
