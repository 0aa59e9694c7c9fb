// The steps of a plan and the places of its tensors: which chains of layers run a few rows at a
// time, and a proof that no tensor is overwritten while it is needed.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "compile/plan/draft.h"

namespace durward {

// Fills in the draft's steps. Layers are streamed where the arena would be larger than
// `arena_bytes` (or, if that is larger or 0, than a little above what can be reached at best).
void schedule_steps(PlanDraft& draft, int64_t arena_bytes);

// Fills in where the arena's tensors lie, by the steps in which they are used. ResourceExhausted
// above 16 GiB.
[[nodiscard]] absl::Status place_tensors(PlanDraft& draft);

// Proves that every row that a step reads still holds what was computed for it: Internal with the
// call and the tensor otherwise. (Arenas above 64 MiB are taken as they are.)
[[nodiscard]] absl::Status prove_schedule(const Plan& plan);

}  // namespace durward
