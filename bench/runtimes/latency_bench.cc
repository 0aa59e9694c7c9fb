// Latency of model files side by side, interleaved, one thread on one CPU unless more are given,
// with the ratio of each to the first, and the time from opening each file to its first result (a
// median of several, by turns, in one process, in which the runtimes' libraries are loaded). The
// input is all zeros unless a file of its raw bytes is named: give a real one, for kernels that
// branch on the sign (ONNX Runtime's PRelu) take half as long on one constant. With several threads
// look at wall time: the system counts those that still run late.
//
//   latency_bench CPU[,CPU]... RUNTIME[@THREADS]:MODEL[=INPUT]...
//   latency_bench 0 engine:face.bundle=crop.f32 litert:face.int8.tflite=crop.f32
//   latency_bench 0,1 engine:face.bundle=crop.f32 engine@2:face.bundle=crop.f32
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>

#include "base/file.h"
#include "runtimes/bench.h"
#include "runtimes/machine.h"
#include "runtimes/ports.h"

namespace durward {
namespace {

struct Loaded {
  std::string name;
  std::filesystem::path file;
  RuntimeOptions options;
  std::unique_ptr<RuntimeModel> model;
  double first_result_ms = 0;
};

absl::StatusOr<std::vector<std::vector<std::byte>>> inputs_of(const RuntimeModel& model,
                                                              const std::string& raw) {
  std::vector<std::vector<std::byte>> inputs;
  for (const PortInfo& port : model.inputs()) inputs.emplace_back(byte_size(port));
  if (raw.empty() || inputs.empty()) return inputs;
  DURWARD_ASSIGN_OR_RETURN(inputs[0], read_file(raw));
  return inputs;
}

absl::StatusOr<double> milliseconds_to_first_result(const Loaded& subject,
                                                    const BenchSubject& bench) {
  const auto begin = std::chrono::steady_clock::now();
  DURWARD_ASSIGN_OR_RETURN(const auto model,
                           load_model(subject.model->kind(), subject.file, subject.options));
  std::vector<std::vector<std::byte>> outputs;
  for (const PortInfo& port : model->outputs()) outputs.emplace_back(byte_size(port));
  const std::vector<std::span<const std::byte>> in(bench.inputs.begin(), bench.inputs.end());
  const std::vector<std::span<std::byte>> out(outputs.begin(), outputs.end());
  DURWARD_RETURN_IF_ERROR(model->run(in, out));
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

absl::Status measure_loading(std::vector<Loaded>& loaded, std::span<const BenchSubject> subjects) {
  constexpr size_t kRounds = 11;
  std::vector<std::vector<double>> times(loaded.size());
  for (size_t round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < loaded.size(); ++i) {
      DURWARD_ASSIGN_OR_RETURN(const double time,
                               milliseconds_to_first_result(loaded[i], subjects[i]));
      times[i].push_back(time);
    }
  }
  for (size_t i = 0; i < loaded.size(); ++i) {
    std::nth_element(times[i].begin(), times[i].begin() + kRounds / 2, times[i].end());
    loaded[i].first_result_ms = times[i][kRounds / 2];
  }
  return absl::OkStatus();
}

void print(const std::vector<Loaded>& loaded, const std::vector<BenchTimes>& times) {
  const Machine machine = this_machine();
  absl::PrintF("%s, %d CPUs, %s\n\n", machine.cpu, machine.cpus, absl::StrJoin(machine.isa, " "));
  absl::PrintF("%-12s %-36s %7s %9s %9s %19s %22s %9s %22s %9s\n", "runtime", "model", "threads",
               "p50 ms", "p90 ms", "rounds", "against the first", "CPU p50",
               "CPU, against the first", "load ms");
  for (size_t i = 0; i < loaded.size(); ++i) {
    const Latency& wall = times[i].wall;
    const Ratio against = ratio(times[i].wall_rounds, times.front().wall_rounds);
    const Ratio cpu_against = ratio(times[i].cpu_rounds, times.front().cpu_rounds);
    absl::PrintF(
        "%-12s %-36s %7d %9.3f %9.3f %8.3f ..%8.3f %6.2f (%.2f .. %.2f) %9.3f %6.2f (%.2f .. %.2f) "
        "%9.2f\n",
        std::string(to_string(loaded[i].model->kind())), loaded[i].name, loaded[i].options.threads,
        wall.median / 1000, wall.p90 / 1000, wall.lowest_round / 1000, wall.highest_round / 1000,
        against.median, against.lowest, against.highest, times[i].cpu.median / 1000,
        cpu_against.median, cpu_against.lowest, cpu_against.highest, loaded[i].first_result_ms);
  }
}

absl::StatusOr<RuntimeKind> runtime_named(std::string_view name) {
  if (name == to_string(RuntimeKind::kEngine)) return RuntimeKind::kEngine;
  for (const RuntimeKind kind : available_runtimes())
    if (to_string(kind) == name) return kind;
  return absl::InvalidArgumentError(absl::StrCat("no runtime '", std::string(name), "' here"));
}

absl::Status compare(std::span<const int> cpus, std::span<const std::string> arguments) {
  DURWARD_ASSIGN_OR_RETURN(const CpuPin pin, CpuPin::to(cpus));
  std::vector<Loaded> loaded;
  std::vector<BenchSubject> subjects;
  for (const std::string& argument : arguments) {
    const std::vector<std::string> parts = absl::StrSplit(argument, absl::MaxSplits(':', 1));
    const std::vector<std::string> files = absl::StrSplit(parts.back(), absl::MaxSplits('=', 1));
    const std::vector<std::string> runtime = absl::StrSplit(parts.front(), absl::MaxSplits('@', 1));
    DURWARD_ASSIGN_OR_RETURN(const RuntimeKind kind, runtime_named(runtime.front()));
    RuntimeOptions options{.exact = false};
    if (runtime.size() > 1 && !absl::SimpleAtoi(runtime.back(), &options.threads)) {
      return absl::InvalidArgumentError(absl::StrCat("'", runtime.back(), "' is no thread count"));
    }
    DURWARD_ASSIGN_OR_RETURN(auto model, load_model(kind, files.front(), options));
    DURWARD_ASSIGN_OR_RETURN(auto inputs, inputs_of(*model, files.size() > 1 ? files.back() : ""));
    subjects.push_back({model.get(), std::move(inputs)});
    const std::filesystem::path file = files.front();
    loaded.push_back({file.filename().string(), file, options, std::move(model)});
  }
  DURWARD_RETURN_IF_ERROR(measure_loading(loaded, subjects));
  DURWARD_ASSIGN_OR_RETURN(const auto times, measure(subjects, {}));
  print(loaded, times);
  return absl::OkStatus();
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  std::vector<int> cpus;
  bool usable = arguments.size() >= 2;
  if (usable) {
    for (const absl::string_view part : absl::StrSplit(arguments[0], ',')) {
      usable = usable && absl::SimpleAtoi(part, &cpus.emplace_back());
    }
  }
  if (!usable) {
    std::cerr << "usage: latency_bench CPU[,CPU]... RUNTIME[@THREADS]:MODEL[=INPUT]...\n";
    return 2;
  }
  const absl::Status status = durward::compare(cpus, std::span(arguments).subspan(1));
  if (!status.ok()) std::cerr << "latency_bench: " << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
