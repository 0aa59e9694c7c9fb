#include "engine/plan_writer.h"

#include <string>

#include "engine/call_fields.h"
#include "engine/plan_generated.h"

namespace durward {
namespace {

// The numbers of a call, as FieldReader takes them.
struct FieldWriter {
  std::vector<int64_t> integers;
  std::vector<float> floats;

  void operator()(int64_t& field) { integers.push_back(field); }
  void operator()(int32_t& field) { integers.push_back(field); }
  void operator()(bool& field) { integers.push_back(field ? 1 : 0); }
  void operator()(float& field) { floats.push_back(field); }
  template <typename Enum>
  void choice(Enum& field, Enum) {
    integers.push_back(static_cast<int64_t>(field));
  }
};

flatbuffers::Offset<plan::Tensor> write(flatbuffers::FlatBufferBuilder& builder,
                                        const PlanTensor& tensor) {
  return plan::CreateTensorDirect(builder, tensor.name.c_str(),
                                  static_cast<plan::Type>(tensor.type),
                                  static_cast<plan::Place>(tensor.place), &tensor.shape,
                                  tensor.offset, tensor.bytes, tensor.scale, tensor.zero_point);
}

flatbuffers::Offset<plan::Call> write(flatbuffers::FlatBufferBuilder& builder,
                                      const PlanCall& call) {
  FieldWriter numbers;
  KernelCall copy = call.call;
  std::visit([&numbers](auto& c) { fields(numbers, c); }, copy);
  return plan::CreateCallDirect(builder, static_cast<uint16_t>(call.call.index()),
                                call.name.c_str(), &call.inputs, call.output, &numbers.integers,
                                &numbers.floats);
}

}  // namespace

std::vector<std::byte> write_plan(const Plan& plan) {
  flatbuffers::FlatBufferBuilder builder(plan.constants.size() + 65536);
  // ForceVectorAlignment() would do the same, but for its limit of 32.
  builder.PreAlign(plan.constants.size(), kPlanAlignment);
  const auto constants = builder.CreateVector(
      reinterpret_cast<const uint8_t*>(plan.constants.data()), plan.constants.size());
  std::vector<flatbuffers::Offset<plan::Tensor>> tensors;
  for (const PlanTensor& tensor : plan.tensors) tensors.push_back(write(builder, tensor));
  std::vector<flatbuffers::Offset<plan::Call>> calls;
  for (const PlanCall& call : plan.calls) calls.push_back(write(builder, call));
  std::vector<plan::Step> steps;
  for (const PlanStep& step : plan.steps) {
    steps.emplace_back(static_cast<uint32_t>(step.kind), step.index, step.input_row,
                       step.input_rows, step.pad_top, step.output_row, step.output_rows,
                       step.addend_row);
  }
  const auto stored_tensors = builder.CreateVector(tensors);
  const auto stored_calls = builder.CreateVector(calls);
  const auto stored_steps = builder.CreateVectorOfStructs(steps);
  const auto inputs = builder.CreateVector(plan.inputs);
  const auto outputs = builder.CreateVector(plan.outputs);
  plan::FinishPlanBuffer(
      builder, plan::CreatePlan(builder, kPlanVersion, stored_tensors, stored_calls, stored_steps,
                                inputs, outputs, plan.arena_bytes, constants));
  const auto* bytes = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {bytes, bytes + builder.GetSize()};
}

}  // namespace durward
