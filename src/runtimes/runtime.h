// One interface to whatever executes a model: our own executor, ONNX Runtime, LiteRT, OpenVINO.
// SDK headers appear in this folder's .cc files and nowhere else. A runtime that was not found at
// build or load time answers Unavailable, saying what to install.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/types.h"

namespace durward {

enum class RuntimeKind : uint8_t { kReference, kEngine, kOnnxRuntime, kLiteRt, kOpenVino };

[[nodiscard]] std::string_view to_string(
    RuntimeKind kind);  // "reference", "engine", "onnxruntime", "litert", "openvino"

struct PortInfo {
  std::string name;
  DataType type = DataType::kFloat32;
  Shape shape;  // as the model file has it (NCHW or NHWC), dynamic dimensions as 1
  std::optional<QuantParams> quant;  // of an integer port, per tensor; not told by all
};

struct RuntimeOptions {
  int threads = 1;
  bool profile = false;  // collect per-op records: slower
  // Not to plan the memory of a whole run ahead: less of it where most tensors are outputs. For
  // ONNX Runtime.
  bool unplanned_memory = false;
  // To give what the model says also where the processor would saturate sums of int8 products (see
  // saturates_int8_sums()); int8 layers take longer there. For ONNX Runtime and OpenVINO, whose
  // defaults do saturate; false to measure them as they are.
  bool exact = true;
};

// Where a node of the executed graph ran: what fused, what stayed float.
struct OpRecord {
  std::string name;               // the runtime's name of the node
  std::string op;                 // the runtime's op or kernel type, e.g. "QLinearConv", "Add (ND)"
  std::string device;             // "cpu", "xnnpack", ...
  std::string precision;          // "int8", "float32", ...: what the kernel computes in
  double microseconds = 0;        // mean over the profiled runs
  std::vector<double> runs = {};  // microseconds of each; empty where only their mean is told
};

// A loaded model, ready to run. One thread at a time may call run().
class RuntimeModel {
 public:
  virtual ~RuntimeModel() = default;

  [[nodiscard]] virtual RuntimeKind kind() const = 0;
  [[nodiscard]] virtual const std::vector<PortInfo>& inputs() const = 0;
  [[nodiscard]] virtual const std::vector<PortInfo>& outputs() const = 0;

  // Raw bytes in and out, one span per port, each exactly elements(shape) * size_of(type) bytes.
  // InvalidArgument on a wrong count or size; Internal with the runtime's own words where it fails;
  // the outputs are then undefined.
  [[nodiscard]] virtual absl::Status run(std::span<const std::span<const std::byte>> inputs,
                                         std::span<const std::span<std::byte>> outputs) = 0;

  // Per-op records over the runs before the first call, which ends the recording; in order of
  // execution. FailedPrecondition unless loaded with options.profile.
  [[nodiscard]] virtual absl::StatusOr<std::vector<OpRecord>> profile() = 0;
};

// Loads a model file by its ending: .bundle (our engine), .onnx and .ort (ONNX
// Runtime), .tflite (LiteRT), .onnx, .tflite and .xml (OpenVINO). Errors: NotFound, InvalidArgument
// (the runtime refuses the model), Unavailable.
[[nodiscard]] absl::StatusOr<std::unique_ptr<RuntimeModel>> load_model(
    RuntimeKind kind, const std::filesystem::path& path, const RuntimeOptions& options);

// The same for an ONNX model in memory (ONNX Runtime only).
[[nodiscard]] absl::StatusOr<std::unique_ptr<RuntimeModel>> load_onnx_model(
    std::span<const std::byte> model, const RuntimeOptions& options);

// The external runtimes found by this build and present on this machine.
[[nodiscard]] std::vector<RuntimeKind> available_runtimes();
// Whether it is one of those, or our own.
[[nodiscard]] bool is_available(RuntimeKind kind);

}  // namespace durward
