#include "engine/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "engine/aligned_bytes.h"
#include "engine/allocations.h"
#include "engine/arithmetic.h"
#include "engine/every_call.h"
#include "engine/hand_plan.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::byte> banded_plan() {
  const HandPlan hand = small_streamed_plan();
  return write_plan(in_bands(hand.plan()));
}

// A plan with a session over it.
class Loaded {
 public:
  explicit Loaded(std::span<const std::byte> plan, const SessionOptions& options = {})
      : plan_(plan), error_(Session::create(plan_.bytes(), options, session_)) {}

  [[nodiscard]] const EngineError& error() const { return error_; }
  Session* operator->() { return session_.get(); }
  [[nodiscard]] bool made() const { return session_ != nullptr; }

  // One int8 input and output.
  std::vector<int8_t> run(const std::vector<int8_t>& input) {
    std::vector<int8_t> output(session_->output(0).bytes);
    const std::span<const std::byte> in[] = {std::as_bytes(std::span(input))};
    const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
    EXPECT_EQ(session_->run(in, out), EngineCode::kOk);
    return output;
  }

 private:
  AlignedBytes plan_;
  std::unique_ptr<Session> session_;
  EngineError error_;
};

const std::vector<int8_t> kInput = {1, 2, 3, 4, 5, 6, 7, 8, -1, -2, -3, -4, 100, -100, 50, -50};

// The plan's two layers and its add in plain arithmetic.
std::vector<int8_t> expected_output() {
  constexpr int kWeights[2][2] = {{8, 1}, {-2, 7}}, kWindow[3][2] = {{1, 2}, {3, 4}, {5, 6}};
  constexpr int kBias[2] = {3, -5};
  std::array<std::array<int, 4>, 4> inside{};  // a row of two pixels of two channels
  const auto at = [](size_t row, size_t i) { return int{kInput[row * 4 + i]}; };
  for (size_t row = 0; row < 4; ++row) {
    for (size_t i = 0; i < 4; ++i) {
      const size_t c = i % 2, pixel = i - c;
      const int sum =
          kBias[c] + at(row, pixel) * kWeights[c][0] + at(row, pixel + 1) * kWeights[c][1];
      inside[row][i] = plain_requantize(sum, 1.0f / 8, {});
    }
  }
  std::vector<int8_t> output;
  for (size_t row = 0; row < 4; ++row) {
    for (size_t i = 0; i < 4; ++i) {
      int sum = kBias[i % 2];
      for (size_t k = 0; k < 3; ++k) {
        if (row + k >= 1 && row + k <= 4) sum += inside[row + k - 1][i] * kWindow[k][i % 2];
      }
      const int8_t layer = plain_requantize(sum, 1.0f / 8, {});
      output.push_back(
          plain_round(static_cast<float>(layer) + static_cast<float>(at(row, i) - 1) * 0.5f, {}));
    }
  }
  return output;
}

TEST(Session, RunsRowsSlidesAndFusedAdds) {
  for (const Isa isa : isas()) {
    if (!available(isa)) continue;
    Loaded banded(banded_plan(), {.isa = isa});
    ASSERT_TRUE(banded.made()) << banded.error().message;
    EXPECT_EQ(banded.run(kInput), expected_output()) << name(isa);
    EXPECT_EQ(banded->arena_bytes(), 64u);
    EXPECT_LE(banded->isa_of_call(0), isa);
  }
}

