// A session on several threads: what it computes, takes, refuses and leaves behind is that of one
// on one thread.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#include "engine/aligned_bytes.h"
#include "engine/allocations.h"
#include "engine/arithmetic.h"
#include "engine/every_call.h"
#include "engine/hand_plan.h"
#include "engine/session.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// Splits all that can be split.
SessionOptions on_threads(uint64_t threads, std::optional<Isa> isa = {}) {
  SessionOptions options;
  options.isa = isa;
  options.threads = threads;
  options.shortest_part = 0;
  return options;
}

std::unique_ptr<Session> session_of(const AlignedBytes& plan, const SessionOptions& options) {
  std::unique_ptr<Session> session;
  const EngineError error = Session::create(plan.bytes(), options, session);
  EXPECT_TRUE(error.ok()) << error.message;
  return session;
}

// One input and output, of bytes.
std::vector<int8_t> run(Session& session, const std::vector<int8_t>& input,
                        EngineCode expected = EngineCode::kOk, const StopSignal& signal = {}) {
  std::vector<int8_t> output(session.output(0).bytes);
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(input))};
  const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
  EXPECT_EQ(session.run(in, out, signal), expected);
  return output;
}

// Three layers over 12 rows: a convolution of 3x3, a pointwise one and a depthwise one.
std::vector<std::byte> three_layers(Random& random) {
  HandPlan hand;
  const WindowGeometry wide{1, 12, 9, 5, 12, 9, 20, 3, 3, 1, 1, 1, 1, 1, 1};
  const WindowGeometry pointwise{1, 12, 9, 20, 12, 9, 17};
  const WindowGeometry deep{1, 12, 9, 17, 6, 5, 17, 3, 3, 2, 2, 1, 1, 1, 1};
  const auto constants = [&](int64_t channels, int64_t depth) {
    const int32_t weights = hand.constant(random_int8(random, channels * depth, -127, 127));
    const int32_t bias = hand.constant(std::vector<int32_t>(static_cast<size_t>(channels), 99));
    const int32_t multiplier = hand.constant(random_floats(random, channels, 1e-4f, 1e-3f));
    return std::array<int32_t, 3>{weights, bias, multiplier};
  };
  const auto layer = [&](const KernelCall& call, int32_t from, std::array<int32_t, 3> c,
                         int32_t to) {
    hand.call(call, {from, c[0], c[1], c[2], c[2]}, to);
  };
  const int32_t x = hand.input({1, 12, 9, 5}), y = hand.output({1, 6, 5, 17});
  const int32_t first = hand.arena(12 * 9 * 20), second = hand.arena(12 * 9 * 17);
  layer(Conv2DInt8Call{{wide, 1}, 3, {}, {}}, x, constants(20, 45), first);
  layer(Conv2DInt8Call{{pointwise, 1}, 0, {}, {}}, first, constants(17, 20), second);
  layer(DepthwiseInt8Call{deep, 0, {}, {}}, second, constants(17, 9), y);
  return hand.bytes();
}

class SessionThreads : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Session::most_threads() == 1) GTEST_SKIP() << "this engine is built without threads";
  }

  Random random_{71};
  const AlignedBytes plan_{three_layers(random_)};
  const std::vector<int8_t> input_ = random_int8(random_, 12 * 9 * 5);
};

TEST_F(SessionThreads, GiveTheSameBits) {
  for (const Isa isa : isas()) {
    if (!available(isa)) continue;
    const std::vector<int8_t> expected = run(*session_of(plan_, on_threads(1, isa)), input_);
    for (uint64_t threads = 2; threads <= Session::most_threads(); ++threads) {
      const auto session = session_of(plan_, on_threads(threads, isa));
      for (int i = 0; i < 20; ++i) ASSERT_EQ(run(*session, input_), expected) << name(isa);
    }
  }
}

TEST_F(SessionThreads, GiveTheSameBitsWithRowsAndSlides) {
  const HandPlan hand = small_streamed_plan();
  const AlignedBytes plan(write_plan(in_bands(hand.plan())));
  const std::vector<int8_t> input = random_int8(random_, 16);
  const std::vector<int8_t> expected = run(*session_of(plan, on_threads(1)), input);
  for (uint64_t threads = 2; threads <= 4; ++threads) {
    EXPECT_EQ(run(*session_of(plan, on_threads(threads)), input), expected);
  }
}

