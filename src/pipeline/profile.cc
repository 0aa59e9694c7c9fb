#include "pipeline/profile.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/random.h"
#include "bundle/bundle.h"
#include "compile/plan/plan_builder.h"
#include "device/golden_check.h"
#include "device/plan_profile.h"
#include "engine/program.h"
#include "graph/cost.h"
#include "passes/passes.h"
#include "pipeline/evaluate.h"
#include "pipeline/model_file.h"
#include "pipeline/placement.h"
#include "pipeline/profile_compare.h"
#include "pipeline/profile_file.h"
#include "runtimes/aligned_copy.h"
#include "runtimes/engine_status.h"
#include "runtimes/machine.h"
#include "runtimes/ports.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr int kWarmUp = 5;

double microseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

bool is_bundle(const fs::path& file) {
  return absl::AsciiStrToLower(file.extension().string()) == ".bundle";
}

// Numbers as normalised pictures have them, or any bytes.
std::vector<std::byte> made_up_input(bool is_float, size_t bytes) {
  Random random(1);
  std::vector<std::byte> input(bytes);
  for (size_t i = 0; is_float && i + sizeof(float) <= bytes; i += sizeof(float)) {
    const float value = static_cast<float>(random.below(2001)) / 1000.0f - 1.0f;
    std::memcpy(&input[i], &value, sizeof(value));
  }
  for (size_t i = 0; !is_float && i < bytes; ++i) {
    input[i] = static_cast<std::byte>(random.below(256));
  }
  return input;
}

json spread_json(const std::vector<double>& times) {
  const device::Spread spread = device::spread_of(times);
  return {{"median", spread.median}, {"p10", spread.low}, {"p90", spread.high}};
}

device::AllocationCount allocated(const ProfileRequest& request) {
  return request.allocations == nullptr ? device::AllocationCount{} : request.allocations();
}

json allocations_json(const device::AllocationCount& before, const device::AllocationCount& after) {
  return {{"count", after.count - before.count}, {"bytes", after.bytes - before.bytes}};
}

// Multiply-accumulates by the model file, where it can be imported; a runtime does not tell.
std::optional<int64_t> macs_of(const fs::path& file) {
  absl::StatusOr<ModelFile> model = read_model_file(file);
  if (!model.ok() || !simplify(model->graph).ok()) return std::nullopt;
  return multiply_accumulates(model->graph);
}

// ---- our engine ----

// What it runs, and with what.
struct EngineSubject {
  std::optional<Bundle> bundle;
  AlignedMemory compiled;  // the plan of a model that is no bundle
  size_t compiled_bytes = 0;
  device::ProfileSubject subject;

  [[nodiscard]] std::span<const std::byte> plan() const {
    if (bundle) return bundle->plan();
    return {compiled.get(), compiled_bytes};
  }
};

absl::StatusOr<EngineSubject> read_subject(const fs::path& file, const ModelReading& reading) {
  EngineSubject result;
  result.subject.file = file.filename().string();
  if (is_bundle(file)) {
    DURWARD_ASSIGN_OR_RETURN(result.bundle, Bundle::open(file));
    result.subject.model = result.bundle->manifest().model.name;
    result.subject.file_bytes = static_cast<uint64_t>(result.bundle->bytes());
    return result;
  }
  DURWARD_ASSIGN_OR_RETURN(ModelFile model, read_model_file(file, reading));
  DURWARD_RETURN_IF_ERROR(simplify(model.graph));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> plan,
                           build_plan(model.graph, {.arena_bytes = 1 << 30}));
  result.compiled = aligned_copy(plan);
  result.compiled_bytes = plan.size();
  result.subject.model = file.stem().string();
  result.subject.file_bytes = static_cast<uint64_t>(model.bytes);
  return result;
}

// Of each port; `memory` is what the spans are of.
std::vector<std::span<const std::byte>> made_up_inputs(
    const Session& session, std::vector<std::vector<std::byte>>& memory) {
  for (size_t i = 0; i < session.input_count(); ++i) {
    const PlanTensor& port = session.input(i);
    memory.push_back(
        made_up_input(port.type == PlanType::kFloat32, static_cast<size_t>(port.bytes)));
  }
  return {memory.begin(), memory.end()};
}