// Steps of a call that differ in one number of rows only, and equal ones, one behind the other.
TEST(Session, RunsEachStepWithRowsOfItsOwn) {
  HandPlan hand;
  const int32_t x = hand.input({1, 7, 2, 2}), y = hand.output({1, 7, 2, 2});
  const auto scale = hand.constant<float>({0.25f, 0.5f});
  DepthwiseInt8Call window;
  window.window = {1, 7, 2, 2, 7, 2, 2, 3, 1, 1, 1, 1, 1, 1, 0};
  hand.call(
      window,
      {x, hand.constant<int8_t>({1, 2, 3, 4, 5, 6}), hand.constant<int32_t>({3, -5}), scale, scale},
      y);
  std::vector<int8_t> input(28);
  for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<int8_t>(i * 37 % 101);
  const auto run = PlanStep::Kind::kRun;
  Plan banded = hand.plan();
  banded.steps = {{run, 0, 0, 2, 1, 0, 1, 0}, {run, 0, 0, 3, 0, 1, 1, 0},
                  {run, 0, 1, 3, 0, 2, 1, 0}, {run, 0, 5, 2, 0, 6, 1, 0},   // fewer rows are read
                  {run, 0, 2, 3, 0, 3, 1, 0}, {run, 0, 3, 4, 0, 4, 1, 0},   // more than it needs
                  {run, 0, 3, 4, 0, 4, 2, 0}, {run, 0, 0, 4, 1, 0, 2, 0}};  // padded
  for (const Isa isa : isas()) {
    if (!available(isa)) continue;
    Loaded whole(hand.bytes(), {.isa = isa}), parts(write_plan(banded), {.isa = isa});
    ASSERT_TRUE(parts.made()) << parts.error().message;
    EXPECT_EQ(parts.run(input), whole.run(input)) << name(isa);
  }
}

TEST(Session, TellsWhichInstructionsRunACallWithoutWeights) {
  HandPlan hand;
  const int32_t x = hand.input({16}), y = hand.output({16});
  hand.call(LookupInt8Call{16}, {x, hand.constant(std::vector<int8_t>(256))}, y);
  for (const Isa isa : isas()) {
    if (!available(isa)) continue;
    Loaded loaded(hand.bytes(), {.isa = isa});
    ASSERT_TRUE(loaded.made()) << loaded.error().message;
    EXPECT_EQ(loaded->isa_of_call(0), fastest_vector_kernels(isa).isa) << name(isa);
  }
}

TEST(Session, TellsItsPorts) {
  Loaded loaded(banded_plan());
  ASSERT_TRUE(loaded.made());
  ASSERT_EQ(loaded->input_count(), 1u);
  ASSERT_EQ(loaded->output_count(), 1u);
  EXPECT_THAT(loaded->input(0).shape, ElementsAre(1, 4, 2, 2));
  EXPECT_EQ(loaded->output(0).bytes, 16u);
  EXPECT_EQ(loaded->plan().calls.size(), 2u);
}

TEST(Session, SaysWhichInstructionSetTheMachineLacks) {
  for (int i = 0; i <= static_cast<int>(Isa::kNeonI8mm); ++i) {
    const auto isa = static_cast<Isa>(i);
    Loaded loaded(banded_plan(), {.isa = isa});
    EXPECT_EQ(loaded.made(), available(isa));
    if (loaded.made()) continue;
    EXPECT_EQ(loaded.error().code, EngineCode::kNoSuchIsa);
    EXPECT_THAT(loaded.error().message, HasSubstr(name(isa)));
  }
  // No processor has both, so that the loop above met a missing one.
  EXPECT_FALSE(available(Isa::kAvx2) && available(Isa::kNeon));
}

TEST(Session, LeavesNoSessionBehindAnError) {
  std::unique_ptr<Session> session;
  const AlignedBytes good(banded_plan());
  ASSERT_TRUE(Session::create(good.bytes(), {}, session).ok());
  const AlignedBytes bad({});
  EXPECT_EQ(Session::create(bad.bytes(), {}, session).code, EngineCode::kMalformedPlan);
  EXPECT_EQ(session, nullptr);
}

