#include "door/doctor.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "door_options.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

absl::StatusOr<ExitCode> run_doctor(const DoorOptions& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const DoorConfig config, read_door_config(options.config));
  LookedAtDoor looked_at;
  const std::vector<Finding> findings = examine_door(config, options.sources, looked_at.around());
  const Health health = health_of(findings);
  if (line.json) {
    json list = json::array();
    for (const Finding& finding : findings) {
      list.push_back({{"what", finding.what},
                      {"health", std::string(name_of(finding.health))},
                      {"words", finding.words}});
    }
    std::cout << result_text({{"door", options.config},
                              {"health", std::string(name_of(health))},
                              {"findings", std::move(list)}});
  } else {
    for (const Finding& finding : findings) {
      std::cout << printable(absl::StrCat(std::string(name_of(finding.health)), ": ", finding.what,
                                          ": ", finding.words))
                << "\n";
    }
  }
  return health == Health::kFailed ? kExitGateFailed : kExitOk;
}

}  // namespace

void add_doctor(CLI::App& app, CommandLine& line) {
  const auto options = std::make_shared<DoorOptions>();
  CLI::App* command = app.add_subcommand(
      "doctor", "Look whether a door can work: files, models, key, log, sources, clock, memory");
  options->add_config(*command);
  options->add_sources(*command, false);
  command->footer(
      "Exit codes: 0 it works, perhaps with warnings, 3 something failed, 1 the configuration "
      "cannot be read.\n"
      "Examples:\n"
      "  durward doctor --camera 0 --microphone alsa:default\n"
      "  durward doctor --door /etc/durward/door.json --json");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run_doctor(*options, line); }; });
}

}  // namespace durward
