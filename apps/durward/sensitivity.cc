#include <iostream>

#include "commands.h"
#include "pipeline/sensitivity_job.h"
#include "precision_text.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

struct SensitivityOptions {
  SensitivityRequest request;
  std::string model, calibration, trials, images;
  size_t most = 10;
  InputOptions input;
};

absl::StatusOr<ExitCode> run(SensitivityOptions& options, const CommandLine& line) {
  SensitivityRequest& request = options.request;
  request.model = options.model;
  request.calibration = options.calibration;
  request.trials = options.trials;
  request.images = options.images;
  request.progress = terminal_progress(line.quiet);
  DURWARD_ASSIGN_OR_RETURN(request.samples, options.input.sample_options({}));
  request.samples.progress = request.progress;
  DURWARD_ASSIGN_OR_RETURN(const nlohmann::json result, sensitivity_of_file(request));
  end_progress();
  if (line.json) {
    std::cout << result_text(result);
  } else {
    std::cout << sensitivity_table(result["sensitivity"], options.most);
  }
  return kExitOk;
}

}  // namespace

void add_sensitivity(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<SensitivityOptions>();
  CLI::App* command = app.add_subcommand(
      "sensitivity", "What each layer of a model loses in int8 when all others are in float");
  command
      ->add_option("MODEL", options->model,
                   ".onnx, .tflite, or a PyTorch checkpoint (.ckpt, .pth, .pt)")
      ->required();
  command
      ->add_option("--calibrate", options->calibration,
                   "folder of photographs like those the device will see")
      ->required();
  command
      ->add_option("--calibration-images", options->request.calibration_images,
                   "how many of the photographs to calibrate on, evenly spaced (default 300)")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--held-out-images", options->request.held_out_images,
                   "how many of the others to judge by (default 64)")
      ->check(CLI::PositiveNumber);
  command->add_option("--evaluate", options->trials,
                      "trials to judge the worst layers on: LFW pairs, a .csv, or a folder of "
                      "people");
  command->add_option("--images", options->images,
                      "where the trials' pictures are (default: beside the list)");
  command
      ->add_option("--worst", options->request.worst,
                   "how many layers to judge on the trials (default 5)")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--show", options->most, "how many layers to print (default 10; --json has all)")
      ->check(CLI::PositiveNumber);
  command->add_option("--seed", options->request.seed, "of the bootstrap (default 1)");
  options->input.add_to(*command);
  command->footer(
      "Examples:\n"
      "  durward sensitivity model.onnx --calibrate faces/ --preset mobilefacenet-prelu --evaluate "
      "people/");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run(*options, line); }; });
}

}  // namespace durward