TEST(Session, RefusesWeightsWhoseSumsCouldOverflow) {
  const HandPlan hand = small_streamed_plan();
  std::vector<std::byte> constants(hand.plan().constants.begin(), hand.plan().constants.end());
  // The bias of channel 0 becomes 2^31 - 1: it lies behind the multipliers.
  const size_t bias = hand.plan().tensors[4].offset;
  constants[bias] = constants[bias + 1] = constants[bias + 2] = std::byte{0xff};
  constants[bias + 3] = std::byte{0x7f};
  Plan plan = hand.plan();
  const AlignedBytes memory(constants);
  plan.constants = memory.bytes();
  Loaded loaded(write_plan(in_bands(plan)));
  EXPECT_EQ(loaded.error().code, EngineCode::kInvalidPlan);
  EXPECT_THAT(loaded.error().message, HasSubstr("int32"));
}

TEST(Session, TakesNoMoreMemoryThanItMay) {
  Loaded loaded(banded_plan());
  const uint64_t all = loaded->arena_bytes() + loaded->scratch_bytes() + loaded->packed_bytes();
  EXPECT_TRUE(Loaded(banded_plan(), {.isa = {}, .max_bytes = all}).made());
  const Loaded refused(banded_plan(), {.isa = {}, .max_bytes = all - 1});
  EXPECT_EQ(refused.error().code, EngineCode::kOutOfMemory);
  EXPECT_THAT(refused.error().message, HasSubstr(std::to_string(all)));
}

TEST(Session, SaysSoWhereAnyOfItsAllocationsFails) {
  const AlignedBytes plan(banded_plan());
  int64_t failures = 0;
  for (bool failed = true; failed; ++failures) {
    std::unique_ptr<Session> session;
    const FailingAllocation failing(failures);
    const EngineError error = Session::create(plan.bytes(), {}, session);
    failed = failing.happened();
    EXPECT_EQ(error.code, failed ? EngineCode::kOutOfMemory : EngineCode::kOk) << failures;
    EXPECT_EQ(session == nullptr, failed);
  }
  EXPECT_GT(failures, 10);
}

TEST(Session, TakesNoMemoryDuringARun) {
  for (const KernelCall& call : every_call()) {
    Loaded loaded(plan_of(call).bytes());
    ASSERT_TRUE(loaded.made()) << loaded.error().message;
    const int64_t before = allocations();
    EXPECT_EQ(loaded->run({}, {}), EngineCode::kOk);
    EXPECT_EQ(allocations(), before) << call.index();
  }
  Loaded loaded(banded_plan());
  std::vector<int8_t> output(16);
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(kInput))};
  const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
  const int64_t before = allocations();
  EXPECT_EQ(loaded->run(in, out), EngineCode::kOk);
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(output, expected_output());
}

TEST(Session, RefusesBuffersThatAreNotItsPorts) {
  HandPlan hand;
  const int32_t x = hand.input({4}, PlanType::kFloat32), y = hand.output({4}, PlanType::kFloat32);
  const int32_t z = hand.output({4}, PlanType::kFloat32);
  const UnaryFloatCall negate{{FloatUnary::kNegate, 0, 0}, 4};
  hand.call(negate, {x}, y);
  hand.call(negate, {y}, z);
  Loaded loaded(hand.bytes());
  ASSERT_TRUE(loaded.made()) << loaded.error().message;
  alignas(4) std::array<std::byte, 64> memory{};
  const auto run = [&](std::vector<std::pair<size_t, size_t>> places, size_t inputs = 1) {
    std::vector<std::span<const std::byte>> in;
    std::vector<std::span<std::byte>> out;
    for (const auto& [offset, size] : places) {
      const auto part = std::span(memory).subspan(offset, size);
      if (in.size() < inputs) {
        in.emplace_back(part);
      } else {
        out.push_back(part);
      }
    }
    return loaded->run(in, out);
  };
  EXPECT_EQ(run({{0, 16}, {16, 16}, {32, 16}}), EngineCode::kOk);
  EXPECT_EQ(run({{32, 16}, {16, 16}, {0, 16}}), EngineCode::kOk);
  const auto wrong = EngineCode::kWrongBuffers;
  EXPECT_EQ(run({{0, 16}, {16, 16}}), wrong);
  EXPECT_EQ(run({{0, 16}, {16, 16}, {32, 16}}, 2), wrong);
  EXPECT_EQ(run({{0, 16}, {16, 16}, {32, 16}}, 0), wrong);
  EXPECT_EQ(run({{0, 15}, {16, 16}, {32, 16}}), wrong);
  EXPECT_EQ(run({{0, 16}, {16, 16}, {32, 20}}), wrong);
  EXPECT_EQ(run({{0, 0}, {16, 16}, {32, 16}}), wrong);
  EXPECT_EQ(run({{1, 16}, {20, 16}, {36, 16}}), wrong);
  EXPECT_EQ(run({{0, 16}, {18, 16}, {36, 16}}), wrong);
  EXPECT_EQ(run({{0, 16}, {12, 16}, {32, 16}}), wrong);
  EXPECT_EQ(run({{0, 16}, {16, 16}, {16, 16}}), wrong);
  EXPECT_EQ(run({{0, 16}, {16, 16}, {28, 16}}), wrong);
}

