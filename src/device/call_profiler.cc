#include "device/call_profiler.h"

#include <algorithm>
#include <numeric>

namespace durward::device {
namespace {

// Which call each step belongs to: rows that slide make room for the call that runs next.
std::vector<size_t> calls_of_steps(const Plan& plan) {
  std::vector<size_t> calls(plan.steps.size());
  size_t next = 0;
  for (size_t i = calls.size(); i > 0; --i) {
    const PlanStep& step = plan.steps[i - 1];
    if (step.kind == PlanStep::Kind::kRun) next = step.index;
    calls[i - 1] = next;
  }
  return calls;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto rank = [&](size_t percent) {
    return values[(values.size() * percent + 99) / 100 - 1];
  };
  const size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, rank(10), rank(90)};
}

CallProfiler::CallProfiler(const Plan& plan, size_t runs) : plan_(plan) {
  times_.reserve(runs * (plan.steps.size() + 1));
}

void CallProfiler::begin_run() {
  step_ = 0;
  times_.resize((run_ + 1) * (plan_.steps.size() + 1));
}

StopSignal CallProfiler::signal() noexcept {
  return {[](void* context) noexcept {
            auto* self = static_cast<CallProfiler*>(context);
            const size_t row = self->plan_.steps.size() + 1;
            self->times_[self->run_ * row + self->step_++] = Clock::now();
            return false;
          },
          this};
}

void CallProfiler::end_run() noexcept {
  times_[run_ * (plan_.steps.size() + 1) + plan_.steps.size()] = Clock::now();
  ++run_;
}

double CallProfiler::microseconds(size_t run, size_t step) const {
  const Clock::time_point* begin = &times_[run * (plan_.steps.size() + 1) + step];
  return std::chrono::duration<double, std::micro>(begin[1] - begin[0]).count();
}

std::vector<double> CallProfiler::times_of_call(size_t call) const {
  const std::vector<size_t> calls = calls_of_steps(plan_);
  std::vector<double> times(run_, 0.0);
  for (size_t step = 0; step < calls.size(); ++step) {
    if (calls[step] != call) continue;
    for (size_t run = 0; run < run_; ++run) times[run] += microseconds(run, step);
  }
  return times;
}

std::vector<double> CallProfiler::times_of_runs() const {
  std::vector<double> times(run_, 0.0);
  for (size_t run = 0; run < run_; ++run) {
    for (size_t step = 0; step < plan_.steps.size(); ++step) times[run] += microseconds(run, step);
  }
  return times;
}

std::vector<StepTime> CallProfiler::steps_of_median_run() const {
  const std::vector<double> totals = times_of_runs();
  std::vector<size_t> order(totals.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return totals[a] < totals[b]; });
  std::vector<StepTime> steps;
  double start = 0;
  for (size_t step = 0; step < plan_.steps.size() && !order.empty(); ++step) {
    const double us = microseconds(order[order.size() / 2], step);
    steps.push_back({start, us});
    start += us;
  }
  return steps;
}

CallCounter::CallCounter(const Plan& plan, const PerfCounters& counters)
    : plan_(plan), counters_(counters), sums_(plan.calls.size()) {}

void CallCounter::begin_run() noexcept {
  step_ = 0;
  started_ = false;
  ++runs_;
}

void CallCounter::end_step() noexcept {
  const CounterValues now = counters_.read();
  const PlanStep& step = plan_.steps[step_++];
  // What a slide took goes to the run behind it.
  if (step.kind == PlanStep::Kind::kSlide) return;
  CounterValues& sum = sums_[step.index];
  sum.cycles += now.cycles - last_.cycles;
  sum.instructions += now.instructions - last_.instructions;
  sum.cache_misses += now.cache_misses - last_.cache_misses;
  last_ = counters_.read();
}

StopSignal CallCounter::signal() noexcept {
  return {[](void* context) noexcept {
            auto* self = static_cast<CallCounter*>(context);
            if (self->started_) self->end_step();
            if (!self->started_) self->last_ = self->counters_.read();
            self->started_ = true;
            return false;
          },
          this};
}

void CallCounter::end_run() noexcept {
  if (started_) end_step();
}

CounterValues CallCounter::of_call(size_t call) const {
  const uint64_t runs = std::max<uint64_t>(runs_, 1);
  const CounterValues& sum = sums_[call];
  return {sum.cycles / runs, sum.instructions / runs, sum.cache_misses / runs};
}

}  // namespace durward::device
