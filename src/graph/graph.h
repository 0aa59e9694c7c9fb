// The IR: a graph of tensors and nodes in single-assignment form. Every stage of the tool chain
// reads and rewrites it: formats import to it and export from it, passes rewrite it, quant gives
// its tensors QuantParams, compile interprets and lowers it.
//
// Ids stay valid while a graph lives; removed nodes and tensors leave a hole until compact().
// Not thread-safe while it is changed; const access from many threads is safe.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/status.h"
#include "graph/ops.h"
#include "graph/types.h"

namespace durward {

struct TensorId {
  int32_t index = -1;
  [[nodiscard]] bool valid() const { return index >= 0; }
  auto operator<=>(const TensorId&) const = default;
};

struct NodeId {
  int32_t index = -1;
  [[nodiscard]] bool valid() const { return index >= 0; }
  auto operator<=>(const NodeId&) const = default;
};

// Immutable bytes of a constant, shared between copies of a graph.
using Buffer = std::shared_ptr<const std::vector<std::byte>>;

struct Tensor {
  std::string name;
  DataType type = DataType::kFloat32;
  Shape shape;
  std::optional<QuantParams> quant;  // set on kInt8, kUInt8, kInt16 and quantised kInt32 tensors
  Buffer data;  // set on constants: elements(shape) * size_of(type) bytes, little-endian
  // Of a float tensor: the int8 parameters that quantisation-aware training arrived at for it
  // (take_quantization in passes/passes.h). quantize() keeps them where they still hold.
  std::optional<QuantParams> trained = {};

  [[nodiscard]] bool constant() const { return data != nullptr; }
  // The constant's elements; T must match `type`.
  template <typename T>
  [[nodiscard]] std::span<const T> values() const {
    return {reinterpret_cast<const T*>(data->data()), data->size() / sizeof(T)};
  }
};

struct Node {
  Op op;
  std::string name;
  std::vector<TensorId> inputs;  // an invalid id is an optional input left out
  std::vector<TensorId> outputs;
};

// How the source model laid out a graph input or output; exports restore it. The IR tensor of a
// kNchw port is the NHWC permutation of what the source model takes or gives.
enum class PortLayout : uint8_t { kAsIs, kNchw };

struct Port {
  TensorId tensor;
  std::string name;  // the source model's name, kept by exports
  PortLayout layout = PortLayout::kAsIs;
};

class Graph {
 public:
  std::string name;
  std::vector<Port> inputs;
  std::vector<Port> outputs;

  // ---- building ----
  TensorId add_tensor(Tensor tensor);
  TensorId add_tensor(std::string tensor_name, DataType type, Shape shape);
  TensorId add_constant(std::string tensor_name, DataType type, Shape shape,
                        std::vector<std::byte> bytes);
  template <typename T>  // float, int8_t, int16_t, int32_t or int64_t
  TensorId add_constant(std::string tensor_name, Shape shape, std::span<const T> values);

  // Adds a node; each output must be a tensor without a producer.
  NodeId add_node(Op op, std::string node_name, std::vector<TensorId> node_inputs,
                  std::vector<TensorId> node_outputs);

  // Adds a node and its single output tensor, whose type and shape are inferred. Errors: as
  // infer_shapes.
  absl::StatusOr<TensorId> add_op(Op op, std::string node_name, std::vector<TensorId> node_inputs);

  // ---- reading ----
  [[nodiscard]] const Tensor& tensor(TensorId id) const {
    return tensors_[static_cast<size_t>(id.index)].tensor;
  }
  [[nodiscard]] const Node& node(NodeId id) const { return *nodes_[static_cast<size_t>(id.index)]; }
  [[nodiscard]] bool has_node(NodeId id) const;
  [[nodiscard]] NodeId producer(TensorId id) const;  // invalid for inputs and constants
  // Every use by a node input, once per use. A graph output is not in it: see is_output.
  [[nodiscard]] const std::vector<NodeId>& consumers(TensorId id) const;
  [[nodiscard]] bool is_output(TensorId id) const;
  [[nodiscard]] bool is_input(TensorId id) const;
  // True where one node input is the only use: a rewrite may then change or drop the tensor.
  [[nodiscard]] bool used_once(TensorId id) const {
    return consumers(id).size() == 1 && !is_output(id);
  }
  // The producer's op if it is a T, else nullptr.
  template <typename T>
  [[nodiscard]] const T* producer_as(TensorId id) const;
  template <typename T>
  [[nodiscard]] const T* op_as(NodeId id) const {
    return std::get_if<T>(&node(id).op);
  }

