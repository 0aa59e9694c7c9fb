// What a plan may claim. The operands that a call is given are as small as call_needs.h allows, so
// that whatever reads or writes beyond them meets a forbidden page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "base/random.h"
#include "engine/call_constants.h"
#include "engine/call_fields.h"
#include "engine/call_needs.h"
#include "engine/every_call.h"
#include "engine/guarded.h"
#include "engine/hand_plan.h"
#include "engine/kernels/resize/resize.h"
#include "engine/plan.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
constexpr int64_t kSmallest = std::numeric_limits<int64_t>::min();

void expect_invalid(const Plan& plan, const char* problem) {
  const EngineError error = verify_plan(plan);
  EXPECT_EQ(error.code, EngineCode::kInvalidPlan) << problem;
  EXPECT_THAT(error.message, HasSubstr(problem));
}

// Runs the call on guarded memory of exactly what it needs; random bytes where nothing has to be
// constant. A call whose constants are refused is not run.
void run_guarded(const KernelCall& call, Guard guard, Random& random) {
  const CallNeeds needs = needs_of(call);
  ASSERT_EQ(needs.problem, nullptr);
  std::vector<Guarded<std::byte>> memory;
  std::array<const std::byte*, kMaxCallInputs> inputs{};
  for (size_t i = 0; i < needs.input_count; ++i) {
    const OperandNeed& need = needs.inputs[i];
    const auto bytes = static_cast<size_t>(need.bytes);
    memory.emplace_back(bytes, guard, static_cast<size_t>(need.alignment));
    for (size_t k = 0; k < bytes; ++k) {
      memory.back().data()[k] = static_cast<std::byte>(need.constant ? 0 : random.below(256));
    }
    inputs[i] = memory.back().data();
  }
  const Guarded<std::byte> output(static_cast<size_t>(needs.output.bytes), guard,
                                  static_cast<size_t>(needs.output.alignment));
  const Guarded<std::byte> scratch(scratch_bytes(call), guard, kPlanAlignment);
  const CallOperands operands{inputs, output.data(), scratch.data()};
  if (constants_problem(call, operands) == nullptr) execute(call, operands);
}

TEST(CallNeeds, AreEnoughForEveryCall) {
  Random random(41);
  for (const KernelCall& call : every_call()) {
    SCOPED_TRACE(call.index());
    for (const Guard guard : {Guard::kBefore, Guard::kBehind}) {
      run_guarded(call, guard, random);
    }
  }
}

// Visits the numbers of a call and sets one of the integers to something else.
struct Setter {
  int field;  // to be set
  int64_t value;
  int at = 0;
  bool set = false;

  void operator()(int64_t& number) { assign(number); }
  void operator()(int32_t& number) { assign(number); }
  void operator()(bool&) {}
  void operator()(float&) {}
  template <typename Enum>
  void choice(Enum&, Enum) {}

 private:
  template <typename T>
  void assign(T& number) {
    if (at++ != field || value < std::numeric_limits<T>::min() ||
        value > std::numeric_limits<T>::max()) {
      return;
    }
    number = static_cast<T>(value);
    set = true;
  }
};

// Any number in place of each: refused, or nothing outside the operands is touched.
TEST(CallNeeds, HoldForAnyNumbers) {
  constexpr int64_t kNumbers[] = {kSmallest,
                                  -kLargest,
                                  -129,
                                  -2,
                                  -1,
                                  0,
                                  1,
                                  2,
                                  3,
                                  5,
                                  8,
                                  17,
                                  100,
                                  255,
                                  256,
                                  4096,
                                  (1 << 24),
                                  (1 << 24) + 1,
                                  std::numeric_limits<int32_t>::max(),
                                  std::numeric_limits<int32_t>::min(),
                                  int64_t{1} << 40,
                                  (int64_t{1} << 40) + 1,
                                  kLargest};
  Random random(42);
  size_t run = 0, refused = 0;
  for (const KernelCall& call : every_call()) {
    for (int field = 0; field < 80; ++field) {
      for (const int64_t number : kNumbers) {
        KernelCall changed = call;
        Setter setter{field, number};
        std::visit([&setter](auto& c) { fields(setter, c); }, changed);
        if (!setter.set) continue;
        const CallNeeds needs = needs_of(changed);
        if (needs.problem != nullptr) {
          ++refused;
          continue;
        }
        // Too large to be run here.
        int64_t all = needs.output.bytes + static_cast<int64_t>(scratch_bytes(changed));
        for (const OperandNeed& need : needs.inputs) all += need.bytes;
        if (all > (1 << 16)) continue;
        SCOPED_TRACE(testing::Message()
                     << "kind " << call.index() << ", number " << field << " = " << number);
        run_guarded(changed, Guard::kBehind, random);
        ++run;
      }
    }
  }
  EXPECT_GT(run, 500u);
  EXPECT_GT(refused, 5000u);
}

