#include "pipeline/profile.h"

#include <absl/strings/str_cat.h>

#include <iostream>

#include "../shared/counting_new.h"
#include "base/file.h"
#include "commands.h"
#include "pipeline/profile_compare.h"
#include "pipeline/profile_file.h"
#include "profile_text.h"
#include "report/profile_report.h"
#include "report/profile_trace.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct ProfileCommand {
  std::vector<std::string> models, runtimes, against, from;
  std::string isa, json_file, html_file, trace_file;
  size_t most = 15;
  ReadingOptions reading;
  ProfileRequest request;
};

// Profiles of other machines behind those of this one; comparisons count from there on.
absl::Status append(json document, json& all) {
  const size_t first = all["profiles"].size();
  for (json& comparison : document.value("comparisons", json::array())) {
    for (const char* end : {"from", "to"}) {
      const auto place = comparison.is_object() ? comparison.find(end) : comparison.end();
      if (place == comparison.end() || !place->is_number_unsigned()) {
        return absl::InvalidArgumentError("a comparison does not say what it compares");
      }
      *place = place->get<size_t>() + first;
    }
    all["comparisons"].push_back(std::move(comparison));
  }
  for (json& profile : document["profiles"]) all["profiles"].push_back(std::move(profile));
  if (all["machine"].is_null()) all["machine"] = document["machine"];
  return absl::OkStatus();
}

absl::StatusOr<json> read_all(const std::vector<std::string>& files) {
  json all = {{"schema", kProfileSchema},
              {"tool", {{"name", "durward"}, {"version", DURWARD_VERSION}}},
              {"machine", nullptr},
              {"profiles", json::array()},
              {"comparisons", json::array()}};
  for (const std::string& file : files) {
    DURWARD_ASSIGN_OR_RETURN(json document, read_profile(file));
    DURWARD_RETURN_IF_ERROR(with_context(append(std::move(document), all), file));
  }
  return all;
}

absl::StatusOr<json> measure(ProfileCommand& options, const CommandLine& line) {
  ProfileRequest& request = options.request;
  request.models.assign(options.models.begin(), options.models.end());
  request.against.assign(options.against.begin(), options.against.end());
  for (const std::string& name : options.runtimes) {
    DURWARD_ASSIGN_OR_RETURN(const RuntimeKind runtime, parse_runtime(name));
    request.runtimes.push_back(runtime);
  }
  DURWARD_ASSIGN_OR_RETURN(request.isa, parse_isa(options.isa));
  DURWARD_ASSIGN_OR_RETURN(request.reading, options.reading.reading());
  request.tool_version = DURWARD_VERSION;
  request.allocations = counted_allocations;
  request.progress = terminal_progress(line.quiet);
  absl::StatusOr<json> document = profile_models(request);
  end_progress();
  return document;
}

absl::StatusOr<ExitCode> run(ProfileCommand& options, const CommandLine& line) {
  if (options.models.empty() == options.from.empty()) {
    return absl::InvalidArgumentError(
        "give models to profile, or --from with profiles that were taken before");
  }
  DURWARD_ASSIGN_OR_RETURN(const json document, options.models.empty() ? read_all(options.from)
                                                                       : measure(options, line));
  const std::pair<const std::string&, std::string> files[] = {
      {options.json_file, options.json_file.empty() ? "" : result_text(document)},
      {options.html_file, options.html_file.empty() ? "" : render_profile_report(document)},
      {options.trace_file, options.trace_file.empty() ? "" : result_text(chrome_trace(document))}};
  for (const auto& [path, text] : files) {
    if (!path.empty()) DURWARD_RETURN_IF_ERROR(write_file_atomic(path, text));
  }
  std::cout << (line.json ? result_text(document)
                          : printable(profile_text(document, options.most)));
  for (const auto& [path, text] : files) {
    if (!path.empty() && !line.json) std::cout << "wrote " << printable(path) << "\n";
  }
  return kExitOk;
}

}  // namespace

absl::StatusOr<ExitCode> compare_profile_files(const std::vector<std::string>& files,
                                               const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(json all, read_all({files.front()}));
  // Each later profile against the one at the same place of the first file, or its first.
  const size_t first = all["profiles"].size();
  all["comparisons"] = json::array();
  std::string text;
  for (auto file = files.begin() + 1; file != files.end(); ++file) {
    DURWARD_ASSIGN_OR_RETURN(json document, read_profile(*file));
    for (size_t i = 0; i < document["profiles"].size(); ++i) {
      const size_t from = i < first ? i : 0, to = all["profiles"].size();
      all["profiles"].push_back(std::move(document["profiles"][i]));
      json comparison = comparison_json(all["profiles"][from], all["profiles"][to], from, to);
      absl::StrAppend(&text, files.front(), " -> ", *file, "\n",
                      comparison_text(comparison, /*most=*/SIZE_MAX));
      all["comparisons"].push_back(std::move(comparison));
    }
  }
  std::cout << (line.json ? result_text(all) : printable(text));
  return kExitOk;
}

void add_profile(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ProfileCommand>();
  CLI::App* command = app.add_subcommand(
      "profile", "Where time and memory of models go, op by op, in our engine and other runtimes");
  command->add_option("MODEL", options->models,
                      ".bundle, .onnx, .ort, .tflite or .xml, each in its runtime");
  command
      ->add_option("--runtime", options->runtimes,
                   "engine, onnxruntime, litert, openvino: each model in those of them that load "
                   "it; the engine compiles what is no bundle")
      ->delimiter(',');
  command->add_option(
      "--against", options->against,
      "the float model that they were made of, in the formats that the runtimes load: "
      "names the ops that became slower");
  command->add_option("--from", options->from,
                      "show profiles taken before, by durward-run --json on a device or by --out");
  options->reading.add_to(*command);
  command->add_option("--isa", options->isa, "our engine uses no faster instruction set than this");
  command->add_option("--threads", options->request.threads, "for each model (default 1)")
      ->check(CLI::Range(1, 64));
  command->add_option("--runs", options->request.runs, "that are timed (default 50)")
      ->check(CLI::Range(1, 100000));
  command->add_option("--top", options->most, "ops in the tables printed here (default 15)");
  command->add_option("--out", options->json_file, "write the profile as JSON, with all ops");
  command->add_option("--html", options->html_file, "write a report with the arena's picture");
  command->add_option("--trace", options->trace_file,
                      "write a trace for ui.perfetto.dev or chrome://tracing");
  command->footer(
      "Examples:\n"
      "  durward profile face.bundle --trace face.trace.json --html face.html\n"
      "  durward profile face.int8.tflite --against face.onnx --runtime litert,openvino\n"
      "  durward profile face.bundle --against face.onnx --isa avx2\n"
      "  durward profile --from pi4.json --html pi4.html\n"
      "docs/profile.md says what each number means.");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run(*options, line); }; });
}

}  // namespace durward
