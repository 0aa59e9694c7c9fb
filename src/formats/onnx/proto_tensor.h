// Constants of an ONNX model: TensorProto to Tensor, external data included.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <optional>

#include "base/status.h"
#include "graph/graph.h"

namespace durward {

// The IR's type for an ONNX element type (a TensorProto::DataType): the floating-point types all
// become float32. Empty for what the IR has no type for (strings, complex, uint16, int4, float8).
[[nodiscard]] std::optional<DataType> data_type_of(int element_type);
[[nodiscard]] std::string element_type_name(int element_type);

// The ONNX element type of an IR type.
[[nodiscard]] onnx::TensorProto::DataType element_type_of(DataType type);

// The shape, rank at most 8. InvalidArgument where it is negative or too large.
[[nodiscard]] absl::StatusOr<Shape> shape_of(const onnx::TensorProto& proto);

// The tensor with its data. `external_folder` is where external data may lie; empty: nowhere.
// Errors name the tensor: sizes that do not match, NaN, an unsupported type, a file outside the
// folder (symbolic links count).
[[nodiscard]] absl::StatusOr<Tensor> tensor_from_proto(
    const onnx::TensorProto& proto, const std::filesystem::path& external_folder);

// The reverse, as raw data. kUInt8 and other types as they are.
[[nodiscard]] onnx::TensorProto proto_from_tensor(const Tensor& tensor);

}  // namespace durward
