#include "quant/assignment.h"

#include <algorithm>

namespace durward {
namespace {

constexpr size_t kLongestRun = 4;

// The step with the most loss removed for what it costs more, one that costs no more first.
class BestStep {
 public:
  BestStep(const AssignmentProblem& problem, const AssignmentPoint& from, double budget)
      : problem_(problem), from_(from), budget_(budget) {}

  void consider(const Assignment& assignment) {
    const double loss = problem_.loss(assignment);
    if (!(loss < from_.loss)) return;
    const double cost = problem_.cost(assignment);
    if (cost > budget_) return;
    const double removed = from_.loss - loss;
    const double more = cost - from_.cost;
    const double ratio = more > 0 ? removed / more : std::numeric_limits<double>::infinity();
    const bool better = !found_ || ratio > ratio_ || (ratio == ratio_ && removed > removed_);
    if (!better) return;
    found_ = true;
    ratio_ = ratio;
    removed_ = removed;
    best_ = {assignment, cost, loss};
  }

  [[nodiscard]] const AssignmentPoint* best() const { return found_ ? &best_ : nullptr; }

 private:
  const AssignmentProblem& problem_;
  const AssignmentPoint& from_;
  double budget_;
  bool found_ = false;
  double ratio_ = 0, removed_ = 0;
  AssignmentPoint best_;
};

bool has(const std::vector<Precision>& candidates, Precision precision) {
  return std::find(candidates.begin(), candidates.end(), precision) != candidates.end();
}

}  // namespace

std::vector<AssignmentPoint> cheapest_first(const AssignmentProblem& problem, double budget) {
  constexpr Precision kAll[] = {Precision::kInt8, Precision::kInt16x8, Precision::kFloat32};
  AssignmentPoint point;
  for (const std::vector<Precision>& candidates : problem.candidates) {
    point.assignment.push_back(candidates.front());
  }
  point.cost = problem.cost(point.assignment);
  point.loss = problem.loss(point.assignment);
  std::vector<AssignmentPoint> path{point};
  const size_t units = problem.candidates.size();
  for (;;) {
    BestStep step(problem, path.back(), budget);
    for (const Precision precision : kAll) {
      for (size_t first = 0; first < units; ++first) {
        Assignment assignment = path.back().assignment;
        for (size_t i = first; i < std::min(units, first + kLongestRun); ++i) {
          if (!has(problem.candidates[i], precision)) break;
          assignment[i] = precision;
          step.consider(assignment);
        }
      }
    }
    if (step.best() == nullptr) return path;
    path.push_back(*step.best());
  }
}

}  // namespace durward
