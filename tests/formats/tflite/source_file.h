// .tflite files as other converters write them, made by hand from the schema's tables.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "formats/tflite/tflite_generated.h"
#include "graph/types.h"

namespace durward {

// A model of one subgraph, whose tables a test may then spoil.
class SourceFile {
 public:
  SourceFile() {
    model.version = 3;
    model.buffers.push_back(std::make_unique<tflite::BufferT>());
    model.subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
  }

  tflite::SubGraphT& subgraph() { return *model.subgraphs[0]; }
  tflite::TensorT& tensor(int32_t i) { return *subgraph().tensors[static_cast<size_t>(i)]; }
  tflite::OperatorT& op(size_t i) { return *subgraph().operators[i]; }

  int32_t add(const std::string& name, tflite::TensorType type, std::vector<int32_t> shape,
              std::vector<float> scales = {}, std::vector<int64_t> zero_points = {},
              int32_t axis = 0) {
    auto added = std::make_unique<tflite::TensorT>();
    added->name = name;
    added->type = type;
    added->shape = std::move(shape);
    if (!scales.empty()) {
      added->quantization = std::make_unique<tflite::QuantizationParametersT>();
      added->quantization->scale = std::move(scales);
      added->quantization->zero_point = std::move(zero_points);
      added->quantization->quantized_dimension = axis;
    }
    subgraph().tensors.push_back(std::move(added));
    return static_cast<int32_t>(subgraph().tensors.size()) - 1;
  }
  template <typename T>
  int32_t fill(int32_t to, const std::vector<T>& values) {
    auto buffer = std::make_unique<tflite::BufferT>();
    const auto bytes = std::as_bytes(std::span(values));
    for (const std::byte byte : bytes) buffer->data.push_back(std::to_integer<uint8_t>(byte));
    tensor(to).buffer = static_cast<uint32_t>(model.buffers.size());
    model.buffers.push_back(std::move(buffer));
    return to;
  }
  void add_op(tflite::BuiltinOperator code, std::vector<int32_t> inputs,
              std::vector<int32_t> outputs, tflite::BuiltinOptionsUnion options = {}) {
    auto operator_code = std::make_unique<tflite::OperatorCodeT>();
    operator_code->deprecated_builtin_code =
        static_cast<int8_t>(std::min<int32_t>(static_cast<int32_t>(code), 127));
    operator_code->builtin_code = code;
    auto added = std::make_unique<tflite::OperatorT>();
    added->opcode_index = static_cast<uint32_t>(model.operator_codes.size());
    added->inputs = std::move(inputs);
    added->outputs = std::move(outputs);
    added->builtin_options = std::move(options);
    model.operator_codes.push_back(std::move(operator_code));
    subgraph().operators.push_back(std::move(added));
  }
  void ports(std::vector<int32_t> inputs, std::vector<int32_t> outputs) {
    subgraph().inputs = std::move(inputs);
    subgraph().outputs = std::move(outputs);
  }
  [[nodiscard]] std::vector<std::byte> bytes() const {
    flatbuffers::FlatBufferBuilder builder;
    tflite::FinishModelBuffer(builder, tflite::Model::Pack(builder, &model));
    const auto view = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    return {view.begin(), view.end()};
  }

  tflite::ModelT model;
};

template <typename Options>
tflite::BuiltinOptionsUnion with_options(Options options) {
  tflite::BuiltinOptionsUnion result;
  result.Set(std::move(options));
  return result;
}

}  // namespace durward
