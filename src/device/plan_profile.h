// The profile of a session: each call's time, what it costs by its numbers, the processor's
// counters, and where tensors lie in the arena at which step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "device/call_cost.h"
#include "device/call_profiler.h"
#include "device/json_writer.h"
#include "device/system.h"
#include "engine/session.h"

namespace durward::device {

struct ProfileOptions {
  size_t runs = 50, warm_up = 5;
  AllocationCount (*allocations)() = nullptr;  // of the process so far; nullptr: not counted
};

// A tensor in the arena from the first step that touches it to the last.
struct ArenaTensor {
  size_t tensor = 0, first_step = 0, last_step = 0;
};
[[nodiscard]] std::vector<ArenaTensor> arena_map(const Plan& plan);

struct CallProfile {
  Spread us;
  CallCost cost;
  CounterValues counters;  // means of a run, where they are available
};

struct PlanProfile {
  size_t runs = 0;
  Spread us;  // of a run
  std::vector<CallProfile> calls;
  std::vector<StepTime> steps;  // of the run whose time is the median
  std::vector<ArenaTensor> arena;
  double clock_hz = 0;              // by measure_clock_rate()
  std::string counters_reason;      // empty where they were available
  AllocationCount run_allocations;  // of all timed runs
};

// Runs the session on these inputs, one of each port's size, aligned to its type.
[[nodiscard]] PlanProfile profile_session(Session& session,
                                          std::span<const std::span<const std::byte>> inputs,
                                          const ProfileOptions& options);

// The fastest instruction set that a call of the session's plan runs with.
[[nodiscard]] Isa fastest_isa(const Session& session);

// What is known of the model beside its profile.
struct ProfileSubject {
  std::string file, model;
  uint64_t file_bytes = 0, threads = 1;
  double load_us = 0;  // to make the session
  int64_t golden_vectors = 0, golden_bytes = 0;
  AllocationCount load_allocations;
  bool allocations_counted = false;
};

// Writes it as an element of "profiles" (docs/profile.md).
void write_profile(JsonWriter& json, const Session& session, const PlanProfile& profile,
                   const ProfileSubject& subject);

}  // namespace durward::device
