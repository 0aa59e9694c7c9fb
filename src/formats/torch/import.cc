#include "formats/torch/import.h"

#include <absl/strings/escaping.h>

#include <algorithm>
#include <array>
#include <string>

#include "formats/torch/architecture.h"
#include "formats/torch/state_dict.h"

namespace durward {
namespace {

constexpr std::array kArchitectures = {&kMobileFaceNet, &kMiniFasNet, &kGe2e};
constexpr size_t kListedTensors = 20;
constexpr std::string_view kWhatToDo =
    "export the model to ONNX where it was made (scripts/export_onnx.py) and use that file";

std::string known_architectures() {
  std::string names;
  for (const Architecture* architecture : kArchitectures) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(architecture->name));
  }
  return names;
}

absl::Status unknown_architecture(const TorchCheckpoint& checkpoint) {
  const size_t count = checkpoint.tensors.size();
  std::string message = absl::StrCat(
      "checkpoint: its ", count, " tensors are of no architecture that is known here (",
      known_architectures(), "); ", std::string(kWhatToDo), ". Its tensors:");
  for (size_t i = 0; i < std::min(count, kListedTensors); ++i) {
    const TorchTensor& tensor = checkpoint.tensors[i];
    absl::StrAppend(&message, "\n  ", absl::Utf8SafeCHexEscape(tensor.name), "  ",
                    to_string(tensor.shape), "  ", std::string(to_string(tensor.type)));
  }
  if (count > kListedTensors)
    absl::StrAppend(&message, "\n  and ", count - kListedTensors, " more");
  return absl::UnimplementedError(message);
}

absl::StatusOr<Graph> build(const TorchCheckpoint& checkpoint, const Architecture& architecture,
                            const std::vector<std::string>& prefixes) {
  const std::string name(architecture.name);
  if (prefixes.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("checkpoint: it holds more than one ", name, ", as \"",
                     absl::Utf8SafeCHexEscape(prefixes[0]), "\" and \"",
                     absl::Utf8SafeCHexEscape(prefixes[1]), "\"; save the one you want alone"));
  }
  StateDict weights(checkpoint, prefixes.front());
  auto graph = architecture.build(weights);
  if (graph.ok()) return graph;
  return absl::InvalidArgumentError(
      absl::StrCat("checkpoint: it looks like a ", name, ", but ", graph.status().message(),
                   "; if the model was changed, ", std::string(kWhatToDo)));
}

}  // namespace

absl::StatusOr<Graph> import_torch(const TorchCheckpoint& checkpoint) {
  for (const Architecture* architecture : kArchitectures) {
    const auto prefixes = StateDict::prefixes_of(checkpoint, architecture->signature);
    if (!prefixes.empty()) return build(checkpoint, *architecture, prefixes);
  }
  return unknown_architecture(checkpoint);
}

absl::StatusOr<Graph> read_torch(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const TorchCheckpoint checkpoint, read_torch_checkpoint(path));
  auto graph = import_torch(checkpoint);
  if (!graph.ok()) return with_context(graph.status(), path.string());
  return graph;
}

}  // namespace durward
