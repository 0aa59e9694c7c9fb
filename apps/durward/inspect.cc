#include <absl/strings/str_join.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "graph/cost.h"
#include "passes/passes.h"
#include "pipeline/model_file.h"
#include "pipeline/target_estimate.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct InspectOptions {
  std::string model, target;
  bool nodes = false;
  ReadingOptions reading;
};

json describe_ports(const Graph& graph, const std::vector<Port>& ports) {
  json list = json::array();
  for (const Port& port : ports) {
    const Tensor& tensor = graph.tensor(port.tensor);
    list.push_back({{"name", port.name},
                    {"type", to_string(tensor.type)},
                    {"shape", tensor.shape},
                    {"source_layout", port.layout == PortLayout::kNchw ? "nchw" : "as is"}});
  }
  return list;
}

std::map<std::string, int64_t> op_counts(const Graph& graph) {
  std::map<std::string, int64_t> counts;
  for (const NodeId id : graph.node_ids()) ++counts[std::string(op_name(graph.node(id).op))];
  return counts;
}

json describe(const ModelFile& file, const Graph& rewritten) {
  const ConstantSize constants = constant_size(rewritten);
  return {{"file", file.path.string()},
          {"format", to_string(file.format)},
          {"bytes", file.bytes},
          {"sha256", file.sha256},
          {"inputs", describe_ports(rewritten, rewritten.inputs)},
          {"outputs", describe_ports(rewritten, rewritten.outputs)},
          {"nodes", {{"imported", file.graph.node_count()}, {"rewritten", rewritten.node_count()}}},
          {"ops", {{"imported", op_counts(file.graph)}, {"rewritten", op_counts(rewritten)}}},
          {"parameters", constants.elements},
          {"multiply_accumulates", multiply_accumulates(rewritten)}};
}

std::string shapes(const json& ports) {
  std::string text;
  for (const json& port : ports) {
    text += (text.empty() ? "" : ", ") + port["name"].get<std::string>() + " " +
            port["type"].get<std::string>() + " " + to_string(port["shape"].get<Shape>());
  }
  return text;
}

void print(const json& result) {
  std::cout << result["file"].get<std::string>() << "  (" << result["format"].get<std::string>()
            << ", " << result["bytes"].get<int64_t>() << " bytes, sha256 "
            << result["sha256"].get<std::string>().substr(0, 12) << ")\n"
            << "inputs:  " << shapes(result["inputs"]) << "\n"
            << "outputs: " << shapes(result["outputs"]) << "\n"
            << fixed(result["parameters"].get<double>() / 1e6, 3) << " M parameters, "
            << fixed(result["multiply_accumulates"].get<double>() / 1e6, 1)
            << " M multiply-accumulates\n\n";
  TextTable table({"op", "imported", "rewritten"});
  const json& before = result["ops"]["imported"];
  const json& after = result["ops"]["rewritten"];
  std::map<std::string, int> names;
  for (const auto& [name, count] : before.items()) names[name] = 0;
  for (const auto& [name, count] : after.items()) names[name] = 0;
  for (const auto& [name, unused] : names) {
    table.add({name, std::to_string(before.value(name, 0)), std::to_string(after.value(name, 0))});
  }
  table.add({"all", std::to_string(result["nodes"]["imported"].get<int64_t>()),
             std::to_string(result["nodes"]["rewritten"].get<int64_t>())});
  std::cout << table.text();
}

std::string yes_or_no(const json& truth) { return truth.get<bool>() ? "yes" : "no"; }

std::string range_text(const json& range, double unit, int decimals) {
  const double low = range[0].get<double>() / unit, high = range[1].get<double>() / unit;
  return fixed(low, decimals) + (low == high ? "" : ".." + fixed(high, decimals));
}

void print_memory(const json& memory) {
  const auto kilobytes = [&](const char* key) {
    return fixed(memory[key].get<double>() / 1024, 0);
  };
  std::cout << (memory["estimated"].get<bool>() ? "in int8 at most about " : "")
            << kilobytes("weights_bytes") << " KB of weights, " << kilobytes("arena_bytes")
            << " KB of activations\n"
            << "fits the memory of " << kilobytes("memory_bytes")
            << " KB: " << yes_or_no(memory["memory_fits"]) << "\n";
  if (memory.contains("flash_bytes")) {
    std::cout << "weights fit the flash of " << kilobytes("flash_bytes")
              << " KB: " << yes_or_no(memory["flash_fits"]) << "\n";
  }
}

