#include <ctime>
#include <deque>
#include <iostream>
#include <nlohmann/json.hpp>

#include "auth/log_verification.h"
#include "auth/state_database.h"
#include "commands.h"
#include "key_source_option.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct LogCommand {
  std::string file, state, user;
  StoreOptions store;
  int64_t last = 20;
};

absl::StatusOr<LogVerification> verified(const LogCommand& options) {
  if (options.store.key.empty()) return verify_log(options.file, std::nullopt);
  DURWARD_ASSIGN_OR_RETURN(const TemplateStore store, options.store.open());
  DURWARD_ASSIGN_OR_RETURN(const Secret key, store.key_for(kAuthKeyPurpose));
  DURWARD_ASSIGN_OR_RETURN(const Secret derived, log_key(key));
  DURWARD_ASSIGN_OR_RETURN(Database state, open_state_database(options.state));
  DURWARD_ASSIGN_OR_RETURN(LogHead head, read_log_head(state, derived));
  return verify_log(options.file, LogProof{derived, std::move(head)});
}

absl::StatusOr<ExitCode> verify(const LogCommand& options, const CommandLine& line) {
  absl::StatusOr<LogVerification> result = verified(options);
  if (absl::IsUnauthenticated(result.status())) {
    // The head itself was changed: that is a finding.
    result = LogVerification{.state = LogState::kChanged,
                             .reason = std::string(result.status().message())};
  }
  if (!result.ok()) return result.status();
  const bool passed = result->state == LogState::kIntact;
  if (line.json) {
    std::cout << result_text({{"file", options.file},
                              {"verdict", std::string(name_of(result->state))},
                              {"passed", passed},
                              {"proved", result->proved},
                              {"lines", result->lines},
                              {"first_sequence", result->first_sequence},
                              {"last_sequence", result->last_sequence},
                              {"reason", result->reason}});
  } else {
    std::string text =
        absl::StrCat(passed ? "passed: " : "failed: ", std::string(name_of(result->state)), ": ");
    if (!passed) {
      absl::StrAppend(&text, result->reason);
    } else {
      absl::StrAppend(&text, result->lines, " lines, ", result->first_sequence, " to ",
                      result->last_sequence,
                      result->proved ? ", each with its MAC, to the last one that was written"
                                     : "; without --key only the chain was checked, which shows "
                                       "damage and no forgery");
    }
    std::cout << printable(text) << "\n";
  }
  return passed ? kExitOk : kExitGateFailed;
}

std::string local_time(int64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return "?";
  char text[32];
  return std::string(text, std::strftime(text, sizeof(text), "%F %T", &parts));
}

// A value of a record, which may have been written by another version.
std::string cell(const json& record, const char* name) {
  const auto value = record.find(name);
  if (value == record.end() || value->is_null()) return "";
  if (value->is_string()) return value->get<std::string>();
  return value->is_number_float() ? fixed(value->get<double>(), 2) : value->dump();
}

std::string table_of(const std::deque<json>& lines) {
  TextTable table({"line", "time", "user", "policy", "verdict", "reason", "factor", "LLR",
                   "threshold", "failures"});
  for (const json& line : lines) {
    const json& record = line["record"];
    const auto time = record.find("time_ms");
    const std::string event = cell(record, "event");
    table.add(
        {line["sequence"].dump(),
         time != record.end() && time->is_number_integer() ? local_time(time->get<int64_t>()) : "",
         cell(record, "user"), cell(record, "policy"), cell(record, "verdict"),
         event.empty() ? cell(record, "reason") : event, cell(record, "factor"),
         cell(record, "fused_llr"), cell(record, "threshold"), cell(record, "failures")});
  }
  return table.text();
}

absl::StatusOr<ExitCode> show(const LogCommand& options, const CommandLine& line) {
  std::deque<json> lines;
  DURWARD_ASSIGN_OR_RETURN(
      const LogVerification result, verify_log(options.file, std::nullopt, [&](const LogLine& one) {
        json record = json::parse(one.record, nullptr, /*allow_exceptions=*/false);
        if (!options.user.empty() && cell(record, "user") != options.user) return;
        lines.push_back({{"sequence", one.sequence}, {"record", std::move(record)}});
        if (std::ssize(lines) > options.last) lines.pop_front();
      }));
  const bool passed = result.state == LogState::kIntact;
  if (line.json) {
    std::cout << result_text({{"file", options.file},
                              {"verdict", std::string(name_of(result.state))},
                              {"reason", result.reason},
                              {"lines", std::vector<json>(lines.begin(), lines.end())}});
  } else {
    std::cout << printable(table_of(lines));
    if (!passed) {
      std::cout << printable(absl::StrCat(std::string(name_of(result.state)), ": ", result.reason))
                << "\n";
    }
  }
  return passed ? kExitOk : kExitGateFailed;
}

}  // namespace

void add_log(CLI::App& app, CommandLine& line) {
  const auto options = std::make_shared<LogCommand>();
  CLI::App* log = app.add_subcommand("log", "Look at a decision log, or verify it");
  // None at all is refused after the parse, as of bundle.
  log->require_subcommand(0, 1);
  log->callback([log] {
    if (log->get_subcommands().empty()) throw CLI::RequiredError("A subcommand (verify or show)");
  });
  log->footer(
      "Examples:\n"
      "  durward log verify decisions.jsonl\n"
      "  durward log show decisions.jsonl --user ann\n"
      "docs/decisions.md describes the file.");

  CLI::App* command = log->add_subcommand(
      "verify", "Check that a log is what was written, whole and in order; exits 3 where not");
  command->add_option("FILE", options->file, "the log; files put aside are read too")->required();
  options->store.add_to(*command);
  command->add_option("--state", options->state, "the authenticator's state, which has the head")
      ->type_name("FILE");
  command->get_option("--key")->needs(command->get_option("--store"));
  command->get_option("--key")->needs(command->get_option("--state"));
  command->get_option("--store")->needs(command->get_option("--key"));
  command->get_option("--state")->needs(command->get_option("--key"));
  command->footer(
      "Verdicts: intact, torn (the last line was not written to its end, as by a kill), changed, "
      "cut short.\n"
      "Without --key only the chain of digests is checked, which anybody can compute.\n"
      "Examples:\n"
      "  durward log verify decisions.jsonl\n"
      "  durward log verify decisions.jsonl --store templates.db --key file:store.key "
      "--state state.db --json");
  command->callback(
      [options, &line] { line.run = [options, &line] { return verify(*options, line); }; });

  command = log->add_subcommand("show", "The last decisions, with the reason of each");
  command->add_option("FILE", options->file, "the log; files put aside are read too")->required();
  command->add_option("--user", options->user, "of this user alone")->type_name("NAME");
  command->add_option("--last", options->last, "so many lines")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->footer(
      "Exits 3 where the chain of digests is broken; what is before it is shown.\n"
      "Examples:\n"
      "  durward log show decisions.jsonl --last 5\n"
      "  durward log show decisions.jsonl --user ann --json");
  command->callback(
      [options, &line] { line.run = [options, &line] { return show(*options, line); }; });
}

}  // namespace durward
