// Schedules that were damaged after they were made. The proof finds what it is there for; and what
// it lets pass gives the right bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "compile/int8_net.h"
#include "compile/plan/draft.h"
#include "compile/plan/schedule.h"
#include "compile/session_equality.h"
#include "engine/plan_writer.h"

namespace durward {
namespace {

Graph residual_net() {
  Int8Net net(21);
  TensorId x = net.input({1, 11, 6, 5});
  for (int i = 0; i < 2; ++i) {
    const TensorId deep = net.depthwise(net.pointwise(x, 20), {.padding = {1, 1, 1, 1}}, 1, 3, 3);
    x = net.add(net.pointwise(deep, 5, Activation::kNone), x);
  }
  net.output(x);
  net.output(net.conv(x, {.stride_h = 2}, 4, 2, 2));
  return std::move(net.graph);
}

class ProveSchedule : public testing::Test {
 protected:
  ProveSchedule() : graph_(residual_net()) {
    auto draft = draft_plan(graph_);
    EXPECT_TRUE(draft.ok()) << draft.status();
    draft_ = *std::move(draft);
    fuse_adds(draft_);
    schedule_steps(draft_, 1);
    EXPECT_TRUE(place_tensors(draft_).ok());
    draft_.plan.constants = draft_.constants;
    EXPECT_TRUE(verify_plan(draft_.plan).ok());
    EXPECT_TRUE(prove_schedule(draft_.plan).ok());
    Random random(22);
    inputs_ = random_inputs(graph_, random);
    expected_ = interpret(graph_, inputs_);
  }

  [[nodiscard]] Plan plan() const { return draft_.plan; }
  [[nodiscard]] std::vector<size_t> slides() const {
    std::vector<size_t> found;
    for (size_t i = 0; i < draft_.plan.steps.size(); ++i) {
      if (draft_.plan.steps[i].kind == PlanStep::Kind::kSlide) found.push_back(i);
    }
    return found;
  }
  void expect_refused(const Plan& mutant, const char* what) const {
    EXPECT_EQ(prove_schedule(mutant).code(), absl::StatusCode::kInternal) << what;
  }
  // -> whether the proof let it pass.
  bool expect_refused_or_right(const Plan& mutant) const {
    if (!verify_plan(mutant).ok() || !prove_schedule(mutant).ok()) return false;
    const AlignedBytes bytes(write_plan(mutant));
    const auto session = session_of(bytes, Isa::kPortable);
    EXPECT_TRUE(run_session(*session, graph_, inputs_) == expected_);
    return true;
  }

  Graph graph_;
  PlanDraft draft_;
  Buffers inputs_, expected_;
};

TEST_F(ProveSchedule, FindsAMissingSlide) {
  ASSERT_FALSE(slides().empty());
  for (const size_t slide : slides()) {
    Plan mutant = plan();
    mutant.steps.erase(mutant.steps.begin() + static_cast<std::ptrdiff_t>(slide));
    expect_refused(mutant, "without a slide");
  }
}

TEST_F(ProveSchedule, FindsTensorsThatOverlapWhileBothAreNeeded) {
  // The input of the second block is its addend as well: nothing may lie on it.
  size_t found = 0;
  for (size_t a = 0; a < plan().tensors.size(); ++a) {
    for (size_t b = 0; b < plan().tensors.size(); ++b) {
      Plan mutant = plan();
      if (a == b || mutant.tensors[a].place != PlanTensor::Place::kArena ||
          mutant.tensors[b].place != PlanTensor::Place::kArena) {
        continue;
      }
      mutant.tensors[a].offset = mutant.tensors[b].offset;
      mutant.arena_bytes *= 2;
      if (!expect_refused_or_right(mutant)) ++found;
    }
  }
  EXPECT_GT(found, 0u);
}

TEST_F(ProveSchedule, FindsAMissingStep) {
  for (size_t i = 0; i < plan().steps.size(); ++i) {
    Plan mutant = plan();
    mutant.steps.erase(mutant.steps.begin() + static_cast<std::ptrdiff_t>(i));
    expect_refused(mutant, "without a step");
  }
}

TEST_F(ProveSchedule, FindsSwappedSteps) {
  size_t found = 0;
  for (size_t i = 0; i + 1 < plan().steps.size(); ++i) {
    Plan mutant = plan();
    std::swap(mutant.steps[i], mutant.steps[i + 1]);
    if (!expect_refused_or_right(mutant)) ++found;
  }
  // Of a band, only slides can change places with what runs before them.
  EXPECT_GE(found, plan().steps.size() / 2);
}

TEST_F(ProveSchedule, FindsStepsOfOtherRows) {
  uint32_t PlanStep::*const kFields[] = {&PlanStep::input_row,   &PlanStep::input_rows,
                                         &PlanStep::pad_top,     &PlanStep::output_row,
                                         &PlanStep::output_rows, &PlanStep::addend_row};
  size_t tried = 0, passed = 0;
  for (size_t i = 0; i < plan().steps.size(); ++i) {
    for (const auto field : kFields) {
      for (const uint32_t change : {uint32_t{1}, ~uint32_t{0}}) {
        Plan mutant = plan();
        mutant.steps[i].*field += change;
        ++tried;
        if (expect_refused_or_right(mutant)) ++passed;
      }
    }
  }
  // An input row more than the window looks at, or a field of a slide that means nothing.
  EXPECT_LT(passed, tried / 2);
}

}  // namespace
}  // namespace durward
