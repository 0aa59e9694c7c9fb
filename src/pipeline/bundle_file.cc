#include "pipeline/bundle_file.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "bundle/bundle.h"
#include "bundle/bundle_writer.h"
#include "compile/interpreter.h"
#include "compile/plan/plan_builder.h"
#include "pipeline/golden_inputs.h"

namespace durward {
namespace {

constexpr std::string_view kBinary = "application/octet-stream";

absl::StatusOr<GoldenVector> golden_vector(const Graph& graph, const Interpreter& interpreter,
                                           std::span<const float> input) {
  GoldenVector golden;
  const auto bytes = std::as_bytes(input);
  golden.inputs.emplace_back(bytes.begin(), bytes.end());
  for (const Port& port : graph.outputs) {
    const Tensor& tensor = graph.tensor(port.tensor);
    golden.outputs.emplace_back(static_cast<size_t>(elements(tensor.shape) * size_of(tensor.type)));
  }
  const std::vector<std::span<const std::byte>> inputs(golden.inputs.begin(), golden.inputs.end());
  const std::vector<std::span<std::byte>> outputs(golden.outputs.begin(), golden.outputs.end());
  DURWARD_RETURN_IF_ERROR(interpreter.run(inputs, outputs));
  return golden;
}

}  // namespace

absl::StatusOr<BundleModel> make_bundle_model(const Graph& graph,
                                              const Preprocessing& preprocessing,
                                              int64_t arena_bytes) {
  BundleModel model;
  DURWARD_ASSIGN_OR_RETURN(model.plan, build_plan(graph, {.arena_bytes = arena_bytes}));
  DURWARD_ASSIGN_OR_RETURN(const Interpreter interpreter, Interpreter::create(graph));
  DURWARD_ASSIGN_OR_RETURN(const auto inputs, golden_inputs(preprocessing));
  for (const std::vector<float>& input : inputs) {
    DURWARD_ASSIGN_OR_RETURN(GoldenVector golden, golden_vector(graph, interpreter, input));
    model.golden.push_back(std::move(golden));
  }
  return model;
}

absl::Status write_bundle_file(const std::filesystem::path& path, const Manifest& manifest,
                               const BundleModel& model,
                               const std::vector<Attachment>& attachments) {
  BundleWriter writer(manifest);
  DURWARD_RETURN_IF_ERROR(writer.add(std::string(kPlanPath), std::string(kBinary), model.plan));
  for (size_t i = 0; i < model.golden.size(); ++i) {
    const auto add = [&](std::string_view kind, const std::vector<std::vector<std::byte>>& ports) {
      absl::Status status;
      for (size_t port = 0; port < ports.size() && status.ok(); ++port) {
        status = writer.add(absl::StrCat("golden/", i, ".", std::string(kind), port),
                            std::string(kBinary), ports[port]);
      }
      return status;
    };
    DURWARD_RETURN_IF_ERROR(add("input", model.golden[i].inputs));
    DURWARD_RETURN_IF_ERROR(add("output", model.golden[i].outputs));
  }
  for (const Attachment& file : attachments) {
    DURWARD_RETURN_IF_ERROR(writer.add_file(file.member, file.media_type, file.file));
  }
  return writer.write(path);
}

absl::StatusOr<Preprocessing> bundle_preprocessing(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const Bundle bundle, Bundle::open(path));
  return parse_preprocessing(bundle.manifest().preprocessing.dump(), path.string());
}

std::string member_name(std::string_view name) {
  std::string result(name);
  for (char& c : result) {
    const bool allowed = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
                         c == '_' || c == '+' || c == '-';
    if (!allowed) c = '_';
  }
  if (result.starts_with('.')) result[0] = '_';
  return result;
}

}  // namespace durward
