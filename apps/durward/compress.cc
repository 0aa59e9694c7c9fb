#include "pipeline/compress.h"

#include <absl/strings/str_join.h>

#include <algorithm>
#include <iostream>

#include "attacks_text.h"
#include "commands.h"
#include "load_tuner.h"
#include "precision_text.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct CompressOptions {
  CompressRequest request;
  std::string model, calibration, output, trials, attacks, images, target, tflite_ops;
  std::string observer = "mse", rounding{to_string(CompressRequest().rounding)};
  std::vector<std::string> gates, exports;
  bool no_check = false, no_bench = false, no_equalize = false, no_bias_correction = false,
       all_faces = false;
  bool use_mixed = false;
  MixedLimits mixed;
  std::optional<double> max_size_kb;
  std::vector<std::string> profiles;
  std::string tune;
  TuneRequest tuning;
  InputOptions input;
};

std::string interval_text(const json& interval) {
  if (!interval.is_array()) return "";
  return " [" + fixed(100 * interval[0].get<double>(), 2) + ", " +
         fixed(100 * interval[1].get<double>(), 2) + "]";
}

// "FAR 0.1 (30), 0.01 (300), ...", with the impostor trials that each needs.
std::string refused_text(const json& figures) {
  std::string fars;
  for (const json& refused : figures["refused_fars"]) {
    absl::StrAppend(&fars, fars.empty() ? "" : ", ", refused["far"].get<double>(), " (",
                    refused["impostors_needed"].get<int64_t>(), ")");
  }
  if (fars.empty()) return "";
  return absl::StrCat("refused for want of impostor trials, of which there are ",
                      figures["impostors"].get<int64_t>(), ": FAR ", fars,
                      "; in brackets what each needs\n");
}

void print_accuracy(const json& evaluation) {
  const json& original = evaluation["variants"][0]["figures"];
  std::cout << original["genuine"] << " genuine and " << original["impostors"]
            << " impostor trials of " << original["people"] << " people\n";
  TextTable table(
      {"model", "EER %", "at FAR", "TAR % [95 %]", "threshold", "loss, points", "at most"});
  for (const json& variant : evaluation["variants"]) {
    const json& figures = variant["figures"];
    const std::string name = variant["name"].get<std::string>(),
                      eer = fixed(100 * figures["eer"].get<double>(), 2);
    if (figures["operating_points"].empty()) table.add({name, eer, "none"});
    for (const json& point : figures["operating_points"]) {
      std::string loss, bound;
      for (const json& losses : evaluation.value("losses", json::array())) {
        if (losses["to"] != variant["name"]) continue;
        for (const json& entry : losses["points"]) {
          if (entry["far"] != point["far_target"]) continue;
          loss = fixed(100 * entry["loss"].get<double>(), 2);
          if (entry["upper_bound"].is_number())
            bound = fixed(100 * entry["upper_bound"].get<double>(), 2);
        }
      }
      char far[32];
      std::snprintf(far, sizeof far, "%.0e", point["far_target"].get<double>());
      table.add({name, eer, far,
                 fixed(100 * point["tar"].get<double>(), 2) + interval_text(point["tar_interval"]),
                 fixed(point["threshold"].get<double>(), 3), loss, bound});
    }
  }
  std::cout << table.text() << refused_text(original);
  const std::string no_intervals = original.value("no_intervals_because", "");
  if (!no_intervals.empty()) std::cout << "no intervals: " << no_intervals << "\n";
  for (const json& moved : evaluation.value("cosine", json::array())) {
    std::cout << moved["to"].get<std::string>() << ": cosine to the "
              << moved["from"].get<std::string>() << " embedding of the same picture at least "
              << fixed(moved["lowest"].get<double>(), 4) << ", mean "
              << fixed(moved["mean"].get<double>(), 4) << "\n";
  }
  std::cout << "\n";
}

void print_speed(const json& runs) {
  TextTable table({"runtime", "model", "median ms", "p90 ms", "/ fp32", "KB"});
  for (const json& run : runs) {
    const json& latency = run["latency"];
    table.add(
        {run["runtime"].get<std::string>(), run["variant"].get<std::string>(),
         fixed(latency["median_ms"].get<double>(), 2), fixed(latency["p90_ms"].get<double>(), 2),
         latency.contains("ratio_to_fp32") ? fixed(latency["ratio_to_fp32"].get<double>(), 2) : "",
         fixed(run["bytes"].get<double>() / 1e3, 0)});
  }
  std::cout << table.text() << "\n";
}

