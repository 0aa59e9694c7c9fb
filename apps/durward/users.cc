#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "door/door_setup.h"
#include "door_options.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct UsersCommand {
  DoorOptions door;
  std::string user;
};

std::string day_of(int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (::localtime_r(&time, &parts) == nullptr) return "?";
  char text[16];
  return std::string(text, std::strftime(text, sizeof(text), "%F", &parts));
}

absl::StatusOr<ExitCode> run_users(const UsersCommand& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const auto opened, options.door.open(line.quiet));
  Door& door = opened->door();
  DURWARD_ASSIGN_OR_RETURN(const std::vector<UserSummary> users, door.users());
  json list = json::array();
  TextTable table({"user", "factor", "model", "version", "since"});
  for (const UserSummary& user : users) {
    const absl::StatusOr<std::vector<Template>> templates = door.templates_of(user.name);
    if (absl::IsNotFound(templates.status())) continue;  // forgotten meanwhile
    if (!templates.ok()) return templates.status();
    json entries = json::array();
    for (const Template& one : *templates) {
      entries.push_back({{"modality", one.model.modality},
                         {"model", one.model.name},
                         {"version", one.model.version},
                         {"created", one.created}});
      table.add({user.name, one.model.modality, one.model.name, one.model.version.substr(0, 16),
                 day_of(one.created)});
    }
    list.push_back({{"name", user.name}, {"templates", std::move(entries)}});
  }
  if (line.json) {
    std::cout << result_text({{"users", std::move(list)}});
  } else if (users.empty()) {
    std::cout << "nobody is enrolled\n";
  } else {
    std::cout << printable(table.text());
  }
  return kExitOk;
}

absl::StatusOr<ExitCode> run_forget(const UsersCommand& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const auto opened, options.door.open(line.quiet));
  DURWARD_RETURN_IF_ERROR(opened->door().forget(options.user));
  if (line.json) {
    std::cout << result_text({{"user", options.user}, {"forgotten", true}});
  } else {
    std::cout << printable("forgot " + options.user) << "\n";
  }
  return kExitOk;
}

}  // namespace

void add_users(CLI::App& app, CommandLine& line) {
  const auto options = std::make_shared<UsersCommand>();
  CLI::App* command = app.add_subcommand("users", "Who is enrolled, with which factors and models");
  options->door.add_config(*command);
  command->footer(
      "Examples:\n"
      "  durward users --json\n"
      "  durward users --door /etc/durward/door.json --json");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run_users(*options, line); }; });
}

void add_forget(CLI::App& app, CommandLine& line) {
  const auto options = std::make_shared<UsersCommand>();
  CLI::App* command = app.add_subcommand("forget", "Erase somebody's templates and attempts");
  command->add_option("USER", options->user, "the name")->required();
  options->door.add_config(*command);
  command->footer(
      "What the decision log says of him stays.\n"
      "Examples:\n"
      "  durward forget ann");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run_forget(*options, line); }; });
}

}  // namespace durward
