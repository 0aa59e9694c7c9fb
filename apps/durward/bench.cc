#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "pipeline/speed_json.h"
#include "report/result_json.h"
#include "runtimes/machine.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct BenchCommand {
  std::vector<std::string> models;
  std::string picture;
  SpeedOptions speed;
  InputOptions input;
};

absl::StatusOr<Samples> samples_to_run(const BenchCommand& options) {
  DURWARD_ASSIGN_OR_RETURN(const SampleOptions sample_options,
                           options.input.sample_options(options.models));
  const std::filesystem::path files[] = {options.picture};
  DURWARD_ASSIGN_OR_RETURN(const SampleSet set, collect_samples(files, sample_options));
  return set.samples;
}

json row_json(const SpeedRow& row, const SpeedRow& first) {
  const Ratio against = ratio(row.times.wall_rounds, first.times.wall_rounds);
  return {{"file", row.subject.variant.file.string()},
          {"runtime", to_string(row.subject.variant.runtime)},
          {"median_ms", row.times.wall.median / 1e3},
          {"p90_ms", row.times.wall.p90 / 1e3},
          {"rounds_ms", {row.times.wall.lowest_round / 1e3, row.times.wall.highest_round / 1e3}},
          {"cpu_median_ms", row.times.cpu.median / 1e3},
          {"ratio_to_first", against.median},
          {"ratio_range", {against.lowest, against.highest}},
          {"ops", placement_json(row.placement)}};
}

absl::StatusOr<ExitCode> run(BenchCommand& options, const CommandLine& line) {
  options.speed.progress = terminal_progress(line.quiet);
  std::vector<SpeedSubject> subjects;
  for (const std::string& model : options.models) {
    DURWARD_ASSIGN_OR_RETURN(const RuntimeKind runtime, runtime_for(model));
    subjects.push_back({{std::filesystem::path(model).filename().string(), runtime, model}, false});
  }
  DURWARD_ASSIGN_OR_RETURN(const Samples samples, samples_to_run(options));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<SpeedRow> rows,
                           measure_speed(subjects, samples, options.speed));
  end_progress();
  const Machine machine = this_machine();
  if (line.json) {
    json result = {{"cpu", machine.cpu}, {"isa", machine.isa}, {"models", json::array()}};
    for (const SpeedRow& row : rows) result["models"].push_back(row_json(row, rows[0]));
    std::cout << result_text(result);
    return kExitOk;
  }
  std::cout << machine.cpu << ", one thread, " << options.speed.bench.rounds
            << " interleaved rounds of " << options.speed.bench.runs << " runs\n";
  TextTable table(
      {"model", "runtime", "median ms", "p90 ms", "rounds", "/ first", "range", "CPU ms"});
  for (const SpeedRow& row : rows) {
    const Latency& wall = row.times.wall;
    const Ratio against = ratio(row.times.wall_rounds, rows[0].times.wall_rounds);
    table.add({row.subject.variant.name, std::string(to_string(row.subject.variant.runtime)),
               fixed(wall.median / 1e3, 3), fixed(wall.p90 / 1e3, 3),
               fixed(wall.lowest_round / 1e3, 2) + ".." + fixed(wall.highest_round / 1e3, 2),
               fixed(against.median, 2),
               fixed(against.lowest, 2) + ".." + fixed(against.highest, 2),
               fixed(row.times.cpu.median / 1e3, 3)});
  }
  std::cout << table.text();
  for (const SpeedRow& row : rows) {
    TextTable ops({"op in " + row.subject.variant.name, "precision", "count", "ms"});
    for (size_t i = 0; i < std::min<size_t>(row.placement.size(), 8); ++i) {
      const OpGroup& group = row.placement[i];
      ops.add({group.op, group.precision, std::to_string(group.count),
               fixed(group.microseconds / 1e3, 3)});
    }
    std::cout << "\n" << ops.text();
  }
  return kExitOk;
}

}  // namespace

void add_bench(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<BenchCommand>();
  options->speed.bench = {.rounds = 10, .runs = 100};
  CLI::App* command =
      app.add_subcommand("bench", "Latency of models side by side, and what ran as integers");
  command
      ->add_option("MODEL", options->models,
                   ".bundle, .onnx, .ort, .tflite or .xml, each in its runtime")
      ->required();
  command
      ->add_option("--picture", options->picture,
                   "a photograph of a face: some kernels take longer on real data")
      ->required();
  command->add_option("--rounds", options->speed.bench.rounds, "interleaved rounds (default 10)")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--runs", options->speed.bench.runs,
                   "runs of each model in a round (default 100)")
      ->check(CLI::PositiveNumber);
  command->add_option("--cpu", options->speed.cpu,
                      "CPU to stay on (default: the last one allowed)");
  options->input.add_to(*command);
  command->footer(
      "Examples:\n"
      "  durward bench model.onnx out/model.int8.tflite out/model.qdq.onnx --preset "
      "mobilefacenet-prelu "
      "--picture me.jpg\n"
      "  durward bench a.tflite b.tflite --preset mobilefacenet-expo --picture crop.png --aligned "
      "--json");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run(*options, line); }; });
}

}  // namespace durward
