// A .tflite file whose structure was checked: every index that is followed later is in range, every
// size fits its data.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/tflite/tflite_generated.h"
#include "graph/types.h"

namespace durward {

struct SourceTensor {
  std::string name;  // "tensor 7" where the file has none
  tflite::TensorType type = tflite::TensorType::FLOAT32;
  Shape shape;
  std::optional<QuantParams> quant;
  bool constant = false;
  uint32_t buffer = 0;
  std::span<const std::byte> data;  // of a constant; a view into the file

  // The IR's element type; nullopt for a type that the IR lacks.
  [[nodiscard]] std::optional<DataType> data_type() const;
};

struct SourceOperator {
  size_t index = 0;
  tflite::BuiltinOperator code = tflite::BuiltinOperator::ADD;
  std::string name;  // "CONV_2D", or a custom operator's own
  const tflite::Operator* table = nullptr;
  std::vector<int32_t> inputs;  // -1: left out
  std::vector<int32_t> outputs;
};

struct SourceModel {
  // Keeps the bytes that the tables and constants are views of.
  std::vector<std::byte> bytes;
  std::string name;
  std::vector<SourceTensor> tensors;
  std::vector<SourceOperator> operators;  // each after the producers of its inputs
  std::vector<int32_t> inputs, outputs;
};

// Errors: InvalidArgument (damaged or inconsistent), Unimplemented (several subgraphs, sparse or
// variable tensors, data outside the FlatBuffer).
[[nodiscard]] absl::StatusOr<SourceModel> open_source_model(std::span<const std::byte> bytes);

// "CONV_2D" operator 3 ('features/conv', 1x112x112x3, 64x3x3x3, 64 -> 1x56x56x64)
[[nodiscard]] std::string describe(const SourceModel& model, const SourceOperator& op);

}  // namespace durward