TEST_F(SessionThreads, TakeNoMemoryDuringARun) {
  for (const KernelCall& call : every_call()) {
    const AlignedBytes plan(plan_of(call).bytes());
    const auto session = session_of(plan, on_threads(3));
    ASSERT_NE(session, nullptr);
    const int64_t before = allocations_of_all_threads();
    EXPECT_EQ(session->run({}, {}), EngineCode::kOk);
    EXPECT_EQ(allocations_of_all_threads(), before) << name(call);
  }
}

TEST_F(SessionThreads, EachHaveScratchMemory) {
  const size_t one = session_of(plan_, on_threads(1))->scratch_bytes();
  const auto session = session_of(plan_, on_threads(4));
  EXPECT_GT(session->scratch_bytes(), 0u);
  EXPECT_LE(session->scratch_bytes(), 4 * one);
  EXPECT_EQ(session->scratch_bytes() % 4, 0u);
  SessionOptions options = on_threads(4);
  options.max_bytes = session->arena_bytes() + session->scratch_bytes() + session->packed_bytes();
  EXPECT_NE(session_of(plan_, options), nullptr);
  --options.max_bytes;
  std::unique_ptr<Session> refused;
  EXPECT_EQ(Session::create(plan_.bytes(), options, refused).code, EngineCode::kOutOfMemory);
}

TEST_F(SessionThreads, StopBetweenTwoSteps) {
  struct Counter {
    int64_t left, asked;
  };
  const auto stop = [](void* context) noexcept {
    auto* counter = static_cast<Counter*>(context);
    ++counter->asked;
    return counter->left-- == 0;
  };
  const auto session = session_of(plan_, on_threads(3));
  const std::vector<int8_t> expected = run(*session, input_);
  for (int repeat = 0; repeat < 50; ++repeat) {
    for (int64_t i = 0; i < 3; ++i) {
      Counter counter{i, 0};
      run(*session, input_, EngineCode::kDeadline, {stop, &counter});
      ASSERT_EQ(counter.asked, i + 1);
    }
    Counter counter{3, 0};
    ASSERT_EQ(run(*session, input_, EngineCode::kOk, {stop, &counter}), expected);
    ASSERT_EQ(counter.asked, 3);
  }
}

TEST_F(SessionThreads, EndWithTheSessionAtAnyTime) {
  const std::vector<int8_t> expected = run(*session_of(plan_, on_threads(1)), input_);
  for (int i = 0; i < 100; ++i) {
    const auto session = session_of(plan_, on_threads(2 + static_cast<uint64_t>(i) % 3));
    for (int runs = 0; runs < i % 3; ++runs) EXPECT_EQ(run(*session, input_), expected);
    if (i % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// Which sleep between two runs.
TEST_F(SessionThreads, WakeForARun) {
  const auto session = session_of(plan_, on_threads(4));
  const std::vector<int8_t> expected = run(*session, input_);
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(run(*session, input_), expected);
  }
}

TEST_F(SessionThreads, BelongToEachSession) {
  const std::vector<int8_t> expected = run(*session_of(plan_, on_threads(1)), input_);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      const auto session = session_of(plan_, on_threads(3));
      for (int i = 0; i < 50; ++i) EXPECT_EQ(run(*session, input_), expected);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST_F(SessionThreads, AreNoMoreThanTheEngineHas) {
  std::unique_ptr<Session> session;
  const EngineError error =
      Session::create(plan_.bytes(), on_threads(Session::most_threads() + 1), session);
  EXPECT_EQ(error.code, EngineCode::kNoThreads);
  EXPECT_THAT(error.message, HasSubstr("at most " + std::to_string(Session::most_threads())));
  EXPECT_EQ(session, nullptr);
  EXPECT_EQ(Session::create(plan_.bytes(), on_threads(UINT64_MAX), session).code,
            EngineCode::kNoThreads);
  EXPECT_EQ(session_of(plan_, on_threads(0))->scratch_bytes(),
            session_of(plan_, on_threads(1))->scratch_bytes());
}

TEST_F(SessionThreads, EndWhereAnAllocationFails) {
  int64_t failures = 0;
  for (bool failed = true; failed; ++failures) {
    std::unique_ptr<Session> session;
    const FailingAllocation failing(failures);
    const EngineError error = Session::create(plan_.bytes(), on_threads(3), session);
    failed = failing.happened();
    EXPECT_EQ(error.code, failed ? EngineCode::kOutOfMemory : EngineCode::kOk) << failures;
    EXPECT_EQ(session == nullptr, failed);
  }
  EXPECT_GT(failures, 10);
}

}  // namespace
}  // namespace durward
