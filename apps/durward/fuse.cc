#include "pipeline/fuse.h"

#include <absl/strings/str_split.h>

#include <filesystem>
#include <iostream>

#include "auth/policy.h"
#include "base/file.h"
#include "base/parallel.h"
#include "commands.h"
#include "fusion_text.h"
#include "policy_option.h"
#include "report/fusion_report.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct FuseCommand {
  std::vector<std::string> files;
  std::string names = "face,voice", policy, out, html;
  int threads = 0;
  FuseRequest request;
};

absl::StatusOr<Policy> find_policy(const std::string& name) {
  DURWARD_ASSIGN_OR_RETURN(const std::string text, policy_text(name));
  absl::StatusOr<Policy> policy = parse_policy(text);
  if (!policy.ok()) return with_context(policy.status(), name);
  return policy;
}

absl::StatusOr<FusionPolicy> fusion_policy(const Policy& policy,
                                           const std::array<std::string, 2>& names) {
  FusionPolicy result{
      .name = policy.name, .sha256 = policy.sha256, .threshold = policy.llr_threshold()};
  for (size_t i = 0; i < names.size(); ++i) {
    const FactorPolicy* factor = policy.factor(names[i]);
    if (factor == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("the policy ", policy.name, " has no factor \"", names[i],
                       "\"; --names gives the modalities of the two lists"));
    }
    if (factor->use == FactorUse::kAgainst) {
      return absl::InvalidArgumentError(
          absl::StrCat("the policy ", policy.name, " lets a ", names[i],
                       " only speak against somebody; what is fused here is the sum of both"));
    }
    // Where one factor is enough, no floor is asked of the other.
    if (policy.factors_needed > 1) result.floors[i] = factor->llr_floor.value_or(0);
  }
  return result;
}

absl::Status write_results(const FuseCommand& options, const json& document,
                           std::vector<std::string>& written) {
  const auto write = [&](const std::filesystem::path& path,
                         const std::string& text) -> absl::Status {
    DURWARD_RETURN_IF_ERROR(write_file_atomic(path, text));
    written.push_back(path.string());
    return absl::OkStatus();
  };
  if (!options.out.empty()) {
    const std::filesystem::path folder = options.out;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot make the folder ", options.out, ": ", error.message()));
    }
    DURWARD_RETURN_IF_ERROR(write(folder / "result.json", result_text(document)));
    DURWARD_RETURN_IF_ERROR(write(folder / "report.html", render_fusion_report(document)));
  }
  if (!options.html.empty()) {
    DURWARD_RETURN_IF_ERROR(write(options.html, render_fusion_report(document)));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> run_fuse(FuseCommand& options, const CommandLine& line) {
  FuseRequest& request = options.request;
  const std::vector<std::string> names = absl::StrSplit(options.names, ',');
  if (names.size() != 2 || names[0].empty() || names[1].empty() || names[0] == names[1]) {
    return absl::InvalidArgumentError(
        absl::StrCat("--names is \"", options.names,
                     "\"; expected the modalities of the two lists, as in face,voice"));
  }
  request.names = {names[0], names[1]};
  request.files = {options.files[0], options.files[1]};
  DURWARD_ASSIGN_OR_RETURN(const Policy policy, find_policy(options.policy));
  DURWARD_ASSIGN_OR_RETURN(request.policy, fusion_policy(policy, request.names));
  request.threads = options.threads > 0 ? options.threads : default_threads();
  request.progress = terminal_progress(line.quiet);
  DURWARD_ASSIGN_OR_RETURN(json fusion, fuse_score_lists(request));
  const json document = {{"schema", kResultSchema},
                         {"tool", {{"version", DURWARD_VERSION}, {"command", line.text}}},
                         {"fusion", std::move(fusion)}};
  std::vector<std::string> written;
  DURWARD_RETURN_IF_ERROR(write_results(options, document, written));
  end_progress();
  if (line.json) {
    std::cout << result_text(document);
    return kExitOk;
  }
  std::cout << fusion_text(document["fusion"]);
  for (const std::string& path : written) std::cout << "wrote " << printable(path) << "\n";
  return kExitOk;
}

}  // namespace

void add_fuse(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<FuseCommand>();
  CLI::App* command = app.add_subcommand(
      "fuse",
      "What two factors are worth together: error rates of each and of their sum, and what passes "
      "when one of them is stolen, under a policy (docs/fusion.md)");
  command
      ->add_option("SCORES", options->files,
                   "two lists of scores, as durward evaluate --scores writes them: a .csv with "
                   "person_enrol, person_probe, score")
      ->required()
      ->expected(2);
  command
      ->add_option("--policy", options->policy,
                   "gateway or another policy that comes along, or a file (docs/policies.md)")
      ->required();
  command->add_option("--names", options->names,
                      "the modalities of the two lists, as the policy calls them (default "
                      "face,voice)");
  command
      ->add_option("--stolen-factor-rate", options->request.stolen_factor_rate,
                   "of attempts with one stolen factor, the share that the floors are to let pass "
                   "(default 0.05)")
      ->check(CLI::Range(1e-6, 0.5));
  command
      ->add_option("--pairings", options->request.pairings,
                   "how often, at most, each person of the smaller list meets another of the "
                   "larger one (default 20)")
      ->check(CLI::Range(1, 1000));
  command->add_flag("--same-people", options->request.same_people,
                    "who has one name in both lists is one person (default: people are paired at "
                    "random)");
  command->add_flag("--crosswise", options->request.crosswise,
                    "judge each half of the people by what was learnt of the other: for few "
                    "people");
  command->add_option("--out", options->out, "write result.json and report.html to this folder");
  command->add_option("--html", options->html, "write the report to this file");
  command->add_option("--seed", options->request.seed,
                      "of the pairing, the split and the bootstrap (default 1)");
  command->add_option("--threads", options->threads, "threads to use (default: every CPU)")
      ->check(CLI::PositiveNumber);
  command->footer(
      "Examples:\n"
      "  durward fuse face.csv voice.csv --policy gateway\n"
      "  durward fuse face.csv voice.csv --policy gateway --crosswise --out fused\n"
      "  durward fuse face.csv touch.csv --names face,touch --policy mine.json --same-people "
      "--stolen-factor-rate 0.02 --json");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run_fuse(*options, line); }; });
}

}  // namespace durward