void print_estimate(const json& result) {
  std::cout << result["description"].get<std::string>() << "\n"
            << result["processor"].get<std::string>() << ", " << result["isa"].get<std::string>()
            << ", one core at " << range_text(result["clock_hz"], 1e9, 2) << " GHz\n";
  print_memory(result["memory"]);
  TextTable table({"arithmetic", "M MAC", "M cycles", "ms", "halfway ms"});
  for (const json& estimate : result["estimates"]) {
    table.add({estimate["arithmetic"].get<std::string>(),
               fixed(estimate["macs"].get<double>() / 1e6, 1),
               range_text(estimate["cycles"], 1e6, 2), range_text(estimate["ms"], 1, 2),
               fixed(estimate["ms_middle"].get<double>(), 2)});
  }
  std::cout << "estimated, not measured:\n" << table.text();
  for (const json& call : result["falls_back"]) {
    std::cout << "falls back: '" << call["name"].get<std::string>() << "' ("
              << call["kind"].get<std::string>() << "): " << call["reason"].get<std::string>()
              << "\n";
  }
  if (result["falls_back"].empty()) std::cout << "nothing falls back\n";
}

absl::StatusOr<ExitCode> inspect_for_target(const InspectOptions& options, bool as_json) {
  DURWARD_ASSIGN_OR_RETURN(const Target target, read_target(options.target));
  if (!target.device) {
    return absl::InvalidArgumentError(
        absl::StrCat("target '", target.name,
                     "' says which files to write, but nothing of a device; docs/targets.md has "
                     "what that takes"));
  }
  DURWARD_ASSIGN_OR_RETURN(const ModelReading reading, options.reading.reading());
  DURWARD_ASSIGN_OR_RETURN(const json result, estimate_on_target(options.model, target, reading));
  if (as_json) {
    std::cout << result_text(result);
  } else {
    print_estimate(result);
  }
  return result["fits"].get<bool>() ? kExitOk : kExitGateFailed;
}

absl::StatusOr<ExitCode> inspect(const InspectOptions& options, bool as_json) {
  if (!options.target.empty()) return inspect_for_target(options, as_json);
  DURWARD_ASSIGN_OR_RETURN(const ModelReading reading, options.reading.reading());
  DURWARD_ASSIGN_OR_RETURN(const ModelFile file, read_model_file(options.model, reading));
  Graph rewritten = file.graph;
  DURWARD_RETURN_IF_ERROR(simplify(rewritten));
  const json result = describe(file, rewritten);
  if (as_json) {
    std::cout << result_text(result);
    return kExitOk;
  }
  print(result);
  if (options.nodes) std::cout << "\n" << to_string(rewritten);
  return kExitOk;
}

}  // namespace

void add_inspect(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command =
      app.add_subcommand("inspect", "Show what is in a model, before and after rewriting");
  command
      ->add_option("MODEL", options->model,
                   ".onnx, .tflite, or a PyTorch checkpoint; with --target also a .bundle")
      ->required();
  command->add_option(
      "--target", options->target,
      "whether it fits a device, what falls back there, and about how long a run takes: " +
          absl::StrJoin(target_names(), ", ") +
          ", or a file of your own (docs/targets.md); exits 3 where it does not fit");
  command->add_flag("--nodes", options->nodes, "list the rewritten graph, a line per node");
  options->reading.add_to(*command);
  command->footer(
      "Examples:\n"
      "  durward inspect mobilefacenet.onnx\n"
      "  durward inspect silero_vad.onnx --fix sr=16000 --dimension 'input[1]=576'\n"
      "  durward inspect mobilefacenet.ckpt --nodes\n"
      "  durward inspect model.tflite --json\n"
      "  durward inspect model.onnx --target pi4\n"
      "  durward inspect face.bundle --target cortex-m7");
  command->callback(
      [options, &line] { line.run = [options, &line] { return inspect(*options, line.json); }; });
}

}  // namespace durward
