// Which part of a model is computed in which precision, so that the least accuracy is lost for what
// it costs. Knows nothing of models: what an assignment costs and loses is told by callbacks.
#pragma once

#include <functional>
#include <limits>
#include <vector>

#include "quant/precision.h"

namespace durward {

using Assignment = std::vector<Precision>;  // one for each unit

struct AssignmentProblem {
  // What each unit can be computed in, at least one; assignments begin with the first of each.
  std::vector<std::vector<Precision>> candidates;
  // Of a whole assignment, so that a change of precision between neighbours can cost something. In
  // any unit: microseconds, bytes, a weighted sum.
  std::function<double(const Assignment&)> cost;
  std::function<double(const Assignment&)> loss;
};

struct AssignmentPoint {
  Assignment assignment;
  double cost = 0, loss = 0;
};

// From the first candidates on, one step after the other, always that with the most loss removed
// for what it costs more, as long as the cost stays within the budget. A step gives another
// candidate to one unit or to a run of a few that follow one another, so that what it costs to
// change precision around a sensitive pair is paid once. Returns the first assignment and that
// after each step; losses fall strictly. Where costs and losses add up over units, each point that
// no budget has narrowed is the least loss for its cost (the greedy solution of the knapsack's
// linear relaxation, Dantzig, Operations Research 1957).
[[nodiscard]] std::vector<AssignmentPoint> cheapest_first(
    const AssignmentProblem& problem, double budget = std::numeric_limits<double>::infinity());

}  // namespace durward