  // Nodes, each after the producers of its inputs; ties by id, so the order is deterministic. The
  // nodes of a cycle are left out (verify() reports them).
  [[nodiscard]] std::vector<NodeId> topological_order() const;
  [[nodiscard]] std::vector<NodeId> node_ids() const;      // live nodes by id
  [[nodiscard]] std::vector<TensorId> tensor_ids() const;  // all tensors by id
  [[nodiscard]] size_t node_count() const { return live_nodes_; }
  [[nodiscard]] size_t tensor_count() const { return tensors_.size(); }  // holes included
  // `base`, or `base` with the first number after it that no tensor was added under.
  [[nodiscard]] std::string unique_name(std::string_view base) const;

  // ---- rewriting ----
  [[nodiscard]] Tensor& mutable_tensor(TensorId id) {
    return tensors_[static_cast<size_t>(id.index)].tensor;
  }
  [[nodiscard]] Op& mutable_op(NodeId id) { return nodes_[static_cast<size_t>(id.index)]->op; }
  void rename_node(NodeId id, std::string new_name);
  void set_input(NodeId id, size_t position, TensorId tensor);
  void set_inputs(NodeId id, std::vector<TensorId> node_inputs);
  // Every use of `from`, graph outputs included, becomes a use of `to`. A node that makes `to` out
  // of `from` must be added, or given its input, afterwards.
  void replace_all_uses(TensorId from, TensorId to);
  // Makes `id` produce `tensor` instead of its only output; another producer of `tensor` must be
  // removed next.
  void set_output(NodeId id, TensorId tensor);
  void remove_node(NodeId id);
  // Removes the nodes that no graph output depends on, in time linear in the graph. Returns whether
  // there were any.
  bool remove_dead_nodes();
  // Drops holes and unused tensors; renumbers in topological order. Every id held outside becomes
  // invalid. The graph must have no cycle.
  void compact();

 private:
  struct Slot {
    Tensor tensor;
    NodeId producer;
    std::vector<NodeId> consumers;
  };
  void unlink_inputs(NodeId id);
  void link_inputs(NodeId id);

  std::vector<Slot> tensors_;
  std::unordered_set<std::string> names_;  // of every tensor added
  std::vector<std::optional<Node>> nodes_;
  size_t live_nodes_ = 0;
};

template <typename T>
TensorId Graph::add_constant(std::string tensor_name, Shape shape, std::span<const T> values) {
  constexpr DataType type = std::is_same_v<T, float>     ? DataType::kFloat32
                            : std::is_same_v<T, int8_t>  ? DataType::kInt8
                            : std::is_same_v<T, int16_t> ? DataType::kInt16
                            : std::is_same_v<T, int32_t> ? DataType::kInt32
                                                         : DataType::kInt64;
  static_assert(type != DataType::kInt64 || std::is_same_v<T, int64_t>);
  const auto bytes = std::as_bytes(values);
  return add_constant(std::move(tensor_name), type, std::move(shape), {bytes.begin(), bytes.end()});
}

template <typename T>
const T* Graph::producer_as(TensorId id) const {
  if (!id.valid()) return nullptr;
  const NodeId node_id = producer(id);
  return node_id.valid() ? op_as<T>(node_id) : nullptr;
}

// The types and shapes of a node's outputs from its op and inputs; writes them into the output
// tensors, and makes a negative axis of the op count from the front. A Quantize keeps the integer
// type of its output tensor, int8 where that is float. InvalidArgument where parameters or inputs
// do not fit the op, naming node, op and shapes. Never allocates by a size from the model.
[[nodiscard]] absl::Status infer_shapes(Graph& graph, NodeId id);

// infer_shapes for every node in topological order.
[[nodiscard]] absl::Status infer_all_shapes(Graph& graph);

// Checks what every pass relies on: ids in range, single producers, no cycle, shapes as inferred,
// constants of the right size, finite scales > 0, unique tensor names, outputs produced. Internal
// where it fails, naming node or tensor. In time linear in nodes and tensors but for the ordering.
[[nodiscard]] absl::Status verify(const Graph& graph);

// The value of a node whose inputs are all constant (shape arithmetic and elementwise float alike;
// of a ShapeOf whatever its input is): its outputs become constants, under the same ids and names,
// and the node is removed. False where an input is not constant, the op is not evaluated here or
// the result is larger than max_elements. InvalidArgument where it has no value: integer overflow,
// division by zero.
[[nodiscard]] absl::StatusOr<bool> fold_constant(Graph& graph, NodeId id,
                                                 int64_t max_elements = 1 << 24);

// The graph as text, a line per node; for people and tests.
[[nodiscard]] std::string to_string(const Graph& graph);

}  // namespace durward
