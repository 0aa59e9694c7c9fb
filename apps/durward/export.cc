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
#include "pipeline/export_micro.h"
#include "pipeline/input_size.h"
#include "pipeline/model_file.h"
#include "pipeline/target.h"
#include "report/result_json.h"

namespace durward {
namespace {

struct ExportOptions {
  std::string model, output;
  bool as_is = false;
  int opset = 13;
  std::string input_size;  // WxH
  std::string to, name, target, tflite_ops;
  std::optional<int64_t> ram_bytes, flash_bytes, arena_bytes;
  bool int8_ports = false;
  ReadingOptions reading;
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

absl::StatusOr<MicroExportRequest> micro_request(const ExportOptions& options) {
  MicroExportRequest request{.bundle = options.model,
                             .output = options.output,
                             .name = options.name,
                             .limits = {options.ram_bytes, options.flash_bytes},
                             .plan = {options.int8_ports, options.arena_bytes}};
  if (options.target.empty()) return request;
  DURWARD_ASSIGN_OR_RETURN(const Target target, read_target(options.target));
  if (!target.device) {
    return absl::InvalidArgumentError(
        absl::StrCat("target '", options.target,
                     "' does not say how much memory it has; give --ram and --flash instead"));
  }
  const auto limit = [](std::optional<int64_t>& bytes, const SourcedRange& has) {
    if (!bytes) bytes = static_cast<int64_t>(has.low);
  };
  limit(request.limits.ram_bytes, target.device->memory_bytes);
  if (target.device->flash_bytes) {
    limit(request.limits.flash_bytes, *target.device->flash_bytes);
  }
  if (!request.plan.arena_bytes) request.plan.arena_bytes = target.arena_bytes;
  return request;
}

nlohmann::json to_json(const Footprint& f) {
  return {{"arena_bytes", f.arena_bytes},
          {"scratch_bytes", f.scratch_bytes},
          {"input_bytes", f.input_bytes},
          {"output_bytes", f.output_bytes},
          {"constant_bytes", f.constant_bytes},
          {"code_bytes_at_most", f.code_bytes},
          {"layer_wise_arena_bytes", f.layer_wise_bytes},
          {"multiply_accumulates", f.multiply_accumulates}};
}

absl::StatusOr<ExitCode> run_to_c(const ExportOptions& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const MicroExportRequest request, micro_request(options));
  DURWARD_ASSIGN_OR_RETURN(const CExport exported, export_micro(request));
  const Footprint& f = exported.footprint;
  if (line.json) {
    std::cout << result_text(
        {{"folder", options.output}, {"kernels", exported.kernels}, {"footprint", to_json(f)}});
    return kExitOk;
  }
  std::cout << "wrote " << exported.files.size() << " files to " << options.output << "\n\n"
            << "RAM:   arena " << f.arena_bytes << ", scratch " << f.scratch_bytes << ", inputs "
            << f.input_bytes << ", outputs " << f.output_bytes << " bytes\n"
            << "       (layer by layer the arena would be at least " << f.layer_wise_bytes << ")\n"
            << "flash: constants " << f.constant_bytes << " bytes, code at most about "
            << f.code_bytes << "\n\n"
            << "next: make -C " << options.output << " test\n";
  return kExitOk;
}

absl::StatusOr<ExitCode> run(const ExportOptions& options, const CommandLine& line) {
  if (!options.to.empty()) return run_to_c(options, line);
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
  DURWARD_ASSIGN_OR_RETURN(const ModelReading reading, options.reading.reading());
  DURWARD_ASSIGN_OR_RETURN(ModelFile file, read_model_file(options.model, reading));
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
    TfliteWriteOptions settings;
    if (!options.tflite_ops.empty()) {
      DURWARD_ASSIGN_OR_RETURN(settings.ops, parse_tflite_ops(options.tflite_ops));
    }
    DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes,
                             write_tflite(file.graph, settings));
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
      "export",
      "Convert a model to ONNX or TFLite, rewritten but not quantised; or a bundle to C for a "
      "microcontroller");
  command
      ->add_option("MODEL", options->model,
                   ".onnx, .tflite, or a PyTorch checkpoint; with --to c a .bundle")
      ->required();
  command
      ->add_option("--out", options->output,
                   "the file to write: .onnx or .tflite; with --to c a folder")
      ->required();
  options->reading.add_to(*command);
  CLI::Option* to = command->add_option("--to", options->to,
                                        "c: C99 without libraries and heap, and its self-test");
  to->check(CLI::IsMember({"c"}));
  const auto for_c = [&](CLI::Option* option) { option->needs(to); };
  for_c(command->add_option("--name", options->name,
                            "of the C functions (default: the model's name)"));
  for_c(command
            ->add_option("--ram", options->ram_bytes,
                         "bytes of RAM that the model may take, its ports included")
            ->check(CLI::PositiveNumber));
  for_c(command
            ->add_option("--flash", options->flash_bytes,
                         "bytes of flash that weights and code may take")
            ->check(CLI::PositiveNumber));
  for_c(command->add_flag("--int8-ports", options->int8_ports,
                          "take and give int8 instead of float where the model quantises at once"));
  for_c(command
            ->add_option("--arena", options->arena_bytes,
                         "bytes of activations to keep within, by computing layers a few rows "
                         "at a time; 1 for the least (default: as in the bundle)")
            ->check(CLI::PositiveNumber));
  for_c(command->add_option("--target", options->target,
                            "a board instead of --ram, --flash and --arena: cortex-m3, cortex-m4, "
                            "cortex-m7, cortex-m55, or a file of your own (docs/targets.md)"));
  command->add_flag("--as-is", options->as_is, "do not rewrite");
  command->add_option("--opset", options->opset, "of an ONNX file, 13 to 21 (default 13)")
      ->check(CLI::Range(13, 21));
  add_tflite_ops(*command, options->tflite_ops);
  command->add_option("--input-size", options->input_size,
                      "WIDTHxHEIGHT of the picture, for a model that takes any: a detector");
  command->footer(
      "Examples:\n"
      "  durward export mobilefacenet.ckpt --out mobilefacenet.onnx\n"
      "  durward export mobilefacenet.onnx --out mobilefacenet.tflite\n"
      "  durward export pnet.tflite --input-size 48x64 --out pnet.onnx\n"
      "  durward export pnet.bundle --to c --target cortex-m4 --out firmware/pnet\n"
      "  durward export face.bundle --to c --int8-ports --arena 1 --out face");
  command->callback(
      [options, &line] { line.run = [options, &line] { return run(*options, line); }; });
}

}  // namespace durward
