// From a PyTorch checkpoint to the IR, for the architectures that are known by name.
#pragma once

#include <filesystem>

#include "base/status.h"
#include "formats/torch/checkpoint.h"
#include "graph/graph.h"

namespace durward {

// The network whose weights the checkpoint holds, found by its tensors' names whatever stands
// before them ("module.", "state_dict.", "net_state_dict.", ...). BatchNorm and PReLU are nodes of
// their own; the input is NHWC with a kNchw port. Errors: Unimplemented for a checkpoint of no
// known architecture, listing its tensors; InvalidArgument where tensors of a known one are
// missing, left over, of another shape, not finite, or there twice.
[[nodiscard]] absl::StatusOr<Graph> import_torch(const TorchCheckpoint& checkpoint);

// read_torch_checkpoint, then import_torch; errors name the file.
[[nodiscard]] absl::StatusOr<Graph> read_torch(const std::filesystem::path& path);

}  // namespace durward
