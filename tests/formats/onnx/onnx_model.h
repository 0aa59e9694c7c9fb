// Builds small ONNX models for tests.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace durward {

class OnnxNode {
 public:
  explicit OnnxNode(onnx::NodeProto* node) : node_(node) {}
  OnnxNode& name(const std::string& value) {
    node_->set_name(value);
    return *this;
  }
  OnnxNode& domain(const std::string& value) {
    node_->set_domain(value);
    return *this;
  }
  OnnxNode& set(const std::string& key, int64_t value) {
    onnx::AttributeProto& attribute = add(key, onnx::AttributeProto::INT);
    attribute.set_i(value);
    return *this;
  }
  OnnxNode& set(const std::string& key, float value) {
    onnx::AttributeProto& attribute = add(key, onnx::AttributeProto::FLOAT);
    attribute.set_f(value);
    return *this;
  }
  OnnxNode& set_text(const std::string& key, const std::string& value) {
    onnx::AttributeProto& attribute = add(key, onnx::AttributeProto::STRING);
    attribute.set_s(value);
    return *this;
  }
  OnnxNode& set(const std::string& key, const std::vector<int64_t>& values) {
    onnx::AttributeProto& attribute = add(key, onnx::AttributeProto::INTS);
    for (const int64_t value : values) attribute.add_ints(value);
    return *this;
  }
  OnnxNode& set_tensor(const std::string& key, const onnx::TensorProto& value) {
    *add(key, onnx::AttributeProto::TENSOR).mutable_t() = value;
    return *this;
  }

 private:
  onnx::AttributeProto& add(const std::string& key, onnx::AttributeProto::AttributeType type) {
    onnx::AttributeProto& attribute = *node_->add_attribute();
    attribute.set_name(key);
    attribute.set_type(type);
    return attribute;
  }
  onnx::NodeProto* node_;
};

template <typename T>
onnx::TensorProto onnx_tensor(const std::string& name, onnx::TensorProto::DataType type,
                              const std::vector<int64_t>& shape, const std::vector<T>& values) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const int64_t dimension : shape) tensor.add_dims(dimension);
  tensor.set_raw_data(values.data(), values.size() * sizeof(T));
  return tensor;
}

class OnnxModel {
 public:
  explicit OnnxModel(int opset) : opset_(opset) {
    model_.set_ir_version(opset >= 21 ? 10 : opset >= 19 ? 9 : opset >= 10 ? 5 : 4);
    model_.add_opset_import()->set_version(opset);
    graph().set_name("test");
  }

  [[nodiscard]] int opset() const { return opset_; }
  onnx::ModelProto& proto() { return model_; }
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }

  // Declares an input or output; a dimension below 0 is open.
  void input(const std::string& name, const std::vector<int64_t>& shape,
             int type = onnx::TensorProto::FLOAT) {
    declare(*graph().add_input(), name, shape, type);
  }
  void output(const std::string& name, const std::vector<int64_t>& shape,
              int type = onnx::TensorProto::FLOAT) {
    declare(*graph().add_output(), name, shape, type);
  }

  void floats(const std::string& name, const std::vector<int64_t>& shape,
              const std::vector<float>& values) {
    *graph().add_initializer() = onnx_tensor(name, onnx::TensorProto::FLOAT, shape, values);
  }
  void integers(const std::string& name, const std::vector<int64_t>& values) {
    const auto size = static_cast<int64_t>(values.size());
    *graph().add_initializer() = onnx_tensor(name, onnx::TensorProto::INT64, {size}, values);
  }
  template <typename T>
  void constant(const std::string& name, onnx::TensorProto::DataType type,
                const std::vector<int64_t>& shape, const std::vector<T>& values) {
    *graph().add_initializer() = onnx_tensor(name, type, shape, values);
  }

  OnnxNode node(const std::string& op, const std::vector<std::string>& inputs,
                const std::vector<std::string>& outputs) {
    onnx::NodeProto* node = graph().add_node();
    node->set_op_type(op);
    for (const std::string& input : inputs) node->add_input(input);
    for (const std::string& output : outputs) node->add_output(output);
    return OnnxNode(node);
  }

  [[nodiscard]] std::string bytes() const { return model_.SerializeAsString(); }

 private:
  static void declare(onnx::ValueInfoProto& info, const std::string& name,
                      const std::vector<int64_t>& shape, int type) {
    info.set_name(name);
    auto& proto = *info.mutable_type()->mutable_tensor_type();
    proto.set_elem_type(type);
    proto.mutable_shape();
    for (const int64_t dimension : shape) {
      auto* dim = proto.mutable_shape()->add_dim();
      if (dimension >= 0) dim->set_dim_value(dimension);
    }
  }

  int opset_;
  onnx::ModelProto model_;
};

[[nodiscard]] inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace durward
