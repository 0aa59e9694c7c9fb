// PyTorch checkpoints (.ckpt, .pth, .pt) without Python: the named tensors that torch.save wrote,
// in its legacy format (five pickles, then the storages) and its zip format (PyTorch 1.6 and
// later). Nothing in a file is executed: see pickle.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/types.h"

namespace durward {

enum class TorchType : uint8_t {
  kFloat32,
  kFloat64,
  kFloat16,
  kBFloat16,
  kInt64,
  kInt32,
  kInt16,
  kInt8,
  kUInt8,
  kBool
};

[[nodiscard]] std::string_view to_string(TorchType type);  // "float32", "bfloat16", ...
[[nodiscard]] int64_t size_of(TorchType type);             // bytes per element

struct TorchTensor {
  std::string name;  // the keys that lead to it, joined by dots: "state_dict.conv1.weight"
  TorchType type = TorchType::kFloat32;
  Shape shape;
  std::vector<std::byte> data;  // elements(shape) * size_of(type) bytes, contiguous, little-endian
};

struct TorchCheckpoint {
  std::vector<TorchTensor> tensors;  // in the file's order; names are unique
};

// Reads a checkpoint: tensors in dicts, lists and tuples, nested up to 32 deep; everything else in
// them is skipped. Errors: InvalidArgument for a file that is damaged, no checkpoint, or refers to
// anything but tensors and containers; Unimplemented for TorchScript archives, compressed members,
// big-endian files and other element types; ResourceExhausted for more than 2^18 values in
// containers, and where the tensors need more than four times the file's bytes (views of one
// storage); those of read_file.
[[nodiscard]] absl::StatusOr<TorchCheckpoint> read_torch_checkpoint(
    const std::filesystem::path& path);
[[nodiscard]] absl::StatusOr<TorchCheckpoint> read_torch_checkpoint(
    std::span<const std::byte> bytes);

// The elements of a floating-point tensor, rounded to float32. InvalidArgument where the tensor
// holds integers, or a value that is not finite; names the tensor.
[[nodiscard]] absl::StatusOr<std::vector<float>> to_floats(const TorchTensor& tensor);

}  // namespace durward
