// Reads ONNX models (opsets 9 to 21) into the IR.
//
// Convolutional models come out in NHWC without transposes: the reader keeps, for every ONNX value,
// the order in which the IR stores its dimensions (formats/onnx/layout.h), so that Transpose nodes
// and the change of layout cost nothing except where a Reshape needs ONNX's own order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "base/status.h"
#include "graph/graph.h"

namespace durward {

struct OnnxReadOptions {
  // For a first dimension that the model leaves open and `dimensions` does not name.
  int64_t batch = 1;
  // Values for the model's other open dimensions: by name ("height" -> 320), or by the name of the
  // input and the dimension's number, from 0 ("input[1]" -> 576).
  std::map<std::string, int64_t> dimensions = {};
  // Integer inputs of one element that are always given this value, by name ("sr" -> 16000): they
  // become constants, and what depends on them alone is folded.
  std::map<std::string, int64_t> fixed_inputs = {};
  // Where external tensor data lie. Empty: the folder of the model file; a model in memory then
  // may not have any.
  std::filesystem::path external_data_folder = {};
};

// Reads a model file or a model in memory. float16, bfloat16 and float64 become float32. Shape
// arithmetic on the (now fixed) shapes is folded. QuantizeLinear and DequantizeLinear become
// Quantize and Dequantize with QuantParams, uint8 shifted to int8; weights stored as integers stay
// integers. Of an If whose condition is constant the branch that is taken is read, any other is not
// supported.
//
// Errors: Unimplemented, one message for all nodes whose op is not supported, with the node, its
// input shapes and what is supported instead; InvalidArgument for a model that is broken or has
// open dimensions; NotFound, PermissionDenied, ResourceExhausted for files. Nothing outside the
// external data folder is ever opened.
[[nodiscard]] absl::StatusOr<Graph> read_onnx(const std::filesystem::path& path,
                                              const OnnxReadOptions& options = {});
[[nodiscard]] absl::StatusOr<Graph> read_onnx(std::span<const std::byte> model,
                                              const OnnxReadOptions& options = {});

}  // namespace durward