TEST(Session, StopsBetweenTwoSteps) {
  Loaded loaded(banded_plan());
  struct Counter {
    int64_t left, asked;
  };
  const auto run = [&](Counter& counter) {
    std::vector<int8_t> output(16);
    const std::span<const std::byte> in[] = {std::as_bytes(std::span(kInput))};
    const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
    const StopSignal signal{[](void* context) noexcept {
                              auto* c = static_cast<Counter*>(context);
                              ++c->asked;
                              return c->left-- == 0;
                            },
                            &counter};
    return loaded->run(in, out, signal);
  };
  const auto steps = static_cast<int64_t>(loaded->plan().steps.size());
  for (int64_t i = 0; i < steps; ++i) {
    Counter counter{i, 0};
    EXPECT_EQ(run(counter), EngineCode::kDeadline);
    EXPECT_EQ(counter.asked, i + 1);
  }
  Counter counter{steps, 0};
  EXPECT_EQ(run(counter), EngineCode::kOk);
  EXPECT_EQ(counter.asked, steps);
  // A run that was stopped leaves nothing behind.
  EXPECT_EQ(loaded.run(kInput), expected_output());
}

// A layer alone with sizes that no compiler makes, on every instruction set: as the portable one.
void expect_same_everywhere(HandPlan hand, const KernelCall& call, std::vector<int32_t> inputs,
                            int64_t output_bytes, Random& random) {
  hand.call(call, std::move(inputs), hand.output({output_bytes}));
  const std::vector<std::byte> bytes = hand.bytes();
  Loaded portable(bytes, {.isa = Isa::kPortable});
  ASSERT_TRUE(portable.made()) << portable.error().message;
  const std::vector<int8_t> input =
      random_int8(random, static_cast<int64_t>(portable->input(0).bytes));
  const std::vector<int8_t> expected = portable.run(input);
  for (const Isa isa : isas()) {
    if (!available(isa)) continue;
    Loaded loaded(bytes, {.isa = isa});
    ASSERT_TRUE(loaded.made()) << loaded.error().message;
    EXPECT_EQ(loaded.run(input), expected) << name(isa);
  }
}

