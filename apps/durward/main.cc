#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "commands.h"
#include "terminal.h"

namespace durward {
namespace {

int run(int argc, char** argv) {
  CLI::App app(
      "Makes face-authentication models run as INT8 on small devices, and proves what it cost.\n"
      "Begin with: durward compress MODEL --calibrate FACES --preset NAME --out DIR");
  app.name("durward");
  app.set_version_flag("--version", DURWARD_VERSION);
  // None at all is refused below: CLI11 would speak of a missing one where it is mistyped.
  app.require_subcommand(0, 1);
  app.fallthrough();
  CommandLine line;
  for (int i = 0; i < argc; ++i) line.text += (i > 0 ? " " : "") + std::string(argv[i]);
  app.add_flag("--json", line.json, "print the result as JSON on standard output, and no progress");
  app.add_flag("-q,--quiet", line.quiet, "no progress on standard error");
  add_compress(app, line);
  add_evaluate(app, line);
  add_compare(app, line);
  add_fuse(app, line);
  add_sensitivity(app, line);
  add_bench(app, line);
  add_inspect(app, line);
  add_profile(app, line);
  add_export(app, line);
  add_bundle(app, line);
  add_train(app, line);
  add_calibrate(app, line);
  add_enroll(app, line);
  add_verify(app, line);
  add_identify(app, line);
  add_users(app, line);
  add_forget(app, line);
  add_doctor(app, line);
  add_door(app, line);
  add_log(app, line);
  app.footer(
      "Exit codes: 0 done, 1 an error (its reason is on standard error), 2 wrong usage, 3 a gate "
      "or a\n"
      "verification did not pass, 4 too little came to decide on (try again), 130 interrupted.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  if (!line.run) {
    std::fputs(app.help().c_str(), stderr);
    return kExitUsage;
  }
  watch_for_signals();
  line.quiet |= line.json;
  absl::StatusOr<ExitCode> code = line.run();
  end_progress();
  if (!flush_output() && code.ok())
    code = absl::DataLossError("standard output did not take the whole result");
  if (code.ok()) return *code;
  std::fprintf(stderr, "durward: %s\n", printable(std::string(code.status().message())).c_str());
  return absl::IsCancelled(code.status()) ? kExitInterrupted : kExitError;
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  // What the libraries do not turn into a status: memory that ran out, a closed standard output.
  try {
    return durward::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "durward: %s\n", durward::printable(error.what()).c_str());
    return durward::kExitError;
  }
}
