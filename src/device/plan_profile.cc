#include "device/plan_profile.h"

#include <algorithm>

#include "device/clock_rate.h"
#include "device/perf_counters.h"

namespace durward::device {

std::vector<ArenaTensor> arena_map(const Plan& plan) {
  constexpr size_t kUnused = SIZE_MAX;
  std::vector<ArenaTensor> lives(plan.tensors.size(), {0, kUnused, 0});
  const auto touch = [&](int32_t tensor, size_t step) {
    if (tensor < 0) return;
    ArenaTensor& life = lives[static_cast<size_t>(tensor)];
    life.first_step = std::min(life.first_step, step);
    life.last_step = step;
  };
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    if (step.kind == PlanStep::Kind::kSlide) {
      touch(static_cast<int32_t>(step.index), i);
      continue;
    }
    const PlanCall& call = plan.calls[step.index];
    for (const int32_t input : call.inputs) touch(input, i);
    touch(call.output, i);
  }
  std::vector<ArenaTensor> map;
  for (size_t i = 0; i < lives.size(); ++i) {
    if (plan.tensors[i].place != PlanTensor::Place::kArena || lives[i].first_step == kUnused) {
      continue;
    }
    map.push_back({i, lives[i].first_step, lives[i].last_step});
  }
  return map;
}

PlanProfile profile_session(Session& session, std::span<const std::span<const std::byte>> inputs,
                            const ProfileOptions& options) {
  const Plan& plan = session.plan();
  PlanProfile profile;
  std::vector<std::vector<std::byte>> memory;
  for (size_t i = 0; i < session.output_count(); ++i) memory.emplace_back(session.output(i).bytes);
  const std::vector<std::span<std::byte>> outputs(memory.begin(), memory.end());
  const auto run = [&](const StopSignal& signal) {
    return session.run(inputs, outputs, signal) == EngineCode::kOk;
  };
  for (size_t i = 0; i < options.warm_up; ++i) {
    if (!run({})) return profile;
  }

  profile.clock_hz = measure_clock_rate();
  CallProfiler profiler(plan, options.runs);
  const auto allocations = [&] {
    return options.allocations == nullptr ? AllocationCount{} : options.allocations();
  };
  const AllocationCount before = allocations();
  for (size_t i = 0; i < options.runs; ++i) {
    profiler.begin_run();
    if (!run(profiler.signal())) return profile;
    profiler.end_run();
  }
  const AllocationCount after = allocations();
  profile.run_allocations = {after.count - before.count, after.bytes - before.bytes};

  const PerfCounters counters;
  profile.counters_reason = counters.reason();
  CallCounter counter(plan, counters);
  for (size_t i = 0; i < options.runs && counters.available(); ++i) {
    counter.begin_run();
    if (!run(counter.signal())) return profile;
    counter.end_run();
  }

  profile.runs = options.runs;
  profile.us = spread_of(profiler.times_of_runs());
  profile.steps = profiler.steps_of_median_run();
  profile.arena = arena_map(plan);
  const std::vector<CallCost> costs = call_costs(plan);
  for (size_t i = 0; i < plan.calls.size(); ++i) {
    profile.calls.push_back({spread_of(profiler.times_of_call(i)), costs[i], counter.of_call(i)});
  }
  return profile;
}

Isa fastest_isa(const Session& session) {
  Isa fastest = Isa::kPortable;
  for (size_t i = 0; i < session.plan().calls.size(); ++i) {
    fastest = std::max(fastest, session.isa_of_call(i));
  }
  return fastest;
}

}  // namespace durward::device
