#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "commands.h"
#include "formats/onnx/writer.h"
#include "formats/tflite/tflite.h"
#include "passes/passes.h"
#include "pipeline/input_size.h"
#include "pipeline/model_file.h"
#include "report/result_json.h"

namespace durward {
namespace {

struct ExportOptions {
  std::string model, output;
  bool as_is = false;
  int opset = 13;
  std::string input_size;  // WxH
};

// "64x48": width and height in pixels.
absl::StatusOr<std::pair<int64_t, int64_t>> parse_size(const std::string& text) {
  constexpr int64_t kMostPixels = 4096;  // along a side, as input specifications have it
  const std::vector<std::string> parts = absl::StrSplit(text, 'x');
  int64_t width = 0, height = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &width) ||
      !absl::SimpleAtoi(parts[1], &height) || width < 1 || height < 1 || width > kMostPixels ||
      height > kMostPixels) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--input-size ", text, ": expected WIDTHxHEIGHT in pixels, for example 64x48"));
  }
  return std::pair(width, height);
}

absl::StatusOr<ExitCode> run(const ExportOptions& options, const CommandLine& line) {
  const std::filesystem::path output = options.output;
  const std::string ending = absl::AsciiStrToLower(output.extension().string());
  if (ending != ".onnx" && ending != ".tflite") {
    return absl::InvalidArgumentError(
        absl::StrCat(options.output, ": expected a name ending in .onnx or .tflite"));
  }
  std::error_code error;
  if (std::filesystem::equivalent(options.model, output, error)) {
    return absl::InvalidArgumentError(
        "the result would overwrite the model; give another name with --out");
  }
  DURWARD_ASSIGN_OR_RETURN(ModelFile file, read_model_file(options.model));
  if (!options.input_size.empty()) {
    DURWARD_ASSIGN_OR_RETURN(const auto size, parse_size(options.input_size));
    const absl::Status status = set_input_size(file.graph, size.first, size.second);
    if (!status.ok()) return with_context(status, options.model);
  }
  if (!options.as_is) DURWARD_RETURN_IF_ERROR(simplify(file.graph));
  if (ending == ".onnx") {
    OnnxWriteOptions settings;
    settings.opset = options.opset;
    DURWARD_ASSIGN_OR_RETURN(const std::string bytes, write_onnx(file.graph, settings));
    DURWARD_RETURN_IF_ERROR(write_file_atomic(output, bytes));
  } else {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, write_tflite(file.graph));
    DURWARD_RETURN_IF_ERROR(write_file_atomic(output, bytes));
  }
  if (line.json) {
    const nlohmann::json result = {{"file", options.output}, {"nodes", file.graph.node_count()}};
    std::cout << result_text(result);
  } else {
    std::cout << "wrote " << options.output << " (" << file.graph.node_count() << " nodes)\n";
  }
  return kExitOk;
}

}  // namespace

void add_export(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand(
      "export", "Convert a model to ONNX or TFLite, rewritten but not quantised");
  command->add_option("MODEL", options->model, ".onnx, .tflite, or a PyTorch checkpoint")
      ->required();
  command->add_option("--out", options->output, "the file to write: .onnx or .tflite")->required();
  command->add_flag("--as-is", options->as_is, "do not rewrite");
  command->add_option("--opset", options->opset, "of an ONNX file, 13 to 21 (default 13)")
      ->check(CLI::Range(13, 21));
  command->add_option("--input-size", options->input_size,
                      "WIDTHxHEIGHT of the picture, for a model that takes any: a detector");
  command->footer(
      "Examples:\n"
      "  durward export mobilefacenet.ckpt --out mobilefacenet.onnx\n"
      "  durward export mobilefacenet.onnx --out mobilefacenet.tflite");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run(*options, line); }; });
}

}  // namespace durward
