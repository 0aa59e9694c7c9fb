// Writes the IR as ONNX: float graphs as plain float models, quantised graphs in QDQ format.
//
// Images come out in NCHW, and the order of every value is planned as in the reader
// (formats/onnx/layout.h), so that convolutional models need no Transpose.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace durward {

// How the integers of activations are stored. ONNX Runtime has integer kernels for all of its
// operators only with uint8; weights are int8 either way. The values are the same: q + 128.
enum class OnnxActivationType : uint8_t { kUInt8, kInt8 };

// What the inputs and outputs of an exported quantised model are. kQuantized leaves out the
// Quantize behind each input and the Dequantize before each output: the caller gives and gets the
// integers (of OnnxActivationType).
enum class OnnxPortType : uint8_t { kFloat, kQuantized };

struct OnnxWriteOptions {
  int opset = 13;  // 13 to 21; quantisation to int16 needs 21
  OnnxActivationType activations = OnnxActivationType::kUInt8;
  OnnxPortType ports = OnnxPortType::kFloat;
  // Tensors to give as additional outputs, after the graph's own; for calibration, which reads
  // them from a run in ONNX Runtime. Quantised tensors are given dequantised.
  std::vector<TensorId> extra_outputs = {};
  // The same for every tensor that a node produces.
  bool all_activations = false;
};

// An output of the written model.
struct OnnxOutput {
  std::string name;
  TensorId tensor;    // of the graph
  bool nchw = false;  // it has the NCHW order of the graph's NHWC tensor
};

struct OnnxExport {
  std::string model;                // the serialised bytes
  std::vector<OnnxOutput> outputs;  // in the model's order
};

// The model with what its outputs are. Inputs and outputs keep the names and the layout of the
// source model (Port). The bytes depend on graph and options only. Errors: InvalidArgument for
// options that do not fit the graph, Unimplemented for a form of an op that ONNX cannot express,
// ResourceExhausted over 2 GiB.
[[nodiscard]] absl::StatusOr<OnnxExport> export_onnx(const Graph& graph,
                                                     const OnnxWriteOptions& options = {});

// The bytes of export_onnx.
[[nodiscard]] absl::StatusOr<std::string> write_onnx(const Graph& graph,
                                                     const OnnxWriteOptions& options = {});

}  // namespace durward