TEST(VerifyPlan, AcceptsEveryCallWithWhatItNeedsAndNoByteLess) {
  for (const KernelCall& call : every_call()) {
    SCOPED_TRACE(call.index());
    const HandPlan hand = plan_of(call);
    const Plan plan = hand.plan();
    ASSERT_TRUE(verify_plan(plan).ok()) << verify_plan(plan).message;
    for (size_t t = 0; t < plan.tensors.size(); ++t) {
      Plan smaller = plan;
      --smaller.tensors[t].bytes;
      expect_invalid(smaller, "it leaves an operand");
    }
  }
}

TEST(VerifyPlan, RefusesOperandsInTheWrongPlace) {
  for (const KernelCall& call : every_call()) {
    SCOPED_TRACE(call.index());
    const HandPlan hand = plan_of(call);
    const Plan plan = hand.plan();
    const CallNeeds needs = needs_of(call);
    const auto output = static_cast<size_t>(plan.calls[0].output);
    for (size_t i = 0; i < needs.input_count; ++i) {
      Plan changed = plan;
      changed.calls[0].inputs[i] = -1;
      if (!needs.inputs[i].optional) expect_invalid(changed, "an operand is missing");
      changed.calls[0].inputs[i] = static_cast<int32_t>(plan.tensors.size());
      expect_invalid(changed, "an operand is missing");
      changed = plan;
      PlanTensor& input = changed.tensors[static_cast<size_t>(plan.calls[0].inputs[i])];
      if (needs.inputs[i].constant) {
        input.place = PlanTensor::Place::kArena;
        changed.arena_bytes = uint64_t{1} << 24;
        expect_invalid(changed, "an operand has to be a constant");
        continue;
      }
      changed.arena_bytes *= 2;
      // The last byte of the output is the first of the input, at the next alignment.
      const auto step = static_cast<uint64_t>(needs.inputs[i].alignment);
      input.offset = (plan.tensors[output].offset + plan.tensors[output].bytes - 1) / step * step;
      if (needs.inputs[i].bytes > 0) expect_invalid(changed, "it writes to what it reads");
      if (step == 1) continue;
      input.offset = plan.tensors[static_cast<size_t>(plan.calls[0].inputs[i])].offset + 1;
      expect_invalid(changed, "an operand is unaligned");
    }
    Plan changed = plan;
    changed.tensors[output].place = PlanTensor::Place::kConstant;
    changed.tensors[output].offset = changed.tensors[output].bytes = 0;
    expect_invalid(changed, "can only be read");
    changed = plan;
    changed.calls[0].output = -1;
    expect_invalid(changed, "it has no output");
    changed = plan;
    changed.calls[0].inputs.resize(7, 0);
    expect_invalid(changed, "too many operands");
  }
}

// A call that no step runs still has its constants packed when a session is made.
TEST(VerifyPlan, LooksAtCallsThatNoStepRuns) {
  const HandPlan hand = plan_of(every_call()[0]);
  Plan plan = hand.plan();
  plan.steps.clear();
  EXPECT_TRUE(verify_plan(plan).ok());
  plan.calls[0].inputs.assign(100, 5000);
  expect_invalid(plan, "too many operands");
  plan.calls[0].inputs.resize(5);
  expect_invalid(plan, "an operand is missing");
}

// A session packs them, whether a step runs the call or not.
TEST(VerifyPlan, LooksAtFloatWeightsOfCallsThatNoStepRuns) {
  for (const size_t weights : {19, 20}) {
    HandPlan hand;
    const int32_t input = hand.arena(3 * 4 * sizeof(float));
    const int32_t constant = hand.constant(std::vector<float>(weights));
    const int32_t output = hand.arena(3 * 5 * sizeof(float));
    hand.call(FullyConnectedFloatCall{3, 4, 5, {}}, {input, constant}, output);
    Plan plan = hand.plan();
    plan.steps.clear();
    if (weights == 20) {
      EXPECT_TRUE(verify_plan(plan).ok()) << verify_plan(plan).message;
    } else {
      expect_invalid(plan, "it leaves an operand");
    }
  }
}

