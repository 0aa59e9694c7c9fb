#include "compile/plan/plan_builder.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "compile/plan/draft.h"
#include "compile/plan/schedule.h"
#include "engine/plan_writer.h"

namespace durward {

namespace {

// Steps for an arena of `budget` bytes if tensors left no gaps between them, and their places.
absl::StatusOr<Plan> schedule_within(PlanDraft& draft, const Plan& calls, int64_t budget) {
  draft.plan = calls;
  schedule_steps(draft, budget);
  DURWARD_RETURN_IF_ERROR(place_tensors(draft));
  return draft.plan;
}

}  // namespace

absl::Status schedule_plan(PlanDraft& draft, int64_t arena_bytes) {
  const Plan calls = draft.plan;
  DURWARD_ASSIGN_OR_RETURN(Plan best, schedule_within(draft, calls, 1));
  const auto smallest = static_cast<int64_t>(best.arena_bytes);
  const int64_t target =
      arena_bytes > 0 ? std::max(arena_bytes, smallest) : smallest + smallest / 8;
  // Gaps are known only afterwards: a schedule that does not fit with them is asked for less.
  constexpr int kAttempts = 16;
  for (int i = 0; i < kAttempts; ++i) {
    const int64_t budget = target - (target - smallest / 2) * i / kAttempts;
    DURWARD_ASSIGN_OR_RETURN(Plan plan, schedule_within(draft, calls, budget));
    if (static_cast<int64_t>(plan.arena_bytes) > target) continue;
    best = std::move(plan);
    break;
  }
  draft.plan = std::move(best);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::byte>> build_plan(const Graph& graph, const PlanOptions& options) {
  DURWARD_RETURN_IF_ERROR(verify(graph));
  DURWARD_ASSIGN_OR_RETURN(PlanDraft draft, draft_plan(graph));
  fuse_adds(draft);
  DURWARD_RETURN_IF_ERROR(schedule_plan(draft, options.arena_bytes));
  return finish_plan(draft);
}

absl::StatusOr<std::vector<std::byte>> finish_plan(PlanDraft& draft) {
  // What FlatBuffers can address, with room for everything else.
  constexpr size_t kMostConstants = size_t{1} << 30;
  if (draft.constants.size() > kMostConstants) {
    return absl::ResourceExhaustedError(absl::StrCat("the constants have ", draft.constants.size(),
                                                     " bytes; a plan holds at most 2^30"));
  }
  draft.plan.constants = draft.constants;
  const EngineError error = verify_plan(draft.plan);
  if (!error.ok()) return absl::InternalError(error.message);
  DURWARD_RETURN_IF_ERROR(prove_schedule(draft.plan));
  return write_plan(draft.plan);
}

}  // namespace durward
