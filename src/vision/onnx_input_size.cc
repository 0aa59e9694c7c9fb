#include "vision/onnx_input_size.h"

#include <onnx/onnx_pb.h>

#include <array>
#include <limits>

namespace durward {

absl::StatusOr<std::string> with_input_size(std::span<const std::byte> bytes, int height,
                                            int width) {
  onnx::ModelProto model;
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()) ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("not an ONNX model");
  }
  onnx::GraphProto& graph = *model.mutable_graph();
  const std::array<int64_t, 4> sizes = {1, 3, height, width};
  if (graph.input_size() != 1 || !graph.input(0).type().has_tensor_type() ||
      graph.input(0).type().tensor_type().shape().dim_size() != static_cast<int>(sizes.size())) {
    return absl::InvalidArgumentError("the model does not take one image (N x C x H x W)");
  }
  auto* shape = graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  for (size_t i = 0; i < sizes.size(); ++i) {
    shape->mutable_dim(static_cast<int>(i))->set_dim_value(sizes[i]);
  }
  graph.clear_value_info();
  for (onnx::ValueInfoProto& output : *graph.mutable_output()) {
    if (output.type().has_tensor_type()) {
      output.mutable_type()->mutable_tensor_type()->clear_shape();
    }
  }
  return model.SerializeAsString();
}

}  // namespace durward
