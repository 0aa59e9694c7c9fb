// A node of an ONNX graph with typed access to its attributes.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

// Attribute getters return the default where the attribute is absent. Where it has another type
// they do too, and status() says so: whoever handles the node checks it once, at the end.
class NodeView {
 public:
  NodeView(const onnx::NodeProto& node, int opset) : node_(node), opset_(opset) {}

  [[nodiscard]] const onnx::NodeProto& proto() const { return node_; }
  [[nodiscard]] const std::string& op() const { return node_.op_type(); }
  [[nodiscard]] int opset() const { return opset_; }
  // The node's name, or that of its first output.
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] std::string where() const;  // "Conv node 'conv1'", for messages

  [[nodiscard]] bool has_input(int index) const;
  [[nodiscard]] bool has_output(int index) const;
  [[nodiscard]] const std::string& output(int index) const { return node_.output(index); }

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] int64_t get_int(std::string_view name, int64_t fallback) const;
  [[nodiscard]] float get_float(std::string_view name, float fallback) const;
  [[nodiscard]] std::string get_string(std::string_view name, std::string_view fallback) const;
  [[nodiscard]] std::vector<int64_t> get_ints(std::string_view name,
                                              std::vector<int64_t> fallback = {}) const;
  [[nodiscard]] std::vector<float> get_floats(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> get_strings(std::string_view name) const;
  [[nodiscard]] const onnx::TensorProto* get_tensor(std::string_view name) const;
  [[nodiscard]] const onnx::GraphProto* get_graph(std::string_view name) const;

  [[nodiscard]] const absl::Status& status() const { return status_; }

  // Errors about this node: "Conv node 'conv1': message".
  [[nodiscard]] absl::Status invalid(std::string_view message) const;
  [[nodiscard]] absl::Status unimplemented(std::string_view message) const;

 private:
  [[nodiscard]] const onnx::AttributeProto* find(std::string_view name) const;
  [[nodiscard]] const onnx::AttributeProto* find(std::string_view name,
                                                 onnx::AttributeProto::AttributeType type) const;

  const onnx::NodeProto& node_;
  int opset_;
  mutable absl::Status status_;
};

}  // namespace durward
