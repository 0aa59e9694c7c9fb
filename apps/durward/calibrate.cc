#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "pipeline/calibrate_bundle.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct CalibrateCommand {
  std::string bundle, trials, images, output, secret;
  std::vector<std::string> enrollers;
  uint64_t seed = 1;
  InputOptions input;
};

absl::StatusOr<ExitCode> run_calibrate(const CalibrateCommand& options, const CommandLine& line) {
  const std::vector<std::string> models = {options.bundle};
  DURWARD_ASSIGN_OR_RETURN(SampleOptions samples, options.input.sample_options(models));
  samples.progress = terminal_progress(line.quiet);
  CalibrateRequest request{.bundle = options.bundle,
                           .output = options.output.empty() ? options.bundle : options.output,
                           .enrollers = {options.enrollers.begin(), options.enrollers.end()}};
  request.evaluation.threads = samples.threads;
  request.evaluation.progress = samples.progress;
  request.evaluation.figures.bootstrap.seed = options.seed;
  std::optional<SecretKey> key;
  if (!options.secret.empty()) {
    DURWARD_ASSIGN_OR_RETURN(key, read_secret_key(options.secret));
    request.key = &*key;
  }
  DURWARD_ASSIGN_OR_RETURN(const TrialSet set,
                           load_trial_set(options.trials, options.images, samples));
  DURWARD_ASSIGN_OR_RETURN(const Manifest manifest, calibrate_bundle(set, request));
  end_progress();
  const CertifiedCalibration& found = *manifest.score_calibration;
  if (line.json) {
    std::cout << result_text({{"file", request.output.string()},
                              {"signed", key.has_value()},
                              {"score_calibration", json(to_json(found))}});
    return kExitOk;
  }
  std::cout << printable(absl::StrCat("wrote ", request.output.string(), key ? "" : ", unsigned"))
            << "\nfitted on half of " << found.people << " people: " << found.genuine_trials
            << " genuine and " << found.impostor_trials << " impostor comparisons\n"
            << "on the other half: Cllr " << fixed(found.cllr, 3) << ", minCllr "
            << fixed(found.min_cllr, 3) << " bits\n";
  return kExitOk;
}

}  // namespace

void add_calibrate(CLI::App& app, CommandLine& line) {
  const auto options = std::make_shared<CalibrateCommand>();
  CLI::App* command = app.add_subcommand(
      "calibrate",
      "Write into a bundle what its scores weigh, so that an authenticator can use it");
  command->add_option("BUNDLE", options->bundle, "the bundle")->required();
  command
      ->add_option("--trials", options->trials,
                   "LFW pairs, a .csv (enrol, probe, label, ...), or a folder with a subfolder for "
                   "each person; none of them may have been used to make the model")
      ->required();
  command->add_option("--images", options->images,
                      "where the list's pictures are (default: beside the list)");
  command
      ->add_option("--enrolled-by", options->enrollers,
                   "a bundle that enrolled templates which are still in use (may be given several "
                   "times): the certificate says what they cost")
      ->type_name("OLD")
      ->allow_extra_args(false);
  command->add_option("--out", options->output, "write to this file instead of replacing BUNDLE");
  command->add_option("--key", options->secret, "sign the result with this secret key (PEM)")
      ->type_name("SECRET");
  command->add_option("--seed", options->seed, "of the halves of the people (default 1)");
  options->input.add_to(*command);
  command->footer(
      "Without --key the result is unsigned, whatever BUNDLE was.\n"
      "Examples:\n"
      "  durward calibrate face.bundle --trials people/\n"
      "  durward calibrate new.bundle --trials people/ --enrolled-by old.bundle --key release.key");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run_calibrate(*options, line); }; });
}

}  // namespace durward