absl::StatusOr<json> profile_engine(const fs::path& file, const ProfileRequest& request) {
  DURWARD_ASSIGN_OR_RETURN(EngineSubject engine, read_subject(file, request.reading));
  SessionOptions options;
  options.isa = request.isa;
  options.threads = static_cast<uint64_t>(request.threads);
  const device::AllocationCount before = allocated(request);
  const Clock::time_point begin = Clock::now();
  std::unique_ptr<Session> session;
  DURWARD_RETURN_IF_ERROR(engine_status(Session::create(engine.plan(), options, session)));
  device::ProfileSubject& subject = engine.subject;
  subject.load_us = microseconds_since(begin);
  const device::AllocationCount after = allocated(request);
  subject.load_allocations = {after.count - before.count, after.bytes - before.bytes};
  subject.allocations_counted = request.allocations != nullptr;
  subject.threads = options.threads;

  const device::FindMember find =
      [&](const std::string& path) -> std::optional<std::span<const std::byte>> {
    if (!engine.bundle) return std::nullopt;
    const auto member = engine.bundle->member(path);
    return member.ok() ? std::optional(*member) : std::nullopt;
  };
  const device::GoldenOutcome golden = device::check_golden(*session, find);
  if (!golden.problem.empty()) return absl::DataLossError(golden.problem);
  subject.golden_vectors = golden.vectors;
  subject.golden_bytes = golden.bytes;

  std::vector<std::vector<std::byte>> made_up;
  const auto inputs = device::golden_inputs(*session, find, 0);
  const device::PlanProfile profile =
      device::profile_session(*session, inputs ? *inputs : made_up_inputs(*session, made_up),
                              {.runs = static_cast<size_t>(request.runs),
                               .warm_up = kWarmUp,
                               .allocations = request.allocations});
  device::JsonWriter text;
  device::write_profile(text, *session, profile, subject);
  return json::parse(text.text());
}

// ---- other runtimes ----

struct RunBuffers {
  explicit RunBuffers(const RuntimeModel& model) {
    for (const PortInfo& port : model.inputs()) {
      in.push_back(made_up_input(port.type == DataType::kFloat32, byte_size(port)));
    }
    for (const PortInfo& port : model.outputs()) out.emplace_back(byte_size(port));
    inputs.assign(in.begin(), in.end());
    outputs.assign(out.begin(), out.end());
  }
  std::vector<std::vector<std::byte>> in, out;
  std::vector<std::span<const std::byte>> inputs;
  std::vector<std::span<std::byte>> outputs;
};

json op_json(const OpRecord& record) {
  json op = {{"name", record.name},
             {"op", record.op},
             {"device", record.device},
             {"precision", record.precision}};
  op["us"] = record.runs.empty() ? json{{"mean", record.microseconds}} : spread_json(record.runs);
  return op;
}

// The latency without a profiler, and the memory that it takes.
absl::Status measure_unprofiled(RuntimeKind runtime, const fs::path& file,
                                const ProfileRequest& request, json& profile) {
  const uint64_t resident = device::resident_bytes();
  const device::AllocationCount before_load = allocated(request);
  const Clock::time_point begin = Clock::now();
  DURWARD_ASSIGN_OR_RETURN(const std::unique_ptr<RuntimeModel> model,
                           load_model(runtime, file, {.threads = request.threads, .exact = false}));
  profile["load_us"] = microseconds_since(begin);
  const device::AllocationCount after_load = allocated(request);
  const RunBuffers buffers(*model);
  std::vector<double> times(static_cast<size_t>(request.runs));
  for (int i = 0; i < kWarmUp; ++i) {
    DURWARD_RETURN_IF_ERROR(model->run(buffers.inputs, buffers.outputs));
  }
  const device::AllocationCount before_runs = allocated(request);
  for (double& time : times) {
    const Clock::time_point start = Clock::now();
    DURWARD_RETURN_IF_ERROR(model->run(buffers.inputs, buffers.outputs));
    time = microseconds_since(start);
  }
  const device::AllocationCount after_runs = allocated(request);
  profile["us"] = spread_json(times);
  json& memory = profile["memory"];
  if (request.allocations != nullptr) {
    memory["load_allocations"] = allocations_json(before_load, after_load);
    memory["run_allocations"] = allocations_json(before_runs, after_runs);
  }
  const uint64_t now = device::resident_bytes();
  memory["resident_growth_bytes"] = now > resident ? now - resident : 0;
  memory["peak_resident_bytes"] = device::peak_resident_bytes();
  return absl::OkStatus();
}

