#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "door/explain.h"
#include "door_options.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct VerifyCommand {
  DoorOptions door;
  std::string user;
  bool explain = false;
};

ExitCode exit_code_of(const DecisionRecord& record) {
  switch (record.decision.verdict) {
    case DecisionKind::kAccept:
      return kExitOk;
    case DecisionKind::kRetry:
      return record.decision.reason == Reason::kCancelled && interrupted() ? kExitInterrupted
                                                                           : kExitRetry;
    default:
      return kExitGateFailed;
  }
}

absl::StatusOr<ExitCode> run_verify(const VerifyCommand& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const auto opened, options.door.open(line.quiet));
  DURWARD_ASSIGN_OR_RETURN(const DecisionRecord record,
                           opened->request([&](Door& door) { return door.verify(options.user); }));
  if (line.json) {
    std::cout << result_text(json::parse(record_text(record)));
  } else {
    std::cout << printable(explain(record)) << "\n";
    if (options.explain) std::cout << printable(explain_in_numbers(record));
  }
  return exit_code_of(record);
}

absl::StatusOr<ExitCode> run_identify(const VerifyCommand& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const auto opened, options.door.open(line.quiet));
  DURWARD_ASSIGN_OR_RETURN(const Identification found,
                           opened->request([&](Door& door) { return door.identify(); }));
  // Who was most like and is not accepted is nobody's business.
  if (line.json) {
    json result = {{"people", found.people}, {"accepted", found.accepted()}};
    if (found.accepted()) result["decision"] = json::parse(record_text(*found.decision));
    std::cout << result_text(result);
  } else if (found.accepted()) {
    std::cout << printable(absl::StrCat(found.decision->user, " of ", found.people,
                                        found.people == 1 ? " person" : " people"))
              << "\n";
    if (options.explain) std::cout << printable(explain_in_numbers(*found.decision));
  } else {
    std::cout << printable(found.decision ? "nobody: " + explain(*found.decision)
                                          : "nobody: like none of those who are enrolled")
              << "\n";
  }
  return found.decision ? exit_code_of(*found.decision) : kExitGateFailed;
}

constexpr char kExitCodes[] =
    "Exit codes: 0 accepted, 3 refused or locked, 4 too little came to decide on (try again), 1 an "
    "error:\n"
    "everything but 0 means: not accepted. docs/decisions.md has the reasons.\n";

}  // namespace

void add_verify(CLI::App& app, CommandLine& line) {
  const auto options = std::make_shared<VerifyCommand>();
  CLI::App* command =
      app.add_subcommand("verify", "Decide whether somebody is who he claims to be, and say why");
  command->add_option("USER", options->user, "who he claims to be")->required();
  options->door.add_config(*command);
  options->door.add_sources(*command, false);
  command->add_flag("--explain", options->explain,
                    "with the numbers, which help to improve a forgery: not for others' eyes");
  command->footer(std::string(kExitCodes) +
                  "Examples:\n"
                  "  durward verify ann --camera 0\n"
                  "  durward verify ann --camera 0 --microphone alsa:default --explain\n"
                  "  durward verify ann --camera /dev/video2 --json && unlock-the-door");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run_verify(*options, line); }; });
}

void add_identify(CLI::App& app, CommandLine& line) {
  const auto options = std::make_shared<VerifyCommand>();
  CLI::App* command = app.add_subcommand(
      "identify", "Find who of the enrolled somebody is: a search, then a verification");
  options->door.add_config(*command);
  options->door.add_sources(*command, false);
  command->add_flag("--explain", options->explain, "with the numbers, of who was accepted");
  command->footer(std::string(kExitCodes) +
                  "Examples:\n"
                  "  durward identify --camera 0");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run_identify(*options, line); }; });
}

}  // namespace durward
