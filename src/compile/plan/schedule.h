// The steps of a plan and the places of its tensors: which chains of layers run a few rows at a
// time, and a proof that no tensor is overwritten while it is needed.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "compile/plan/draft.h"

namespace durward {

// Fills in the draft's steps. Layers are streamed where the tensors that are needed at the same
// time would otherwise have more than `arena_bytes` bytes, or the fewest that can be reached if
// that is more.
void schedule_steps(PlanDraft& draft, int64_t arena_bytes);

// Fills in where the arena's tensors lie, by the steps in which they are used. ResourceExhausted
// above 16 GiB.
[[nodiscard]] absl::Status place_tensors(PlanDraft& draft);

// Proves that every step reads what was computed for it, all that its window looks at, and that the
// outputs are whole in the end: Internal with the call and the tensor otherwise. `plan` is one that
// verify_plan() accepts. (Arenas above 64 MiB are taken as they are.)
[[nodiscard]] absl::Status prove_schedule(const Plan& plan);

}  // namespace durward
