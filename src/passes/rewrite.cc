#include "passes/rewrite.h"

#include <algorithm>

namespace durward {

std::optional<std::span<const float>> constant_floats(const Graph& graph, TensorId id) {
  if (!id.valid()) return std::nullopt;
  const Tensor& tensor = graph.tensor(id);
  if (!tensor.constant() || tensor.type != DataType::kFloat32) return std::nullopt;
  return tensor.values<float>();
}

std::optional<float> uniform_value(const Graph& graph, TensorId id) {
  const auto values = constant_floats(graph, id);
  if (!values || values->empty()) return std::nullopt;
  const float first = values->front();
  const bool uniform =
      std::all_of(values->begin(), values->end(), [first](float v) { return v == first; });
  return uniform ? std::optional(first) : std::nullopt;
}

std::optional<std::vector<float>> channel_values(const Graph& graph, TensorId id,
                                                 int64_t channels) {
  if (const auto uniform = uniform_value(graph, id)) {
    return std::vector<float>(static_cast<size_t>(channels), *uniform);
  }
  const auto values = constant_floats(graph, id);
  if (!values || values->size() != static_cast<size_t>(channels)) return std::nullopt;
  if (channels_of(graph, id) != channels) return std::nullopt;
  return std::vector<float>(values->begin(), values->end());
}

int64_t channels_of(const Graph& graph, TensorId id) {
  const Shape& shape = shape_of(graph, id);
  return shape.empty() ? 1 : shape.back();
}

void set_constant(Graph& graph, NodeId id, size_t position, Shape shape,
                  std::span<const float> values, std::string_view name_if_new) {
  const std::vector<TensorId>& inputs = graph.node(id).inputs;
  const TensorId old = position < inputs.size() ? inputs[position] : TensorId{};
  const bool own = old.valid() && graph.tensor(old).constant() && graph.used_once(old);
  if (own) {
    const auto bytes = std::as_bytes(values);
    Tensor& tensor = graph.mutable_tensor(old);
    tensor.shape = std::move(shape);
    tensor.data = std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
    return;
  }
  const std::string base = old.valid() ? graph.tensor(old).name : std::string(name_if_new);
  graph.set_input(id, position,
                  graph.add_constant<float>(graph.unique_name(base), std::move(shape), values));
}

void forward(Graph& graph, TensorId from, TensorId to) {
  take_trained(graph, from, to);
  graph.replace_all_uses(from, to);
  remove_if_unused(graph, from);
}

void take_trained(Graph& graph, TensorId from, TensorId to) {
  const Tensor& source = graph.tensor(from);
  if (source.trained && !graph.tensor(to).constant()) {
    graph.mutable_tensor(to).trained = source.trained;
  }
}

void become(Graph& graph, NodeId id, Op op, std::vector<TensorId> inputs) {
  const std::vector<TensorId> former = graph.node(id).inputs;
  graph.mutable_op(id) = std::move(op);
  graph.set_inputs(id, std::move(inputs));
  for (const TensorId input : former) {
    if (input.valid()) remove_if_unused(graph, input);
  }
}

void remove_if_unused(Graph& graph, TensorId id) {
  std::vector<TensorId> pending{id};
  while (!pending.empty()) {
    const NodeId producer = graph.producer(pending.back());
    pending.pop_back();
    if (!producer.valid()) continue;
    const std::vector<TensorId>& outputs = graph.node(producer).outputs;
    const bool used = std::any_of(outputs.begin(), outputs.end(), [&graph](TensorId output) {
      return !graph.consumers(output).empty() || graph.is_output(output);
    });
    if (used) continue;
    for (const TensorId input : graph.node(producer).inputs) {
      if (input.valid()) pending.push_back(input);
    }
    graph.remove_node(producer);
  }
}

bool is_binary(const Graph& graph, NodeId id, BinaryKind kind) {
  const Binary* op = graph.op_as<Binary>(id);
  return op != nullptr && op->kind == kind && op->activation == Activation::kNone;
}

}  // namespace durward
