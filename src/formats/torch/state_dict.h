// The tensors of one model inside a checkpoint, under the names that the model's class gave them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "formats/torch/checkpoint.h"

namespace durward {

// Refers to the checkpoint, which must outlive it.
class StateDict {
 public:
  // The tensors whose names begin with `prefix` ("", "module.", "state_dict.backbone.", ...), known
  // by the rest of their names.
  StateDict(const TorchCheckpoint& checkpoint, std::string prefix);

  // Every prefix under which the checkpoint has a tensor of this name, in the file's order.
  [[nodiscard]] static std::vector<std::string> prefixes_of(const TorchCheckpoint& checkpoint,
                                                            std::string_view name);

  [[nodiscard]] const std::string& prefix() const { return prefix_; }

  [[nodiscard]] bool has(std::string_view name) const { return tensors_.contains(name); }

  // NotFound where there is none.
  [[nodiscard]] absl::StatusOr<Shape> shape(std::string_view name) const;

  // The values of a float tensor of this shape, and marks it as used. Errors: NotFound;
  // InvalidArgument for another shape or type or values that are not finite; each names the tensor.
  [[nodiscard]] absl::StatusOr<std::vector<float>> take(std::string_view name, const Shape& shape);

  // InvalidArgument naming the first tensor that nothing took, apart from BatchNorm's batch
  // counters: the model then has a layer that the architecture lacks.
  [[nodiscard]] absl::Status check_all_taken() const;

 private:
  [[nodiscard]] absl::StatusOr<const TorchTensor*> find(std::string_view name) const;

  std::string prefix_;
  std::map<std::string_view, const TorchTensor*> tensors_;  // by the name behind the prefix
  std::set<std::string_view> taken_;
};

}  // namespace durward