TEST(VerifyPlan, RefusesMemoryThatIsNotThere) {
  const HandPlan hand = small_streamed_plan();
  Plan plan = hand.plan();
  plan.arena_bytes = 11;
  expect_invalid(plan, "leaves its memory");
  plan.arena_bytes = uint64_t{1} << 63;
  expect_invalid(plan, "its arena is too large");
  for (size_t t = 0; t < plan.tensors.size(); ++t) {
    for (const uint64_t offset : {uint64_t{1} << 20, uint64_t{1} << 40, ~uint64_t{0}}) {
      Plan changed = hand.plan();
      changed.tensors[t].offset = offset;
      EXPECT_FALSE(verify_plan(changed).ok());
      changed = hand.plan();
      changed.tensors[t].bytes = offset;
      EXPECT_FALSE(verify_plan(changed).ok());
    }
  }
}

TEST(VerifyPlan, RefusesPortsThatLie) {
  const HandPlan hand = small_streamed_plan();
  Plan plan = hand.plan();
  plan.tensors[0].bytes += 1;
  expect_invalid(plan, "its size does not fit its shape");
  plan = hand.plan();
  plan.tensors[0].shape[1] = -4;
  expect_invalid(plan, "its shape is out of range");
  plan.tensors[0].shape = {int64_t{1} << 32, int64_t{1} << 32};
  expect_invalid(plan, "its shape is out of range");
  plan = hand.plan();
  plan.inputs.push_back(0);
  expect_invalid(plan, "port 1");
  plan.inputs = {1};
  expect_invalid(plan, "not the port");
  plan.inputs = {-1};
  expect_invalid(plan, "not the port");
  plan = hand.plan();
  plan.tensors.push_back(plan.tensors[1]);
  expect_invalid(plan, "not the port");
  // Callers align an int8 port to one byte.
  HandPlan floats;
  const int32_t x = floats.input({8});
  floats.call(UnaryFloatCall{{FloatUnary::kAbs, 0, 0}, 2}, {x}, floats.arena(8));
  expect_invalid(floats.plan(), "smaller elements");
}

TEST(VerifyPlan, TakesRowsOnlyWhereTheWholeHasThem) {
  const HandPlan hand = small_streamed_plan();
  const Plan plan = in_bands(hand.plan());
  ASSERT_TRUE(verify_plan(plan).ok()) << verify_plan(plan).message;
  uint32_t PlanStep::*const kFields[] = {
      &PlanStep::index,      &PlanStep::input_row,   &PlanStep::input_rows, &PlanStep::pad_top,
      &PlanStep::output_row, &PlanStep::output_rows, &PlanStep::addend_row};
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const bool slide = plan.steps[i].kind == PlanStep::Kind::kSlide;
    for (const auto field : kFields) {
      for (const uint32_t absurd : {uint32_t{5}, uint32_t{1} << 24, ~uint32_t{0}}) {
        Plan changed = plan;
        changed.steps[i].*field = absurd;
        const bool used = !slide || field == &PlanStep::index || field == &PlanStep::input_row ||
                          field == &PlanStep::input_rows;
        EXPECT_EQ(verify_plan(changed).ok(), !used) << i;
      }
    }
  }
  // No tensor of rows.
  Plan changed = plan;
  for (const uint32_t tensor : {0u, 1u, 3u}) {
    changed.steps[2].index = tensor;
    expect_invalid(changed, "no rows to slide");
  }
  changed = plan;
  changed.tensors[2].shape = {12};
  expect_invalid(changed, "no rows to slide");
  changed.tensors[2].shape = {1, 4, 0, 2};
  expect_invalid(changed, "no rows to slide");
  // Other calls have no rows.
  const HandPlan copy = plan_of(FillCall{1, 4});
  changed = copy.plan();
  changed.steps[0].output_rows = 1;
  expect_invalid(changed, "cannot run a few rows");
}

TEST(VerifyPlan, RefusesReductionsThatVisitAnOutputTooOften) {
  const Reduction good{nest({2, 3, 4}, {12, 4, 1}, {4, 0, 1}), 8, 3};
  EXPECT_EQ(needs_of(SumInt8Call{good, 0, 1, {}}).problem, nullptr);
  Reduction bad = good;
  bad.reduced = 2;
  EXPECT_NE(needs_of(SumInt8Call{bad, 0, 1, {}}).problem, nullptr);
  bad = good;
  bad.loop.stride_b[0] = 1;
  EXPECT_NE(needs_of(SumInt8Call{bad, 0, 1, {}}).problem, nullptr);
  // 2^40 visits of one element.
  bad = {nest({int64_t{1} << 24, 1 << 16}, {0, 0}, {0, 0}), 1, 1};
  EXPECT_NE(needs_of(SumInt8Call{bad, 0, 1, {}}).problem, nullptr);
  EXPECT_NE(needs_of(CopyCall{{bad.loop, 0, 0, 1}}).problem, nullptr);
}

