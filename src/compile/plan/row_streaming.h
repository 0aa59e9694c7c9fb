// Runs a chain of layers a few rows at a time, so that what lies between them is never whole in
// memory: each layer computes only what the next one needs next, and what is still needed of the
// rows before is kept.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/kernels/geometry.h"
#include "engine/plan.h"

namespace durward {

struct RowSchedule {
  // PlanStep::index is a position in the chain: call i reads tensor i and writes tensor i + 1.
  std::vector<PlanStep> steps;
  // Of tensor i, the most rows that are held at once; the first and the last are held whole.
  std::vector<int64_t> held_rows;
};

// `chain`: windows of layers that each read the one before's output alone, batch 1, none of them
// wholly below its image.
// `rows`: of the last output, computed at a time; 1 to its height.
[[nodiscard]] RowSchedule stream_rows(std::span<const WindowGeometry> chain, int64_t rows);

}  // namespace durward