TEST(Session, TakesWindowsThatLieInThePadding) {
  Random random(51);
  for (int trial = 0; trial < 300; ++trial) {
    SCOPED_TRACE(trial);
    WindowGeometry w;
    w.in_h = pick(random, 1, 6);
    w.in_w = pick(random, 1, 6);
    w.in_c = pick(random, 1, 20);
    w.kernel_h = pick(random, 1, 7);
    w.kernel_w = pick(random, 1, 7);
    w.stride_h = pick(random, 1, 9);
    w.stride_w = pick(random, 1, 9);
    w.dilation_h = pick(random, 1, 9);
    w.dilation_w = pick(random, 1, 9);
    w.pad_top = pick(random, 0, 30);
    w.pad_left = pick(random, 0, 30);
    w.out_h = pick(random, 1, 9);
    w.out_w = pick(random, 1, 9);
    const bool depthwise = pick(random, 0, 1) == 1;
    w.out_c = depthwise ? w.in_c * pick(random, 1, 2) : pick(random, 1, 20);
    const int64_t depth = w.kernel_h * w.kernel_w * (depthwise ? 1 : w.in_c);
    HandPlan hand;
    const auto multipliers = hand.constant(random_floats(random, w.out_c, 0.0001f, 0.01f));
    const std::vector<int32_t> inputs{
        hand.input({1, w.in_h, w.in_w, w.in_c}),
        hand.constant(random_int8(random, depth * w.out_c)),
        hand.constant(std::vector<int32_t>(static_cast<size_t>(w.out_c), 99)), multipliers,
        multipliers};
    const auto zero_point = static_cast<int32_t>(pick(random, -128, 127));
    KernelCall call = Conv2DInt8Call{{w, 1}, zero_point, {}, {}};
    if (depthwise) call = DepthwiseInt8Call{w, zero_point, {}, {}};
    expect_same_everywhere(std::move(hand), call, inputs, w.out_h * w.out_w * w.out_c, random);
    if (HasFatalFailure()) return;
  }
}

// A convolution and a depthwise one whose weights are constants, then a fully connected layer whose
// weights are the second input: no kernel can have those in its order at load.
HandPlan float_plan(Random& random) {
  HandPlan hand;
  const int32_t x = hand.input({1, 5, 6, 3}, PlanType::kFloat32);
  const int32_t weights = hand.input({4, 5 * 6 * 20}, PlanType::kFloat32);
  const int32_t y = hand.output({1, 4}, PlanType::kFloat32);
  const int32_t first = hand.arena(5 * 6 * 20 * sizeof(float));
  const int32_t second = hand.arena(5 * 6 * 20 * sizeof(float));
  const auto constants = [&](int64_t count) {
    return hand.constant(random_floats(random, count, -1, 1));
  };
  Conv2DFloatCall conv{{{1, 5, 6, 3, 5, 6, 20, 3, 3, 1, 1, 1, 1, 1, 1}, 1}, {}};
  hand.call(conv, {x, constants(540), constants(20), constants(20)}, first);
  DepthwiseFloatCall depthwise{{1, 5, 6, 20, 5, 6, 20, 3, 3, 1, 1, 1, 1, 1, 1}, {0, 6}};
  hand.call(depthwise, {first, constants(180), constants(20)}, second);
  hand.call(FullyConnectedFloatCall{1, 5 * 6 * 20, 4, {}}, {second, weights}, y);
  return hand;
}

TEST(Session, RunsFloatLayersWithTheBitsOfThePortableOnes) {
  Random random(52);
  const HandPlan hand = float_plan(random);
  const auto x = random_floats(random, 90, -1, 1), weights = random_floats(random, 2400, -1, 1);
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(x)),
                                           std::as_bytes(std::span(weights))};
  std::vector<float> expected;
  for (const Isa isa : isas()) {
    if (!available(isa)) continue;
    SCOPED_TRACE(name(isa));
    Loaded loaded(hand.bytes(), {.isa = isa});
    ASSERT_TRUE(loaded.made()) << loaded.error().message;
    std::vector<float> result(4);
    const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(result))};
    ASSERT_EQ(loaded->run(in, out), EngineCode::kOk);
    if (isa == Isa::kPortable) expected = result;
    EXPECT_EQ(result, expected);
    EXPECT_EQ(loaded->isa_of_call(0) == Isa::kPortable, isa == Isa::kPortable);
    EXPECT_EQ(loaded->isa_of_call(1) == Isa::kPortable, isa == Isa::kPortable);
    EXPECT_EQ(loaded->isa_of_call(2), Isa::kPortable);
  }
}

}  // namespace
}  // namespace durward