TEST(ConstantsProblem, FindsAccumulatorsThatCouldOverflow) {
  Conv2DInt8Call conv;
  conv.input_zero_point = 127;
  int8_t weight[] = {-128};
  const float multiplier[] = {1};
  const auto problem = [&](int32_t bias) {
    const std::byte* inputs[] = {nullptr, reinterpret_cast<const std::byte*>(weight),
                                 reinterpret_cast<const std::byte*>(&bias),
                                 reinterpret_cast<const std::byte*>(multiplier),
                                 reinterpret_cast<const std::byte*>(multiplier)};
    return constants_problem(conv, {inputs, nullptr, nullptr});
  };
  // The input reaches 255 steps from its zero point, times 128.
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max() - 255 * 128;
  EXPECT_EQ(problem(kMost), nullptr);
  EXPECT_EQ(problem(-kMost), nullptr);
  EXPECT_NE(problem(kMost + 1), nullptr);
  EXPECT_NE(problem(-kMost - 1), nullptr);
  EXPECT_NE(problem(std::numeric_limits<int32_t>::min()), nullptr);
  // A smaller weight leaves more room.
  weight[0] = -1;
  EXPECT_EQ(problem(std::numeric_limits<int32_t>::max() - 255), nullptr);
  EXPECT_NE(problem(std::numeric_limits<int32_t>::max() - 254), nullptr);
}

TEST(ConstantsProblem, FindsSumsOfSixteenBitsThatCouldOverflow) {
  // Two inputs of up to 2^15 each, by weights whose magnitudes may add up to 2^16 - 1.
  std::vector<int16_t> weights(8, 0);
  std::vector<int8_t> recurrent(4, 0);
  const LstmInt16Call lstm{{1, 1, 2, 1, false}, false, true};
  const auto problem = [&] {
    const std::byte* inputs[] = {nullptr, reinterpret_cast<const std::byte*>(weights.data()),
                                 reinterpret_cast<const std::byte*>(recurrent.data()), nullptr,
                                 nullptr};
    return constants_problem(lstm, {inputs, nullptr, nullptr});
  };
  weights[6] = 32767;
  weights[7] = -32768;
  EXPECT_EQ(problem(), nullptr);
  weights[6] = -32768;
  EXPECT_NE(problem(), nullptr);

  const FullyConnectedInt16Call layer{1, 1, 1, -32768, 32767};
  const auto of_layer = [&](int8_t weight, int32_t bias) {
    const std::byte* inputs[] = {nullptr, reinterpret_cast<const std::byte*>(&weight),
                                 reinterpret_cast<const std::byte*>(&bias)};
    return constants_problem(layer, {inputs, nullptr, nullptr});
  };
  constexpr int32_t kRoom = std::numeric_limits<int32_t>::max() - 127 * 32768;
  EXPECT_EQ(of_layer(-127, -kRoom), nullptr);
  EXPECT_NE(of_layer(127, kRoom + 1), nullptr);
  EXPECT_NE(of_layer(0, std::numeric_limits<int32_t>::min()), nullptr);
}

TEST(ConstantsProblem, FindsTapsOutsideTheImage) {
  const ResizeNearestCall call{1, 2, 3, 1, 1, 1, 1};
  const auto problem = [&](ResizeTap row, ResizeTap column) {
    const std::byte* inputs[] = {nullptr, reinterpret_cast<const std::byte*>(&row),
                                 reinterpret_cast<const std::byte*>(&column)};
    return constants_problem(call, {inputs, nullptr, nullptr});
  };
  EXPECT_EQ(problem({0, 1, 0}, {2, 2, 0}), nullptr);
  EXPECT_NE(problem({2, 0, 0}, {0, 0, 0}), nullptr);
  EXPECT_NE(problem({0, -1, 0}, {0, 0, 0}), nullptr);
  EXPECT_NE(problem({0, 0, 0}, {0, 3, 0}), nullptr);
  EXPECT_NE(problem({0, 0, 0}, {std::numeric_limits<int32_t>::min(), 0, 0}), nullptr);
}

}  // namespace
}  // namespace durward
