// Plans as bytes: what is written is read again, and what is not a plan is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "engine/aligned_bytes.h"
#include "engine/every_call.h"
#include "engine/hand_plan.h"
#include "engine/plan.h"
#include "engine/plan_generated.h"
#include "engine/session.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

EngineError read(std::span<const std::byte> bytes, size_t shift = 0) {
  const AlignedBytes memory(bytes, shift);
  Plan plan;
  return read_plan(memory.bytes(), plan);
}

// A session of hostile bytes, run once where it comes to that. -> whether it did.
bool try_to_run(std::span<const std::byte> bytes) {
  const AlignedBytes memory(bytes);
  std::unique_ptr<Session> session;
  const EngineError error =
      Session::create(memory.bytes(), {.isa = {}, .max_bytes = 1 << 20}, session);
  EXPECT_EQ(error.ok(), session != nullptr);
  if (!error.ok()) return false;
  std::vector<std::vector<int64_t>> buffers;
  std::vector<std::span<const std::byte>> inputs;
  std::vector<std::span<std::byte>> outputs;
  const auto buffer = [&buffers](const PlanTensor& port) {
    buffers.emplace_back(port.bytes / sizeof(int64_t) + 1);
    return std::as_writable_bytes(std::span(buffers.back())).first(port.bytes);
  };
  for (size_t i = 0; i < session->input_count(); ++i) {
    if (session->input(i).bytes > (1 << 20)) return false;
    inputs.emplace_back(buffer(session->input(i)));
  }
  for (size_t i = 0; i < session->output_count(); ++i) {
    if (session->output(i).bytes > (1 << 20)) return false;
    outputs.push_back(buffer(session->output(i)));
  }
  EXPECT_EQ(session->run(inputs, outputs), EngineCode::kOk);
  return true;
}

TEST(PlanReader, ReadsEveryCallAsItWasWritten) {
  std::set<size_t> kinds;
  for (const KernelCall& call : every_call()) {
    kinds.insert(call.index());
    const std::vector<std::byte> bytes = plan_of(call).bytes();
    const AlignedBytes memory(bytes);
    Plan plan;
    const EngineError error = read_plan(memory.bytes(), plan);
    ASSERT_TRUE(error.ok()) << error.message;
    EXPECT_EQ(plan.calls[0].call.index(), call.index());
    EXPECT_TRUE(write_plan(plan) == bytes) << call.index();
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<KernelCall>);
}

TEST(PlanReader, ReadsStepsTensorsAndPorts) {
  const HandPlan hand = small_streamed_plan();
  const Plan written = in_bands(hand.plan());
  const AlignedBytes memory(write_plan(written));
  Plan plan;
  ASSERT_TRUE(read_plan(memory.bytes(), plan).ok());
  EXPECT_TRUE(write_plan(plan) == write_plan(written));
  EXPECT_EQ(plan.steps.size(), 5u);
  EXPECT_EQ(plan.steps[4].addend_row, 2u);
  EXPECT_EQ(plan.arena_bytes, 64u);
  EXPECT_EQ(plan.inputs.size(), 1u);
}

TEST(PlanReader, RefusesAPlanTruncatedAnywhere) {
  const HandPlan hand = small_streamed_plan();
  const std::vector<std::byte> bytes = write_plan(in_bands(hand.plan()));
  ASSERT_TRUE(try_to_run(bytes));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(read(std::span(bytes).first(size)).code, EngineCode::kMalformedPlan) << size;
  }
}

TEST(PlanReader, SurvivesEveryFlippedBit) {
  const HandPlan hand = small_streamed_plan();
  std::vector<std::byte> bytes = write_plan(in_bands(hand.plan()));
  size_t refused = 0, ran = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      const auto flip = static_cast<std::byte>(1 << bit);
      bytes[i] ^= flip;
      ++(try_to_run(bytes) ? ran : refused);
      bytes[i] ^= flip;
    }
  }
  EXPECT_GT(refused, bytes.size());
  EXPECT_GT(ran, 0u);
}

