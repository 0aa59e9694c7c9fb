// TensorFlow Lite models (.tflite, schema version 3): read to the IR and written from it.
//
// Reading checks the file as hostile input and then turns each operator into IR nodes. Writing
// follows the TFLite INT8 quantisation specification, so that a quantised graph is re-encoded
// without arithmetic of its own. docs/formats-tflite.md lists the operators on both
// sides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/tflite/tflite_ops.h"
#include "graph/graph.h"

namespace durward {

struct TfliteReadOptions {
  // The batch that the graph is rewritten to when all inputs have one leading dimension, which is
  // then taken to be the batch. Without a value, and where the leading dimensions differ, the
  // file's stays. At least 1.
  std::optional<int64_t> batch = 1;
};

// Reads a float32, float16-weight, dynamic-range or full-integer model.
//
// Constants behind DEQUANTIZE and integer weights of float operators become float32. Fused
// activations become Unary nodes, but stay fused in an integer operator. uint8 quantisation is
// shifted to int8. Quantised ports become float32 ports behind a Quantize or before a Dequantize
// node. Shapes are inferred, not believed.
//
// Errors: those of read_file; InvalidArgument for a damaged or inconsistent file (cause and tensor
// or operator are named); Unimplemented for what the IR cannot express, listing every such operator
// with its shapes.
[[nodiscard]] absl::StatusOr<Graph> read_tflite(const std::filesystem::path& path,
                                                const TfliteReadOptions& options = {});
[[nodiscard]] absl::StatusOr<Graph> read_tflite(std::span<const std::byte> bytes,
                                                const TfliteReadOptions& options = {});

struct TfliteWriteOptions {
  // int8 inputs and outputs where the graph quantises first and dequantises last; their scales and
  // zero points are in the file.
  bool int8_ports = false;
  // What the file's reader takes. Older ones than TfliteOps::kCurrent get an int8 FullyConnected
  // with a scale per channel as a CONV_2D of one pixel, which computes the same bits.
  TfliteOps ops = TfliteOps::kCurrent;
  std::string description = "durward";
};

// Writes a float graph as a float32 model and a quantised graph as an INT8 model. The same graph
// gives the same bytes. kNchw ports are written as the IR has them, NHWC: TFLite's own layout.
//
// An activation with a fixed quantisation in TFLite (Softmax, Sigmoid, Tanh, L2Normalize) and an op
// that must not requantise there (Concat, Pad, pooling, Resize, ...) get a QUANTIZE operator where
// the graph's scales differ from that.
//
// Errors: Unimplemented, listing every node that TFLite, or the wanted TfliteOps, has no operator
// for (in int8, or at all),
// among them a quantised fused PRelu, which needs the pass write_prelu_as_extrema first;
// InvalidArgument for a graph that does not verify, or for int8_ports without quantised ports;
// ResourceExhausted for 2 GB of constants.
[[nodiscard]] absl::StatusOr<std::vector<std::byte>> write_tflite(
    const Graph& graph, const TfliteWriteOptions& options = {});

}  // namespace durward