absl::StatusOr<json> profile_runtime(RuntimeKind runtime, const fs::path& file,
                                     const ProfileRequest& request) {
  std::error_code error;
  json profile = {{"file", file.filename().string()},    {"model", file.stem().string()},
                  {"bytes", fs::file_size(file, error)}, {"runtime", to_string(runtime)},
                  {"threads", request.threads},          {"runs", request.runs}};
  DURWARD_RETURN_IF_ERROR(measure_unprofiled(runtime, file, request, profile));
  DURWARD_ASSIGN_OR_RETURN(
      const std::unique_ptr<RuntimeModel> model,
      load_model(runtime, file, {.threads = request.threads, .profile = true, .exact = false}));
  const RunBuffers buffers(*model);
  for (int i = 0; i < request.runs; ++i) {
    DURWARD_RETURN_IF_ERROR(model->run(buffers.inputs, buffers.outputs));
  }
  DURWARD_ASSIGN_OR_RETURN(const std::vector<OpRecord> records, model->profile());
  profile["ops"] = json::array();
  for (const OpRecord& record : records) profile["ops"].push_back(op_json(record));
  if (const std::optional<int64_t> macs = macs_of(file)) profile["macs"] = *macs;
  return profile;
}

// ---- a document of them ----

// What an integer model leaves in float is named: it is slower there, and may not be wanted.
json placement_warnings(const json& profile) {
  std::vector<OpRecord> in_float;
  bool integer = false;
  for (const json& op : profile["ops"]) {
    const OpRecord record = {
        .name = op["name"], .op = op["op"], .device = op["device"], .precision = op["precision"]};
    integer |= !runs_in_float(record) && record.op.find("Conv") != std::string::npos;
    if (runs_in_float(record) && !converts(record)) in_float.push_back(record);
  }
  json warnings = json::array();
  for (const OpRecord& record : in_float) {
    if (!integer) break;
    warnings.push_back(absl::StrCat("'", record.name, "' (", record.op, ") runs in ",
                                    record.precision, " among integer layers"));
  }
  return warnings;
}

absl::StatusOr<json> profile_one(RuntimeKind runtime, const fs::path& file,
                                 const ProfileRequest& request) {
  absl::StatusOr<json> profile = runtime == RuntimeKind::kEngine
                                     ? profile_engine(file, request)
                                     : profile_runtime(runtime, file, request);
  if (!profile.ok()) return with_context(profile.status(), file.string());
  (*profile)["warnings"] = placement_warnings(*profile);
  return profile;
}

// Whether a runtime takes a file of this ending; the engine also takes what it can compile.
bool takes(RuntimeKind runtime, const fs::path& file) {
  const std::string ending = absl::AsciiStrToLower(file.extension().string());
  switch (runtime) {
    case RuntimeKind::kEngine:
      return ending != ".ort" && ending != ".xml";
    case RuntimeKind::kOnnxRuntime:
      return ending == ".onnx" || ending == ".ort";
    case RuntimeKind::kLiteRt:
      return ending == ".tflite";
    case RuntimeKind::kOpenVino:
      return ending == ".onnx" || ending == ".tflite" || ending == ".xml";
    case RuntimeKind::kReference:
      break;
  }
  return false;
}

