#include "pipeline/mixed.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <map>

#include "base/random.h"
#include "pipeline/kernel_times.h"
#include "runtimes/bench.h"
#include "runtimes/compiled_graph.h"

namespace durward {
namespace {

constexpr size_t kFrontPoints = 7;  // measured beside the chosen one, where the path has as many

// Walks the path that cheapest_first() gives, and measures the assignments on it that are asked
// for, each once.
class MixedSearch {
 public:
  MixedSearch(const MixedModel& model, const GraphJudge& judge, const MixedLimits& limits,
              int64_t arena_bytes, const Progress& progress)
      : model_(model),
        judge_(judge),
        limits_(limits),
        arena_bytes_(arena_bytes),
        progress_(progress) {}

  absl::StatusOr<MixedChoice> run() {
    DURWARD_ASSIGN_OR_RETURN(choice_.sensitivity,
                             measure_sensitivity(model_, judge_, /*worst=*/0, progress_));
    DURWARD_RETURN_IF_ERROR(make_costs());
    make_path();
    DURWARD_ASSIGN_OR_RETURN(const size_t chosen, choose());
    DURWARD_RETURN_IF_ERROR(measure_front(chosen));
    for (auto& [index, point] : measured_) {
      if (index == chosen) choice_.chosen = choice_.front.size();
      if (judge_.has_trials()) {
        DURWARD_ASSIGN_OR_RETURN(const Graph graph,
                                 model_.mixture(units(), point.foreseen.assignment));
        DURWARD_ASSIGN_OR_RETURN(GraphJudge::Trials trials, judge_.on_trials(graph, name(index)));
        point.losses = std::move(trials.losses);
        point.evaluation = std::move(trials.evaluation);
      }
      choice_.front.push_back(std::move(point));
    }
    choice_.keep_float = float_nodes(model_.models->prepared, units(), path_[chosen].assignment);
    return std::move(choice_);
  }

 private:
  [[nodiscard]] const std::vector<PrecisionUnit>& units() const {
    return choice_.sensitivity.units;
  }

  static std::string name(size_t index) { return absl::StrFormat("assignment %d", index); }

  absl::Status make_costs() {
    std::vector<Precision> lowest, highest, alternating;
    for (const PrecisionUnit& unit : units()) {
      lowest.push_back(unit.candidates.front());
      highest.push_back(unit.candidates.back());
      alternating.push_back(alternating.size() % 2 == 0 ? unit.candidates.front()
                                                        : unit.candidates.back());
    }
    if (progress_ && !progress_("kernel times", 0, 1)) {
      return absl::CancelledError("stopped before measuring kernel times");
    }
    DURWARD_ASSIGN_OR_RETURN(const Graph int8, model_.mixture(units(), lowest));
    DURWARD_ASSIGN_OR_RETURN(const Graph floats, model_.mixture(units(), highest));
    DURWARD_ASSIGN_OR_RETURN(const Graph mixture, model_.mixture(units(), alternating));
    DURWARD_ASSIGN_OR_RETURN(KernelTimes times,
                             measure_kernel_times(int8, floats, mixture, arena_bytes_));
    for (const std::filesystem::path& profile : limits_.profiles) {
      DURWARD_RETURN_IF_ERROR(take_device_times(profile, times));
    }
    choice_.devices = times.devices;
    costs_.emplace(model_.models->prepared, units(), std::move(times));
    // What a plan holds beside weights and biases.
    DURWARD_ASSIGN_OR_RETURN(const CompiledGraph compiled,
                             CompiledGraph::create(int8, arena_bytes_));
    plan_bytes_ = static_cast<double>(compiled.bytes()) - costs_->bytes(lowest);
    return absl::OkStatus();
  }

  [[nodiscard]] double bytes(const Assignment& assignment) const {
    return plan_bytes_ + costs_->bytes(assignment);
  }

  // In shares of what is allowed where there are limits, so that one number serves for both.
  [[nodiscard]] double cost(const Assignment& assignment) const {
    const double us = costs_->latency_us(assignment);
    if (!limits_.latency_ms && !limits_.bytes) return us;
    double sum = 0;
    if (limits_.latency_ms) sum += us / (*limits_.latency_ms * 1e3);
    if (limits_.bytes) sum += bytes(assignment) / *limits_.bytes;
    return sum;
  }

  void make_path() {
    AssignmentProblem problem;
    for (const PrecisionUnit& unit : units()) problem.candidates.push_back(unit.candidates);
    problem.cost = [this](const Assignment& assignment) { return cost(assignment); };
    problem.loss = [this](const Assignment& assignment) {
      double sum = 0;
      for (size_t i = 0; i < assignment.size(); ++i) {
        if (assignment[i] != Precision::kFloat32)
          sum += choice_.sensitivity.of_unit[i].alone.loss();
      }
      return sum;
    };
    path_ = cheapest_first(problem);
    // The losses of single units overlap: they are scaled to what all of them lose together.
    const double sum = path_.front().loss;
    const double factor = sum > 0 ? choice_.sensitivity.together.loss() / sum : 1;
    for (AssignmentPoint& point : path_) point.loss *= factor;
  }