void print_tuning(const json& tuning) {
  const json& history = tuning["history"];
  const json& best = *std::find_if(history.begin(), history.end(), [&tuning](const json& point) {
    return point["step"] == tuning["best_step"];
  });
  std::cout << "fine-tuned on " << tuning["training_samples"] << " samples; cosine to fp32 on "
            << tuning["held_out_samples"] << " others "
            << fixed(history[0]["cosine_mean"].get<double>(), 5) << " before, "
            << fixed(best["cosine_mean"].get<double>(), 5) << " after step " << best["step"]
            << "\n\n";
}

void print_outcome(const CompressOutcome& outcome) {
  const json& result = outcome.result;
  std::cout << result["model"]["nodes_before"] << " nodes as imported, "
            << result["model"]["nodes_after"] << " after rewriting; calibrated on "
            << result["calibration"]["images"] << " samples\n\n";
  if (result.contains("ablation")) std::cout << ablation_table(result["ablation"]) << "\n";
  if (result.contains("mixed")) {
    std::cout << sensitivity_table(result["sensitivity"], 5) << "\n"
              << mixed_table(result["mixed"]) << "\n";
  }
  if (result.contains("tuning")) print_tuning(result["tuning"]);
  if (result.contains("evaluation")) print_accuracy(result["evaluation"]);
  if (result.contains("attacks")) std::cout << attacks_text(result["attacks"]) << "\n";
  if (result.contains("runs")) print_speed(result["runs"]);
  for (const json& entry : result["exports"]) {
    if (!entry.contains("agreement")) continue;
    const json& agreement = entry["agreement"];
    std::cout << entry["file"].get<std::string>() << ": "
              << percent(agreement["equal_share"].get<double>())
              << " of the outputs equal the reference executor's, cosine at least "
              << fixed(agreement["cosine_min"].get<double>(), 5) << "\n";
  }
  for (const json& gate : result["gates"]) {
    std::cout << "gate " << gate["text"].get<std::string>() << ": "
              << gate["verdict"].get<std::string>() << ". " << gate["reason"].get<std::string>()
              << "\n";
  }
  for (const json& warning : result["warnings"])
    std::cout << "note: " << warning.get<std::string>() << "\n";
  std::cout << "\n" << (outcome.passed ? "wrote" : "a gate did not pass; wrote only") << "\n";
  for (const std::filesystem::path& file : outcome.files)
    std::cout << "  " << file.string() << "\n";
}

