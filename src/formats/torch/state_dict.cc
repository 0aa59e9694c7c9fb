#include "formats/torch/state_dict.h"

#include <utility>

namespace durward {

StateDict::StateDict(const TorchCheckpoint& checkpoint, std::string prefix)
    : prefix_(std::move(prefix)) {
  for (const TorchTensor& tensor : checkpoint.tensors) {
    std::string_view name = tensor.name;
    if (!name.starts_with(prefix_)) continue;
    name.remove_prefix(prefix_.size());
    tensors_.emplace(name, &tensor);
  }
}

std::vector<std::string> StateDict::prefixes_of(const TorchCheckpoint& checkpoint,
                                                std::string_view name) {
  std::vector<std::string> prefixes;
  for (const TorchTensor& tensor : checkpoint.tensors) {
    const std::string_view full = tensor.name;
    if (!full.ends_with(name)) continue;
    const std::string_view prefix = full.substr(0, full.size() - name.size());
    if (prefix.empty() || prefix.ends_with('.')) prefixes.emplace_back(prefix);
  }
  return prefixes;
}

absl::StatusOr<const TorchTensor*> StateDict::find(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found != tensors_.end()) return found->second;
  return absl::NotFoundError(absl::StrCat("tensor ", prefix_, std::string(name), " is missing"));
}

absl::StatusOr<Shape> StateDict::shape(std::string_view name) const {
  DURWARD_ASSIGN_OR_RETURN(const TorchTensor* tensor, find(name));
  return tensor->shape;
}

absl::StatusOr<std::vector<float>> StateDict::take(std::string_view name, const Shape& shape) {
  DURWARD_ASSIGN_OR_RETURN(const TorchTensor* tensor, find(name));
  if (tensor->shape != shape) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", tensor->name, ": shape ",
                                                   to_string(shape), " is expected, it has ",
                                                   to_string(tensor->shape)));
  }
  taken_.insert(tensors_.find(name)->first);
  return to_floats(*tensor);
}

absl::Status StateDict::check_all_taken() const {
  for (const auto& [name, tensor] : tensors_) {
    if (taken_.contains(name) || name.ends_with(".num_batches_tracked")) continue;
    return absl::InvalidArgumentError(absl::StrCat("tensor ", tensor->name, " of shape ",
                                                   to_string(tensor->shape),
                                                   " belongs to no layer of it"));
  }
  return absl::OkStatus();
}

}  // namespace durward
