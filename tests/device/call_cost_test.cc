#include "device/call_cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/hand_plan.h"

namespace durward::device {
namespace {

using ::testing::ElementsAre;

// A pointwise layer of 2x2 weights on a 4x2 image of two channels, and windows of 3x1 behind it:
// 8 pixels * 2 channels * 2 products, 8 pixels * 2 channels * 3 products.
TEST(CallCost, CountsMultiplyAccumulates) {
  const HandPlan hand = small_streamed_plan();
  const std::vector<CallCost> costs = call_costs(hand.plan());
  ASSERT_EQ(costs.size(), 2u);
  EXPECT_EQ(costs[0].macs, 32);
  EXPECT_EQ(costs[1].macs, 48);
  EXPECT_EQ(costs[0].cost, CostClass::kDenseInt8);
  EXPECT_EQ(costs[1].cost, CostClass::kDepthwiseInt8);
  EXPECT_EQ(costs[0].outputs, 16);
  EXPECT_TRUE(costs[0].integer && costs[1].integer);
  // x, weights, bias, two lists of two multipliers, y.
  EXPECT_EQ(costs[0].bytes, 16 + 4 + 8 + 8 + 8 + 16);
  // The same with six weights and the addend.
  EXPECT_EQ(costs[1].bytes, 16 + 6 + 8 + 8 + 8 + 16 + 16);
}

// In bands every row is computed once; weights are read again for each band, and the rows of the
// image that windows share are read and moved again.
TEST(CallCost, OfBandsIsTheSameWorkAndMoreBytes) {
  const HandPlan hand = small_streamed_plan();
  const std::vector<CallCost> costs = call_costs(in_bands(hand.plan()));
  EXPECT_EQ(costs[0].macs, 32);
  EXPECT_EQ(costs[1].macs, 48);
  EXPECT_EQ(costs[0].steps, 2);
  EXPECT_EQ(costs[1].steps, 2);
  EXPECT_EQ(costs[0].outputs, 16);
  // 3 rows and 1 row; weights, bias and multipliers twice; two rows of four bytes moved.
  EXPECT_EQ(costs[0].bytes, 16 + 2 * (4 + 8 + 8 + 8) + 16 + 2 * 2 * 4);
}

TEST(CallCost, FloatLayersAreInFloat) {
  FullyConnectedFloatCall call;
  call.rows = 3;
  call.in = 5;
  call.out = 7;
  HandPlan hand;
  const int32_t x = hand.input({3, 5}, PlanType::kFloat32),
                y = hand.output({3, 7}, PlanType::kFloat32);
  hand.call(call, {x, hand.constant<float>(std::vector<float>(35)), -1, -1}, y);
  const std::vector<CallCost> costs = call_costs(hand.plan());
  EXPECT_EQ(costs[0].macs, 3 * 5 * 7);
  EXPECT_EQ(costs[0].cost, CostClass::kDenseFloat);
  EXPECT_FALSE(costs[0].integer);
  EXPECT_EQ(costs[0].bytes, (15 + 35 + 21) * 4);
}

TEST(CallCost, NamesWhatWasFused) {
  const HandPlan hand = small_streamed_plan();
  Plan plan = hand.plan();
  EXPECT_THAT(fused_into(plan, plan.calls[0]), ElementsAre());
  EXPECT_THAT(fused_into(plan, plan.calls[1]), ElementsAre("add"));
  std::get<Conv2DInt8Call>(plan.calls[0].call).output.lowest = 0;
  EXPECT_THAT(fused_into(plan, plan.calls[0]), ElementsAre("clamp"));

  HandPlan slopes;
  const int32_t x = slopes.input({1, 1, 1, 1}), y = slopes.output({1, 1, 1, 1});
  slopes.call(Conv2DInt8Call{},
              {x, slopes.constant<int8_t>({1}), slopes.constant<int32_t>({0}),
               slopes.constant<float>({1.0f}), slopes.constant<float>({0.25f})},
              y);
  const Plan with_slope = slopes.plan();
  EXPECT_THAT(fused_into(with_slope, with_slope.calls[0]), ElementsAre("prelu"));
}

}  // namespace
}  // namespace durward::device