  absl::StatusOr<const MixedPoint*> measured(size_t index) {
    const auto known = measured_.find(index);
    if (known != measured_.end()) return &known->second;
    if (progress_ && !progress_("measuring mixtures", static_cast<int64_t>(measured_.size()),
                                static_cast<int64_t>(measured_.size() + 1))) {
      return absl::CancelledError("stopped while measuring mixtures");
    }
    MixedPoint point{.foreseen = path_[index], .in_float = {}, .loss = {}};
    for (size_t i = 0; i < units().size(); ++i) {
      if (point.foreseen.assignment[i] == Precision::kFloat32)
        point.in_float.push_back(units()[i].name);
    }
    DURWARD_ASSIGN_OR_RETURN(const Graph graph, model_.mixture(units(), point.foreseen.assignment));
    DURWARD_ASSIGN_OR_RETURN(point.loss, judge_.embedding_loss(graph));
    DURWARD_ASSIGN_OR_RETURN(const CompiledGraph compiled,
                             CompiledGraph::create(graph, arena_bytes_));
    point.bytes = static_cast<double>(compiled.bytes());
    point.foreseen_us = costs_->latency_us(point.foreseen.assignment);
    DURWARD_ASSIGN_OR_RETURN(point.us, latency_us(compiled));
    return &measured_.emplace(index, std::move(point)).first->second;
  }

  // CPU time of a thread: what other programs take does not count.
  static absl::StatusOr<double> latency_us(const CompiledGraph& compiled) {
    DURWARD_ASSIGN_OR_RETURN(const std::unique_ptr<RuntimeModel> model, compiled.load({}));
    BenchSubject subject{model.get(), {}};
    Random random(1);
    for (const PortInfo& port : model->inputs()) {
      std::vector<float> values(static_cast<size_t>(elements(port.shape)));
      for (float& value : values) value = static_cast<float>(random.uniform() * 2 - 1);
      const auto input = std::as_bytes(std::span(values));
      subject.inputs.emplace_back(input.begin(), input.end());
    }
    DURWARD_ASSIGN_OR_RETURN(
        const std::vector<BenchTimes> times,
        measure(std::span(&subject, 1), {.rounds = 3, .runs = 30, .warm_up = 3}, {}));
    return times[0].cpu.median;
  }

  // With a device's profiles there is nothing to measure its latency on: it is as foreseen.
  [[nodiscard]] double judged_us(const MixedPoint& point) const {
    return limits_.profiles.empty() ? point.us : point.foreseen_us;
  }

  [[nodiscard]] bool within_budget(const MixedPoint& point) const {
    return (!limits_.latency_ms || judged_us(point) <= *limits_.latency_ms * 1e3) &&
           (!limits_.bytes || point.bytes <= *limits_.bytes);
  }

  [[nodiscard]] std::string text_of(const MixedPoint& point) const {
    return absl::StrFormat("%.3f ms, %.0f bytes and a loss of %.5f", judged_us(point) / 1e3,
                           point.bytes, point.loss.loss());
  }

  // The first on the path that loses no more than is allowed, or else the last within the budgets.
  // Measured loss and cost go down and up along the path but for small errors, so both are found by
  // halving.
  absl::StatusOr<size_t> choose() {
    size_t low = 0, high = path_.size() - 1;
    if (limits_.loss) {
      DURWARD_ASSIGN_OR_RETURN(const MixedPoint* best, measured(high));
      if (best->loss.loss() > *limits_.loss) {
        return absl::FailedPreconditionError(absl::StrFormat(
            "no assignment of precisions loses at most %g: with everything in float that can be, "
            "it has %s",
            *limits_.loss, text_of(*best)));
      }
      while (low < high) {
        const size_t middle = (low + high) / 2;
        DURWARD_ASSIGN_OR_RETURN(const MixedPoint* point, measured(middle));
        if (point->loss.loss() <= *limits_.loss) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      DURWARD_ASSIGN_OR_RETURN(const MixedPoint* point, measured(low));
      if (within_budget(*point)) return low;
      return absl::FailedPreconditionError(
          absl::StrFormat("the cheapest assignment of precisions that loses at most %g has %s, "
                          "which is more than allowed",
                          *limits_.loss, text_of(*point)));
    }
    DURWARD_ASSIGN_OR_RETURN(const MixedPoint* cheapest, measured(0));
    if (!within_budget(*cheapest)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "no assignment of precisions is within the limits: with everything in int8 it has ",
          text_of(*cheapest)));
    }
    while (low < high) {
      const size_t middle = (low + high + 1) / 2;
      DURWARD_ASSIGN_OR_RETURN(const MixedPoint* point, measured(middle));
      if (within_budget(*point)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  // Points spread over the path by the share of the loss that is left.
  absl::Status measure_front(size_t chosen) {
    DURWARD_RETURN_IF_ERROR(measured(chosen).status());
    const double whole = path_.front().loss;
    size_t index = 0;
    for (size_t i = 0; i < kFrontPoints; ++i) {
      const double left = whole * (1 - static_cast<double>(i) / (kFrontPoints - 1));
      while (index + 1 < path_.size() && path_[index].loss > left * (1 + 1e-9)) ++index;
      DURWARD_RETURN_IF_ERROR(measured(index).status());
    }
    return absl::OkStatus();
  }

  const MixedModel& model_;
  const GraphJudge& judge_;
  const MixedLimits& limits_;
  int64_t arena_bytes_;
  const Progress& progress_;
  MixedChoice choice_;
  std::optional<MixtureCosts> costs_;
  double plan_bytes_ = 0;
  std::vector<AssignmentPoint> path_;
  std::map<size_t, MixedPoint> measured_;  // by index into the path
};

}  // namespace

absl::StatusOr<MixedChoice> choose_precisions(const MixedModel& model, const GraphJudge& judge,
                                              const MixedLimits& limits, int64_t arena_bytes,
                                              const Progress& progress) {
  return MixedSearch(model, judge, limits, arena_bytes, progress).run();
}

}  // namespace durward
