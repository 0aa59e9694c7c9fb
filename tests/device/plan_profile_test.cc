#include "device/plan_profile.h"

#include <gtest/gtest.h>

#include <numeric>

#include "engine/aligned_bytes.h"
#include "engine/allocations.h"
#include "engine/hand_plan.h"

namespace durward::device {
namespace {

AllocationCount allocated() { return {static_cast<uint64_t>(allocations()), 0}; }

class Profiled : public ::testing::Test {
 protected:
  void SetUp() override {
    const HandPlan hand = small_streamed_plan();
    plan_.emplace(write_plan(in_bands(hand.plan())));
    ASSERT_TRUE(Session::create(plan_->bytes(), {}, session_).ok());
  }
  PlanProfile profile(size_t runs) {
    const std::vector<std::byte> input(session_->input(0).bytes);
    const std::span<const std::byte> inputs[] = {input};
    return profile_session(*session_, inputs, {.runs = runs, .allocations = allocated});
  }
  std::optional<AlignedBytes> plan_;
  std::unique_ptr<Session> session_;
};

TEST(Spread, IsOfRanks) {
  const Spread spread = spread_of({9, 1, 8, 2, 7, 3, 6, 4, 5, 10});
  EXPECT_EQ(spread.median, 5.5);
  EXPECT_EQ(spread.low, 1);   // the first of ten
  EXPECT_EQ(spread.high, 9);  // the ninth
  EXPECT_EQ(spread_of({3}).low, 3);
  EXPECT_EQ(spread_of({3}).high, 3);
  EXPECT_EQ(spread_of({5, 1, 3}).median, 3);
}

TEST_F(Profiled, EveryStepHasItsTimeAndCallsShareThemAll) {
  CallProfiler profiler(session_->plan());
  const std::vector<std::byte> input(session_->input(0).bytes);
  std::vector<std::byte> output(session_->output(0).bytes);
  const std::span<const std::byte> inputs[] = {input};
  const std::span<std::byte> outputs[] = {output};
  for (int i = 0; i < 3; ++i) {
    profiler.begin_run();
    ASSERT_EQ(session_->run(inputs, outputs, profiler.signal()), EngineCode::kOk);
    profiler.end_run();
  }
  const std::vector<double> runs = profiler.times_of_runs(), first = profiler.times_of_call(0),
                            second = profiler.times_of_call(1);
  ASSERT_EQ(runs.size(), 3u);
  for (size_t i = 0; i < runs.size(); ++i) {
    EXPECT_GT(runs[i], 0);
    EXPECT_NEAR(first[i] + second[i], runs[i], 1e-6);  // the slide is the first's, which follows it
  }
  EXPECT_EQ(profiler.steps_of_median_run().size(), 5u);
}

TEST_F(Profiled, RunsTakeNoMemoryAndEachStepFollowsTheOther) {
  const PlanProfile profile = this->profile(7);
  EXPECT_EQ(profile.runs, 7u);
  EXPECT_EQ(profile.run_allocations.count, 0u);
  ASSERT_EQ(profile.steps.size(), 5u);
  for (size_t i = 1; i < profile.steps.size(); ++i) {
    EXPECT_NEAR(profile.steps[i].start_us, profile.steps[i - 1].start_us + profile.steps[i - 1].us,
                1e-6);
  }
  EXPECT_LE(profile.us.low, profile.us.median);
  EXPECT_LE(profile.us.median, profile.us.high);
  EXPECT_EQ(profile.calls[0].cost.macs, 32);
}

TEST_F(Profiled, TheMapHasATensorFromItsFirstStepToItsLast) {
  const std::vector<ArenaTensor> map = arena_map(session_->plan());
  ASSERT_EQ(map.size(), 1u);  // ports and constants lie elsewhere
  EXPECT_EQ(map[0].first_step, 0u);
  EXPECT_EQ(map[0].last_step, 4u);
}

TEST_F(Profiled, CountersAreThereOrSayWhyNot) {
  const PerfCounters counters;
  if (!counters.available()) {
    EXPECT_NE(counters.reason(), "");
    EXPECT_EQ(counters.read().cycles, 0u);
    GTEST_SKIP() << counters.reason();
  }
  const CounterValues before = counters.read();
  volatile int sum = 0;
  for (int i = 0; i < 10000; ++i) sum = sum + i;
  const CounterValues after = counters.read();
  EXPECT_GT(after.instructions, before.instructions + 10000);
  EXPECT_GT(after.cycles, before.cycles);
}

}  // namespace
}  // namespace durward::device
