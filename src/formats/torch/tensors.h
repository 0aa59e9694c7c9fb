// From a checkpoint's pickle and its storages to named, contiguous tensors. A storage is a run of
// elements; a tensor is a strided view of one.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string_view>

#include "base/status.h"
#include "formats/torch/checkpoint.h"
#include "formats/torch/pickle.h"

namespace durward {

using StorageBytes = std::map<std::string_view, std::span<const std::byte>>;  // by storage key

// The globals that make tensors: torch._utils._rebuild_tensor(_v2), _rebuild_parameter and
// torch.FloatStorage and its kin.
[[nodiscard]] bool torch_global_allowed(std::string_view module, std::string_view name);

// The element type of every storage that the pickle refers to, which the legacy format's storages
// do not say themselves. InvalidArgument where two references to one storage disagree.
[[nodiscard]] absl::StatusOr<std::map<std::string_view, TorchType>> legacy_storage_types(
    const Pickle& pickle);

// The tensors of the pickled object, in its order. Errors: as read_torch_checkpoint.
[[nodiscard]] absl::StatusOr<TorchCheckpoint> collect_tensors(const Pickle& pickle,
                                                              const StorageBytes& storages,
                                                              size_t file_bytes);

}  // namespace durward
