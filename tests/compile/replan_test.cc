// Plans made over: int8 ports, smaller arenas, the same bits.
#include "compile/plan/replan.h"

#include <gtest/gtest.h>

#include "compile/int8_net.h"
#include "compile/session_equality.h"
#include "engine/hand_plan.h"

namespace durward {
namespace {

// Float in, quantised, a table, dequantised, float out.
HandPlan plan_between_floats(int readers) {
  HandPlan plan;
  const int32_t x = plan.input({1, 2, 4, 8}, PlanType::kFloat32);
  const int32_t quantised = plan.arena(64, {1, 2, 4, 8}), looked_up = plan.arena(64, {1, 2, 4, 8});
  for (int i = 0; i < readers; ++i) {
    plan.call(QuantizeInt8Call{0.5f, {}, 64}, {x}, i == 0 ? quantised : plan.arena(64));
  }
  plan.call(LookupInt8Call{64}, {quantised, plan.constant(std::vector<int8_t>(256, 3))}, looked_up);
  const int32_t scale = plan.constant<float>({0.25f}), zero = plan.constant<int32_t>({0});
  plan.call(DequantizeCall{QuantizedType::kInt8, 64, 1, 1}, {looked_up, scale, zero},
            plan.output({1, 2, 4, 8}, PlanType::kFloat32));
  return plan;
}

Plan with_scales(const HandPlan& hand) {
  Plan plan = hand.plan();
  for (PlanTensor& tensor : plan.tensors) {
    if (tensor.place == PlanTensor::Place::kArena) tensor.scale = 0.5f;
  }
  return plan;
}

struct Ports {
  PlanType input, output;
  size_t calls;
};

Ports ports_after(const Plan& plan, bool int8_ports) {
  const auto bytes = replan(plan, {.int8_ports = int8_ports});
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  if (!bytes.ok()) return {};
  const AlignedBytes memory(*bytes);
  Plan made;
  EXPECT_TRUE(read_plan(memory.bytes(), made).ok());
  EXPECT_TRUE(verify_plan(made).ok());
  return {made.tensors[static_cast<size_t>(made.inputs[0])].type,
          made.tensors[static_cast<size_t>(made.outputs[0])].type, made.calls.size()};
}

TEST(Replan, MakesPortsInt8ThatAreOnlyConverted) {
  const HandPlan hand = plan_between_floats(1);
  const Ports before = ports_after(with_scales(hand), false);
  EXPECT_EQ(before.input, PlanType::kFloat32);
  EXPECT_EQ(before.calls, 3u);
  const Ports after = ports_after(with_scales(hand), true);
  EXPECT_EQ(after.input, PlanType::kInt8);
  EXPECT_EQ(after.output, PlanType::kInt8);
  EXPECT_EQ(after.calls, 1u);
}

TEST(Replan, LeavesAPortThatTwoCallsRead) {
  const HandPlan hand = plan_between_floats(2);
  const Ports after = ports_after(with_scales(hand), true);
  EXPECT_EQ(after.input, PlanType::kFloat32);
  EXPECT_EQ(after.output, PlanType::kInt8);
}

TEST(Replan, LeavesPortsWhoseTensorHasNoScale) {
  const HandPlan hand = plan_between_floats(1);
  const Ports after = ports_after(hand.plan(), true);
  EXPECT_EQ(after.input, PlanType::kFloat32);
  EXPECT_EQ(after.output, PlanType::kFloat32);
}

TEST(Replan, StreamsRowsForASmallerArenaWithTheSameBits) {
  Int8Net net(3);
  TensorId x = net.input({1, 24, 16, 4});
  x = net.pointwise(x, 24);
  x = net.depthwise(x, {.padding = {1, 1, 1, 1}}, 1, 3, 3);
  net.output(net.pointwise(x, 4));
  const auto large = build_plan(net.graph, {.arena_bytes = 1 << 20});
  ASSERT_TRUE(large.ok()) << large.status();
  const AlignedBytes whole(*large);
  const auto session = session_of(whole, Isa::kPortable);
  const auto small = replan(session->plan(), {.arena_bytes = 1});
  ASSERT_TRUE(small.ok()) << small.status();
  const AlignedBytes bands(*small);
  const auto streamed = session_of(bands, Isa::kPortable);
  EXPECT_LT(streamed->arena_bytes() * 3, session->arena_bytes());
  Random random(9);
  const Buffers inputs = random_inputs(net.graph, random);
  EXPECT_TRUE(run_session(*streamed, net.graph, inputs) == interpret(net.graph, inputs));
  // And back again.
  const auto again = replan(streamed->plan(), {.arena_bytes = 1 << 20});
  ASSERT_TRUE(again.ok()) << again.status();
  const AlignedBytes unrolled(*again);
  EXPECT_EQ(session_of(unrolled, Isa::kPortable)->arena_bytes(), session->arena_bytes());
}

}  // namespace
}  // namespace durward