absl::StatusOr<Observer> observer_named(const std::string& name) {
  for (const Observer observer : {Observer::kMinMax, Observer::kPercentile, Observer::kMse}) {
    if (name == to_string(observer)) return observer;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no observer is called '", name, "'; there are min-max, percentile and mse"));
}

absl::StatusOr<Rounding> rounding_named(const std::string& name) {
  for (const Rounding rounding : {Rounding::kNearest, Rounding::kReconstruct}) {
    if (name == to_string(rounding)) return rounding;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no rounding is called '", name, "'; there are nearest and reconstruct"));
}

// --exports and --tflite-ops, or those of the target.
absl::Status choose_exports(CompressOptions& options) {
  CompressRequest& request = options.request;
  if (!options.target.empty()) {
    DURWARD_ASSIGN_OR_RETURN(const Target target, read_target(options.target));
    request.target = target.name;
    request.exports = target.exports;
    request.arena_bytes = target.arena_bytes;
    request.tflite.ops = target.tflite_ops;
  }
  if (!options.tflite_ops.empty()) {
    DURWARD_ASSIGN_OR_RETURN(request.tflite.ops, parse_tflite_ops(options.tflite_ops));
  }
  if (options.exports.empty()) return absl::OkStatus();
  request.exports.clear();
  for (const std::string& name : options.exports) {
    DURWARD_ASSIGN_OR_RETURN(const ExportKind kind, parse_export_kind(name));
    request.exports.insert(kind);
  }
  return absl::OkStatus();
}

absl::Status choose_tuning(CompressOptions& options) {
  if (options.tune.empty()) return absl::OkStatus();
  if (options.tune != "distill") {
    return absl::InvalidArgumentError(
        absl::StrCat("no way of tuning is called '", options.tune, "'; there is distill"));
  }
  DURWARD_ASSIGN_OR_RETURN(options.tuning.tuner, load_tuner());
  options.tuning.options.seed = options.request.seed;
  options.request.tune = options.tuning;
  return absl::OkStatus();
}

// --mixed with its limits.
absl::Status choose_mixed(CompressOptions& options) {
  MixedLimits& limits = options.mixed;
  if (options.max_size_kb) limits.bytes = *options.max_size_kb * 1e3;
  limits.profiles.assign(options.profiles.begin(), options.profiles.end());
  if (!limits.latency_ms && !limits.bytes && !limits.loss) {
    return absl::InvalidArgumentError(
        "--mixed needs a limit: --max-latency-ms, --max-size-kb or --max-cosine-loss");
  }
  options.request.mixed = limits;
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> run(CompressOptions& options, const CommandLine& line) {
  CompressRequest& request = options.request;
  request.model = options.model;
  request.calibration = options.calibration;
  request.output = options.output;
  request.trials = options.trials;
  request.attacks = options.attacks;
  request.images = options.images;
  request.preset = options.input.preset;
  request.command = line.text;
  request.tool_version = DURWARD_VERSION;
  request.measure_speed = !options.no_bench;
  request.check = !options.no_check;
  DURWARD_RETURN_IF_ERROR(choose_exports(options));
  DURWARD_RETURN_IF_ERROR(choose_tuning(options));
  if (options.use_mixed) DURWARD_RETURN_IF_ERROR(choose_mixed(options));
  request.equalize = !options.no_equalize;
  request.quantize.correct_bias = !options.no_bias_correction;
  request.progress = terminal_progress(line.quiet);
  DURWARD_ASSIGN_OR_RETURN(request.quantize.activations.kind, observer_named(options.observer));
  DURWARD_ASSIGN_OR_RETURN(request.rounding, rounding_named(options.rounding));
  DURWARD_ASSIGN_OR_RETURN(request.gates, parse_gates(options.gates));
  DURWARD_ASSIGN_OR_RETURN(request.samples, options.input.sample_options({}));
  request.samples.all_faces = options.all_faces;
  request.samples.progress = request.progress;
  DURWARD_ASSIGN_OR_RETURN(const CompressOutcome outcome, compress(request));
  end_progress();
  if (line.json) {
    std::cout << result_text(outcome.result);
  } else {
    print_outcome(outcome);
  }
  return outcome.passed ? kExitOk : kExitGateFailed;
}

void add_precision_options(CLI::App& command, CompressOptions& options, CLI::Option& tune) {
  command.add_flag("--ablate", options.request.ablate,
                   "measure what each step of quantisation is worth");
  command
      .add_option("--held-out-images", options.request.held_out_images,
                  "how many of the photographs that were not calibrated on to judge --ablate and "
                  "--mixed by (default 128)")
      ->check(CLI::PositiveNumber);
  CLI::Option* mixed = command
                           .add_flag("--mixed", options.use_mixed,
                                     "choose the layers that stay in float, the cheapest first "
                                     "(docs/mixed-precision.md), within:")
                           ->excludes(&tune);
  command
      .add_option("--max-latency-ms", options.mixed.latency_ms,
                  "time of one thread: on this machine, or as --profile says")
      ->check(CLI::PositiveNumber)
      ->needs(mixed);
  command.add_option("--max-size-kb", options.max_size_kb, "size of the compiled model")
      ->check(CLI::PositiveNumber)
      ->needs(mixed);
  command
      .add_option(
          "--max-cosine-loss", options.mixed.loss,
          "1 - mean cosine to the float embedding, e.g. 0.001: the cheapest that reaches it")
      ->check(CLI::PositiveNumber)
      ->needs(mixed);
  command
      .add_option("--profile", options.profiles,
                  "kernel times of a device, by durward-run with a bundle of the same model")
      ->needs(mixed);
}

}  // namespace

void add_compress(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<CompressOptions>();
  CLI::App* command = app.add_subcommand(
      "compress", "Turn a float model into INT8 files and report what that cost");
  command
      ->add_option("MODEL", options->model,
                   ".onnx, .tflite, or a PyTorch checkpoint (.ckpt, .pth, .pt)")
      ->required();
  command
      ->add_option("--calibrate", options->calibration,
                   "folder of photographs like those the device will see")
      ->required();
  command->add_option("--out", options->output, "folder for the results")->required();
  command
      ->add_option("--calibration-images", options->request.calibration_files,
                   "how many of the photographs to use, evenly spaced (default 300)")
      ->check(CLI::PositiveNumber);
  command->add_flag(
      "--all-faces", options->all_faces,
      "calibrate on every face of a photograph, not only the one nearest to its middle");
  command->add_flag("--int8-ports", options->request.tflite.int8_ports,
                    "the .tflite file takes and gives int8 instead of float");
  add_tflite_ops(*command, options->tflite_ops);
  command->add_option(
      "--target", options->target,
      "the device: " + absl::StrJoin(target_names(), ", ") +
          ", or a file of your own (docs/targets.md); says which files are written");
  command
      ->add_option("--exports", options->exports,
                   "the files to write: bundle, tflite, onnx, ort, openvino (default: all)")
      ->delimiter(',');
  CLI::Option* trials = command->add_option(
      "--evaluate", options->trials,
      "trials to judge the result on: LFW pairs, a .csv, or a folder of people");
  command
      ->add_option("--attacks", options->attacks,
                   "presentations to judge a presentation-attack detector on: a folder with live/ "
                   "and a subfolder for each species, or a .csv (docs/presentation-attacks.md)")
      ->excludes(trials);
  command->add_option("--images", options->images,
                      "where the trials' pictures are (default: beside the list)");
  command
      ->add_option("--max-tar-loss", options->gates,
                   "a gate, LOSS@FAR, e.g. 0.005@1e-3: when the upper 95 % bound of the loss of "
                   "TAR is larger, nothing is written but the report, and the exit code is 3")
      ->allow_extra_args(false);
  command->add_option("--observer", options->observer,
                      "activation ranges: mse (default), percentile, min-max");
  command->add_option("--rounding", options->rounding,
                      "of weights: nearest (default), reconstruct (docs/mixed-precision.md)");
  command->add_flag("--no-equalize", options->no_equalize, "leave out cross-layer equalisation");
  command->add_flag("--no-bias-correction", options->no_bias_correction,
                    "leave out bias correction");
  command->add_flag(
      "--no-check", options->no_check,
      "do not compare the files with the reference executor, nor measure each layer's noise");
  command->add_flag("--no-bench", options->no_bench, "do not measure latency and op placement");
  CLI::Option* tune = command->add_option(
      "--tune", options->tune,
      "fine-tune after quantisation: distill, which needs no labels (docs/fine-tuning.md)");
  command
      ->add_option("--tune-images", options->tuning.files,
                   "how many of the photographs to train on, evenly spaced (default 1500)")
      ->check(CLI::PositiveNumber)
      ->needs(tune);
  command
      ->add_option("--tune-steps", options->tuning.options.steps,
                   "batches of 32 to train on (default 250)")
      ->check(CLI::PositiveNumber)
      ->needs(tune);
  command
      ->add_option("--tune-margin", options->tuning.options.margin_weight,
                   "weight of a margin between people in the loss, e.g. 0.02: each subfolder of "
                   "--calibrate is then a person (default 0: without)")
      ->check(CLI::Range(0.0, 10.0))
      ->needs(tune);
  command
      ->add_flag("--resume", options->tuning.options.resume,
                 "go on with fine-tuning from the checkpoint in the folder of --out")
      ->needs(tune);
  add_precision_options(*command, *options, *tune);
  command->add_option("--seed", options->request.seed,
                      "of the bootstrap and of fine-tuning (default 1)");
  options->input.add_to(*command);
  command->footer(
      "Examples:\n"
      "  durward compress model.onnx --calibrate faces/ --preset mobilefacenet-prelu --out out/\n"
      "  durward compress model.ckpt --calibrate faces/ --preset mobilefacenet-torch --evaluate "
      "pairs.txt "
      "--max-tar-loss 0.005@1e-3 --out out/\n"
      "  durward compress model.onnx --calibrate faces/ --preset mobilefacenet-prelu --tune "
      "distill "
      "--out out/\n"
      "  durward compress model.onnx --calibrate faces/ --preset mobilefacenet-prelu --mixed "
      "--max-cosine-loss 0.001 --out out/\n"
      "  durward compress model.tflite --calibrate crops/ --aligned --input-spec spec.json --out "
      "out/ --json");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run(*options, line); }; });
}

}  // namespace durward
