#include "compile/plan/plan_builder.h"

#include <absl/strings/str_cat.h>

#include "compile/plan/draft.h"
#include "compile/plan/plan_writer.h"
#include "compile/plan/schedule.h"

namespace durward {

absl::StatusOr<std::vector<std::byte>> build_plan(const Graph& graph, const PlanOptions& options) {
  DURWARD_RETURN_IF_ERROR(verify(graph));
  DURWARD_ASSIGN_OR_RETURN(PlanDraft draft, draft_plan(graph));
  fuse_adds(draft);
  schedule_steps(draft, options.arena_bytes);
  DURWARD_RETURN_IF_ERROR(place_tensors(draft));
  draft.plan.constants = draft.constants;
  DURWARD_RETURN_IF_ERROR(prove_schedule(draft.plan));
  const EngineError error = verify_plan(draft.plan);
  if (!error.ok()) return absl::InternalError(error.message);
  return write_plan(draft.plan);
}

}  // namespace durward