absl::StatusOr<std::vector<RuntimeKind>> runtimes_of(const fs::path& file,
                                                     const ProfileRequest& request) {
  if (request.runtimes.empty()) {
    DURWARD_ASSIGN_OR_RETURN(const RuntimeKind runtime, runtime_for(file));
    return std::vector{runtime};
  }
  std::vector<RuntimeKind> runtimes;
  std::copy_if(request.runtimes.begin(), request.runtimes.end(), std::back_inserter(runtimes),
               [&](RuntimeKind runtime) { return takes(runtime, file); });
  if (!runtimes.empty()) return runtimes;
  return absl::InvalidArgumentError(
      absl::StrCat(file.string(), ": none of the runtimes given with --runtime loads such a file"));
}

json machine_json() {
  const Machine machine = this_machine();
  return {{"cpu", machine.cpu}, {"isa", machine.isa}, {"cpus", machine.cpus}};
}

struct Job {
  RuntimeKind runtime;
  fs::path file;
  bool against;
};

// The float model runs wherever a model ran that it is compared with and that takes its file.
absl::StatusOr<std::vector<Job>> jobs_of(const ProfileRequest& request) {
  std::vector<Job> jobs;
  for (const fs::path& file : request.models) {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<RuntimeKind> runtimes, runtimes_of(file, request));
    for (const RuntimeKind runtime : runtimes) jobs.push_back({runtime, file, false});
  }
  if (request.against.empty()) return jobs;
  std::vector<Job> before;
  for (const Job& job : jobs) {
    const bool known = std::any_of(before.begin(), before.end(),
                                   [&](const Job& other) { return other.runtime == job.runtime; });
    const auto file =
        std::find_if(request.against.begin(), request.against.end(),
                     [&](const fs::path& float_model) { return takes(job.runtime, float_model); });
    if (!known && file != request.against.end()) before.push_back({job.runtime, *file, true});
  }
  if (before.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        request.against.front().string(),
        ": the runtimes that the models run in do not load such a file; give one that they load"));
  }
  before.insert(before.end(), jobs.begin(), jobs.end());
  return before;
}

void add_comparisons(const std::vector<Job>& jobs, json& document) {
  document["comparisons"] = json::array();
  json& profiles = document["profiles"];
  for (size_t from = 0; from < jobs.size(); ++from) {
    for (size_t to = 0; to < jobs.size() && jobs[from].against; ++to) {
      if (jobs[to].against || jobs[to].runtime != jobs[from].runtime) continue;
      json comparison = comparison_json(profiles[from], profiles[to], from, to);
      for (const json& op : comparison["ops"]) {
        if (!op["slower"].get<bool>()) continue;
        profiles[to]["warnings"].push_back(
            absl::StrCat("'", op["name"].get<std::string>(), "' takes longer than in ",
                         jobs[from].file.filename().string(), ": ",
                         static_cast<int64_t>(op["after_us"].get<double>()), " instead of ",
                         static_cast<int64_t>(op["before_us"].get<double>()), " microseconds"));
      }
      document["comparisons"].push_back(std::move(comparison));
    }
  }
}

}  // namespace

absl::StatusOr<RuntimeKind> parse_runtime(std::string_view name) {
  for (const RuntimeKind kind : {RuntimeKind::kEngine, RuntimeKind::kOnnxRuntime,
                                 RuntimeKind::kLiteRt, RuntimeKind::kOpenVino}) {
    if (to_string(kind) == name) return kind;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no runtime is called '", std::string(name),
                   "'; there are engine, onnxruntime, litert and openvino"));
}

absl::StatusOr<json> profile_models(const ProfileRequest& request) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<Job> jobs, jobs_of(request));
  json document = {{"schema", kProfileSchema},
                   {"tool", {{"name", "durward"}, {"version", request.tool_version}}},
                   {"machine", machine_json()},
                   {"profiles", json::array()}};
  const auto total = static_cast<int64_t>(jobs.size());
  for (int64_t i = 0; i < total; ++i) {
    if (request.progress && !request.progress("profiling", i, total)) {
      return absl::CancelledError("the profile was stopped");
    }
    const Job& job = jobs[static_cast<size_t>(i)];
    DURWARD_ASSIGN_OR_RETURN(json profile, profile_one(job.runtime, job.file, request));
    document["profiles"].push_back(std::move(profile));
  }
  add_comparisons(jobs, document);
  return document;
}

}  // namespace durward