TEST(PlanReader, RefusesOtherIdentifiersAndVersions) {
  std::vector<std::byte> bytes = small_streamed_plan().bytes();
  bytes[4] ^= std::byte{1};
  EXPECT_EQ(read(bytes).code, EngineCode::kMalformedPlan);
  flatbuffers::FlatBufferBuilder builder;
  plan::FinishPlanBuffer(builder, plan::CreatePlan(builder, kPlanVersion + 1));
  const EngineError error =
      read(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
  EXPECT_EQ(error.code, EngineCode::kUnknownVersion);
  EXPECT_THAT(error.message, HasSubstr(std::to_string(kPlanVersion + 1)));
}

TEST(PlanReader, RefusesMemoryThatIsNotAligned) {
  const std::vector<std::byte> bytes = small_streamed_plan().bytes();
  for (const size_t shift : {1, 8, 32, 63}) {
    EXPECT_EQ(read(bytes, shift).code, EngineCode::kUnaligned) << shift;
  }
  EXPECT_TRUE(read(bytes, 64).ok());
}

TEST(PlanReader, RefusesWhatIsInNoEnumeration) {
  const HandPlan hand = small_streamed_plan();
  Plan plan = hand.plan();
  plan.tensors[0].type = static_cast<PlanType>(7);
  EXPECT_EQ(read(write_plan(plan)).code, EngineCode::kMalformedPlan);
  plan = hand.plan();
  plan.tensors[0].place = static_cast<PlanTensor::Place>(4);
  EXPECT_EQ(read(write_plan(plan)).code, EngineCode::kMalformedPlan);
  plan = hand.plan();
  plan.steps[0].kind = static_cast<PlanStep::Kind>(2);
  EXPECT_EQ(read(write_plan(plan)).code, EngineCode::kMalformedPlan);
  for (const KernelCall& call :
       {KernelCall{BinaryFloatCall{static_cast<FloatBinary>(99), {}, {}}},
        KernelCall{UnaryFloatCall{{static_cast<FloatUnary>(99), 0, 0}, 1}},
        KernelCall{ReduceFloatCall{static_cast<FloatReduction>(99), {}}},
        KernelCall{DequantizeCall{static_cast<QuantizedType>(99), 1, 1, 1}}}) {
    plan = hand.plan();
    plan.calls[0].call = call;
    EXPECT_EQ(read(write_plan(plan)).code, EngineCode::kMalformedPlan) << call.index();
  }
}

// A plan of one call with these numbers, and `tensors` times the same tensor.
std::vector<std::byte> raw_plan(uint16_t kind, const std::vector<int64_t>& integers,
                                const std::vector<float>& floats, size_t tensors = 1,
                                size_t rank = 4) {
  flatbuffers::FlatBufferBuilder builder;
  const std::vector<int64_t> shape(rank, 1);
  const auto tensor =
      plan::CreateTensorDirect(builder, "t", plan::Type::Int8, plan::Place::Arena, &shape, 0, 1);
  const std::vector<flatbuffers::Offset<plan::Tensor>> all(tensors, tensor);
  const std::vector<int32_t> inputs{0};
  const std::vector<flatbuffers::Offset<plan::Call>> calls{
      plan::CreateCallDirect(builder, kind, "c", &inputs, 0, &integers, &floats)};
  const std::vector<plan::Step> steps;
  plan::FinishPlanBuffer(builder, plan::CreatePlanDirect(builder, kPlanVersion, &all, &calls,
                                                         &steps, &inputs, &inputs));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

TEST(PlanReader, RefusesCallsWithOtherNumbersThanTheirKindHas) {
  // FullyConnectedFloatCall: three integers and two floats.
  constexpr uint16_t kKind = 4;
  EXPECT_TRUE(read(raw_plan(kKind, {1, 2, 3}, {0, 1})).ok());
  EXPECT_FALSE(read(raw_plan(kKind, {1, 2}, {0, 1})).ok());
  EXPECT_FALSE(read(raw_plan(kKind, {1, 2, 3, 4}, {0, 1})).ok());
  EXPECT_FALSE(read(raw_plan(kKind, {1, 2, 3}, {0})).ok());
  EXPECT_FALSE(read(raw_plan(kKind, {1, 2, 3}, {0, 1, 2})).ok());
  EXPECT_FALSE(read(raw_plan(std::variant_size_v<KernelCall>, {1, 2, 3}, {0, 1})).ok());
  EXPECT_FALSE(read(raw_plan(0xffff, {}, {})).ok());
  // ExtremumInt8Call: a loop, whose rank says how many numbers follow, and a truth value.
  constexpr uint16_t kLoop = 8;
  EXPECT_TRUE(read(raw_plan(kLoop, {1, 5, 1, 1, 0}, {})).ok());
  EXPECT_FALSE(read(raw_plan(kLoop, {2, 5, 1, 1, 0}, {})).ok());
  EXPECT_FALSE(read(raw_plan(kLoop, {1, 5, 1, 1, 2}, {})).ok());
  EXPECT_FALSE(read(raw_plan(kLoop, {int64_t{1} << 32, 5, 1, 1, 0}, {})).ok());
}

TEST(PlanReader, TakesNoMoreMemoryThanThePlanHasBytes) {
  EXPECT_TRUE(read(raw_plan(4, {1, 2, 3}, {0, 1}, 1, 1000)).ok());
  // One list of 8,000 bytes and a thousand tables that share it.
  EXPECT_EQ(read(raw_plan(4, {1, 2, 3}, {0, 1}, 1000, 1000)).code, EngineCode::kMalformedPlan);
  EXPECT_EQ(read(raw_plan(4, {1, 2, 3}, {0, 1}, 100'000, 1)).code, EngineCode::kMalformedPlan);
}

}  // namespace
}  // namespace durward
