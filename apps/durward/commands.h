// The subcommands. Each adds itself to the command line and, when chosen, leaves in `run` what is
// to be done: parse, call the libraries, print.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/status.h"
#include "biometrics/gate.h"
#include "engine/kernels/isa.h"
#include "pipeline/model_file.h"
#include "pipeline/samples.h"

namespace durward {

// What `durward` tells its caller; they stay as they are.
enum ExitCode : int {
  kExitOk = 0,
  kExitError = 1,       // the reason is on standard error
  kExitUsage = 2,       // unknown option or missing argument
  kExitGateFailed = 3,  // everything ran, but a gate or a verification did not pass
  kExitRetry = 4,       // nothing was decided: too little came to decide on; try again
  kExitInterrupted = 130,
};

struct CommandLine {
  bool json = false;   // results as JSON on standard output, no progress
  bool quiet = false;  // no progress
  std::string text;    // as it was typed
  std::function<absl::StatusOr<ExitCode>()> run;
};

void add_inspect(CLI::App& app, CommandLine& line);
void add_compress(CLI::App& app, CommandLine& line);
void add_evaluate(CLI::App& app, CommandLine& line);
void add_fuse(CLI::App& app, CommandLine& line);
void add_compare(CLI::App& app, CommandLine& line);
void add_sensitivity(CLI::App& app, CommandLine& line);
void add_bench(CLI::App& app, CommandLine& line);
void add_export(CLI::App& app, CommandLine& line);
void add_profile(CLI::App& app, CommandLine& line);
void add_bundle(CLI::App& app, CommandLine& line);
void add_train(CLI::App& app, CommandLine& line);
void add_calibrate(CLI::App& app, CommandLine& line);
void add_door(CLI::App& app, CommandLine& line);
void add_doctor(CLI::App& app, CommandLine& line);
void add_enroll(CLI::App& app, CommandLine& line);
void add_forget(CLI::App& app, CommandLine& line);
void add_identify(CLI::App& app, CommandLine& line);
void add_users(CLI::App& app, CommandLine& line);
void add_verify(CLI::App& app, CommandLine& line);
void add_log(CLI::App& app, CommandLine& line);

// Profiles of durward-run or durward profile, the first against each of the others.
[[nodiscard]] absl::StatusOr<ExitCode> compare_profile_files(const std::vector<std::string>& files,
                                                             const CommandLine& line);

// --isa: nothing where it is empty. InvalidArgument lists those of this architecture.
[[nodiscard]] absl::StatusOr<std::optional<Isa>> parse_isa(const std::string& text);

// --tflite-ops: the name of a set of operators, or nothing.
void add_tflite_ops(CLI::App& command, std::string& name);

// --dimension and --fix: what an ONNX model leaves open, each NAME=VALUE.
struct ReadingOptions {
  std::vector<std::string> dimensions, fixed_inputs;

  void add_to(CLI::App& command);
  // InvalidArgument for what is not NAME=VALUE, or names something twice.
  [[nodiscard]] absl::StatusOr<ModelReading> reading() const;
};

// Each --max-tar-loss as a gate. Errors: parse_gate's.
[[nodiscard]] absl::StatusOr<std::vector<Gate>> parse_gates(const std::vector<std::string>& texts);

// --learners LOWEST-HIGHEST, and what it says; nothing where it is empty.
void add_learners(CLI::App& command, std::string& text, const std::string& help);
[[nodiscard]] absl::StatusOr<std::optional<PersonRange>> parse_person_range(
    const std::string& text);

// The options that say how files become model inputs; several commands share them.
struct InputOptions {
  std::string preset, spec_file, detector, learners;
  std::optional<int> detector_side;
  bool aligned = false;
  int threads = 0;  // 0: every CPU this process may use

  void add_to(CLI::App& command);
  // The one that was named, or else that of the first bundle among the models.
  [[nodiscard]] absl::StatusOr<Preprocessing> preprocessing(
      std::span<const std::string> models) const;
  // With the default detector where one is needed and none was named.
  [[nodiscard]] absl::StatusOr<SampleOptions> sample_options(
      std::span<const std::string> models) const;
};

}  // namespace durward
