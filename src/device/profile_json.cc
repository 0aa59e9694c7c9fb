// The profile of a session as JSON; docs/profile.md describes every field.
#include "device/isa_limits.h"
#include "device/plan_profile.h"

namespace durward::device {
namespace {

void write_spread(JsonWriter& json, const char* name, const Spread& spread) {
  json.key(name).begin_object();
  json.field("median", spread.median);
  json.field("p10", spread.low);
  json.field("p90", spread.high);
  json.end_object();
}

void write_counters(JsonWriter& json, const CounterValues& values) {
  json.key("counters").begin_object();
  json.field("cycles", values.cycles);
  json.field("instructions", values.instructions);
  json.field("cache_misses", values.cache_misses);
  json.end_object();
}

// Multiply-accumulates a cycle: of counted cycles, or of those that the time is at the clock.
double macs_per_cycle(const CallProfile& call, const PlanProfile& profile) {
  const double cycles = profile.counters_reason.empty() && call.counters.cycles > 0
                            ? static_cast<double>(call.counters.cycles)
                            : call.us.median * profile.clock_hz / 1e6;
  return cycles > 0 ? static_cast<double>(call.cost.macs) / cycles : 0;
}

void write_macs(JsonWriter& json, const CallProfile& call, const PlanProfile& profile, Isa isa) {
  json.field("macs", call.cost.macs);
  const double rate = macs_per_cycle(call, profile);
  if (call.cost.macs == 0 || rate == 0) return;
  json.field("macs_per_cycle", rate);
  const IsaLimit limit = int8_limit(isa);
  if (call.cost.integer && limit.macs_per_cycle > 0) {
    json.field("share_of_limit", rate / limit.macs_per_cycle);
  }
}

void write_call(JsonWriter& json, const Session& session, const PlanProfile& profile,
                size_t index) {
  const PlanCall& call = session.plan().calls[index];
  const CallProfile& measured = profile.calls[index];
  const Isa isa = session.isa_of_call(index);
  json.begin_object();
  json.field("name", call.name);
  json.field("op", name(call.call));
  json.field("kernel", name(isa));
  json.field("device", "cpu");
  json.field("precision", measured.cost.integer ? "int8" : "float32");
  json.field("class", name(measured.cost.cost));
  write_spread(json, "us", measured.us);
  write_macs(json, measured, profile, isa);
  json.field("outputs", measured.cost.outputs);
  json.field("bytes", measured.cost.bytes);
  json.field("steps", measured.cost.steps);
  if (profile.counters_reason.empty()) write_counters(json, measured.counters);
  json.key("fused").begin_list();
  for (const std::string& fused : fused_into(session.plan(), call)) json.value(fused);
  json.end_list();
  json.end_object();
}

void write_allocations(JsonWriter& json, const char* name, const AllocationCount& count) {
  json.key(name).begin_object();
  json.field("count", count.count);
  json.field("bytes", count.bytes);
  json.end_object();
}

void write_memory(JsonWriter& json, const Session& session, const PlanProfile& profile,
                  const ProfileSubject& subject) {
  json.key("memory").begin_object();
  json.field("arena_bytes", session.arena_bytes());
  json.field("scratch_bytes", session.scratch_bytes());
  json.field("packed_bytes", session.packed_bytes());
  json.field("constants_bytes", session.plan().constants.size());
  if (subject.allocations_counted) {
    write_allocations(json, "load_allocations", subject.load_allocations);
    write_allocations(json, "run_allocations", profile.run_allocations);
  }
  json.field("peak_resident_bytes", peak_resident_bytes());
  json.end_object();
}

void write_steps(JsonWriter& json, const Plan& plan, const PlanProfile& profile) {
  json.key("steps").begin_list();
  for (size_t i = 0; i < profile.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    const bool slide = step.kind == PlanStep::Kind::kSlide;
    json.begin_object();
    json.field(slide ? "slide" : "op", step.index);
    json.field("start_us", profile.steps[i].start_us);
    json.field("us", profile.steps[i].us);
    if (step.output_rows > 0) json.field("rows", step.output_rows);
    json.end_object();
  }
  json.end_list();
}

void write_arena(JsonWriter& json, const Plan& plan, const PlanProfile& profile) {
  json.key("arena").begin_list();
  for (const ArenaTensor& life : profile.arena) {
    const PlanTensor& tensor = plan.tensors[life.tensor];
    json.begin_object();
    json.field("name", tensor.name);
    json.field("offset", tensor.offset);
    json.field("bytes", tensor.bytes);
    json.field("first_step", life.first_step);
    json.field("last_step", life.last_step);
    json.end_object();
  }
  json.end_list();
}

void write_limit(JsonWriter& json, Isa isa) {
  const IsaLimit limit = int8_limit(isa);
  json.key("limit").begin_object();
  if (limit.macs_per_cycle > 0) json.field("macs_per_cycle", limit.macs_per_cycle);
  json.field("source", limit.source);
  json.end_object();
}

}  // namespace

void write_profile(JsonWriter& json, const Session& session, const PlanProfile& profile,
                   const ProfileSubject& subject) {
  const Plan& plan = session.plan();
  const Isa isa = fastest_isa(session);
  json.begin_object();
  json.field("file", subject.file);
  json.field("model", subject.model);
  json.field("bytes", subject.file_bytes);
  json.field("runtime", "engine");
  json.field("isa", name(isa));
  json.field("threads", subject.threads);
  json.field("runs", profile.runs);
  write_spread(json, "us", profile.us);
  json.field("load_us", subject.load_us);
  json.field("clock_hz", profile.clock_hz);
  json.field("cycles", profile.counters_reason.empty() ? "counted" : "time at the clock's rate");
  json.field("counters_reason", profile.counters_reason);
  write_limit(json, isa);
  json.key("golden").begin_object();
  json.field("vectors", subject.golden_vectors);
  json.field("bytes", subject.golden_bytes);
  json.end_object();
  write_memory(json, session, profile, subject);
  json.key("ops").begin_list();
  for (size_t i = 0; i < profile.calls.size(); ++i) write_call(json, session, profile, i);
  json.end_list();
  write_steps(json, plan, profile);
  write_arena(json, plan, profile);
  json.end_object();
}

}  // namespace durward::device
