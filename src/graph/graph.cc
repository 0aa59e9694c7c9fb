#include "graph/graph.h"

#include <algorithm>
#include <queue>

namespace durward {

TensorId Graph::add_tensor(Tensor tensor) {
  names_.insert(tensor.name);
  tensors_.push_back({std::move(tensor), {}, {}});
  return {static_cast<int32_t>(tensors_.size()) - 1};
}

TensorId Graph::add_tensor(std::string tensor_name, DataType type, Shape shape) {
  return add_tensor(Tensor{std::move(tensor_name), type, std::move(shape), {}, {}});
}

TensorId Graph::add_constant(std::string tensor_name, DataType type, Shape shape,
                             std::vector<std::byte> bytes) {
  return add_tensor(Tensor{std::move(tensor_name),
                           type,
                           std::move(shape),
                           {},
                           std::make_shared<const std::vector<std::byte>>(std::move(bytes))});
}

NodeId Graph::add_node(Op op, std::string node_name, std::vector<TensorId> node_inputs,
                       std::vector<TensorId> node_outputs) {
  const NodeId id{static_cast<int32_t>(nodes_.size())};
  for (const TensorId output : node_outputs)
    tensors_[static_cast<size_t>(output.index)].producer = id;
  nodes_.push_back(
      Node{std::move(op), std::move(node_name), std::move(node_inputs), std::move(node_outputs)});
  ++live_nodes_;
  link_inputs(id);
  return id;
}

absl::StatusOr<TensorId> Graph::add_op(Op op, std::string node_name,
                                       std::vector<TensorId> node_inputs) {
  const TensorId output = add_tensor(node_name, DataType::kFloat32, {});
  const NodeId id = add_node(std::move(op), std::move(node_name), std::move(node_inputs), {output});
  DURWARD_RETURN_IF_ERROR(infer_shapes(*this, id));
  return output;
}

bool Graph::has_node(NodeId id) const {
  return id.valid() && static_cast<size_t>(id.index) < nodes_.size() &&
         nodes_[static_cast<size_t>(id.index)].has_value();
}

NodeId Graph::producer(TensorId id) const {
  return tensors_[static_cast<size_t>(id.index)].producer;
}

const std::vector<NodeId>& Graph::consumers(TensorId id) const {
  return tensors_[static_cast<size_t>(id.index)].consumers;
}

bool Graph::is_output(TensorId id) const {
  return std::any_of(outputs.begin(), outputs.end(),
                     [id](const Port& port) { return port.tensor == id; });
}

bool Graph::is_input(TensorId id) const {
  return std::any_of(inputs.begin(), inputs.end(),
                     [id](const Port& port) { return port.tensor == id; });
}

std::vector<NodeId> Graph::topological_order() const {
  std::vector<int> missing(nodes_.size(), 0);
  std::priority_queue<int32_t, std::vector<int32_t>, std::greater<>> ready;
  for (const NodeId id : node_ids()) {
    const auto index = static_cast<size_t>(id.index);
    for (const TensorId input : node(id).inputs) {
      if (input.valid() && producer(input).valid()) ++missing[index];
    }
    if (missing[index] == 0) ready.push(id.index);
  }
  std::vector<NodeId> order;
  order.reserve(live_nodes_);
  while (!ready.empty()) {
    const NodeId id{ready.top()};
    ready.pop();
    order.push_back(id);
    for (const TensorId output : node(id).outputs) {
      for (const NodeId consumer : consumers(output)) {
        if (--missing[static_cast<size_t>(consumer.index)] == 0) ready.push(consumer.index);
      }
    }
  }
  return order;
}

std::vector<NodeId> Graph::node_ids() const {
  std::vector<NodeId> ids;
  ids.reserve(live_nodes_);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i]) ids.push_back({static_cast<int32_t>(i)});
  }
  return ids;
}

std::vector<TensorId> Graph::tensor_ids() const {
  std::vector<TensorId> ids(tensors_.size());
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = {static_cast<int32_t>(i)};
  return ids;
}

std::string Graph::unique_name(std::string_view base) const {
  std::string unique(base);
  for (int number = 1; names_.contains(unique); ++number) {
    unique = absl::StrCat(std::string(base), "_", number);
  }
  return unique;
}

void Graph::rename_node(NodeId id, std::string new_name) {
  nodes_[static_cast<size_t>(id.index)]->name = std::move(new_name);
}

void Graph::set_input(NodeId id, size_t position, TensorId tensor) {
  std::vector<TensorId> node_inputs = node(id).inputs;
  if (position >= node_inputs.size()) node_inputs.resize(position + 1);
  node_inputs[position] = tensor;
  set_inputs(id, std::move(node_inputs));
}

void Graph::set_inputs(NodeId id, std::vector<TensorId> node_inputs) {
  unlink_inputs(id);
  nodes_[static_cast<size_t>(id.index)]->inputs = std::move(node_inputs);
  link_inputs(id);
}

void Graph::replace_all_uses(TensorId from, TensorId to) {
  if (from == to) return;
  Slot& source = tensors_[static_cast<size_t>(from.index)];
  Slot& target = tensors_[static_cast<size_t>(to.index)];
  for (const NodeId id : source.consumers) {
    for (TensorId& input : nodes_[static_cast<size_t>(id.index)]->inputs) {
      if (input == from) input = to;
    }
    target.consumers.push_back(id);
  }
  source.consumers.clear();
  for (Port& port : outputs) {
    if (port.tensor == from) port.tensor = to;
  }
}

void Graph::set_output(NodeId id, TensorId tensor) {
  std::vector<TensorId>& node_outputs = nodes_[static_cast<size_t>(id.index)]->outputs;
  for (const TensorId old : node_outputs) tensors_[static_cast<size_t>(old.index)].producer = {};
  node_outputs.assign(1, tensor);
  tensors_[static_cast<size_t>(tensor.index)].producer = id;
}

void Graph::remove_node(NodeId id) {
  unlink_inputs(id);
  for (const TensorId output : node(id).outputs) {
    Slot& slot = tensors_[static_cast<size_t>(output.index)];
    if (slot.producer == id) slot.producer = {};
  }
  nodes_[static_cast<size_t>(id.index)].reset();
  --live_nodes_;
}

bool Graph::remove_dead_nodes() {
  std::vector<bool> live(nodes_.size(), false);
  std::vector<NodeId> pending;
  const auto mark = [&](TensorId id) {
    if (!id.valid() || !producer(id).valid()) return;
    const NodeId node_id = producer(id);
    if (live[static_cast<size_t>(node_id.index)]) return;
    live[static_cast<size_t>(node_id.index)] = true;
    pending.push_back(node_id);
  };
  for (const Port& port : outputs) mark(port.tensor);
  while (!pending.empty()) {
    const NodeId id = pending.back();
    pending.pop_back();
    for (const TensorId input : node(id).inputs) mark(input);
  }
  // Whole lists of consumers are filtered at once: taking uses out one by one would be quadratic in
  // a tensor's uses.
  bool removed = false;
  for (Slot& slot : tensors_) {
    std::erase_if(slot.consumers,
                  [&live](NodeId id) { return !live[static_cast<size_t>(id.index)]; });
    if (slot.producer.valid() && !live[static_cast<size_t>(slot.producer.index)]) {
      slot.producer = {};
    }
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i] || live[i]) continue;
    nodes_[i].reset();
    --live_nodes_;
    removed = true;
  }
  return removed;
}

void Graph::compact() {
  std::vector<bool> keep(tensors_.size(), false);
  const auto mark = [&keep](TensorId id) {
    if (id.valid()) keep[static_cast<size_t>(id.index)] = true;
  };
  for (const Port& port : inputs) mark(port.tensor);
  for (const Port& port : outputs) mark(port.tensor);
  for (const NodeId id : node_ids()) {
    for (const TensorId input : node(id).inputs) mark(input);
    for (const TensorId output : node(id).outputs) mark(output);
  }
  std::vector<TensorId> renumbered(tensors_.size());
  std::vector<Slot> kept;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (!keep[i]) continue;
    renumbered[i] = {static_cast<int32_t>(kept.size())};
    kept.push_back({std::move(tensors_[i].tensor), {}, {}});
  }
  const std::vector<NodeId> order = topological_order();
  std::vector<std::optional<Node>> old_nodes;
  old_nodes.swap(nodes_);
  tensors_ = std::move(kept);
  names_.clear();
  for (const Slot& slot : tensors_) names_.insert(slot.tensor.name);
  live_nodes_ = 0;
  const auto renumber = [&renumbered](TensorId& id) {
    if (id.valid()) id = renumbered[static_cast<size_t>(id.index)];
  };
  for (Port& port : inputs) renumber(port.tensor);
  for (Port& port : outputs) renumber(port.tensor);
  for (const NodeId id : order) {
    Node& old = *old_nodes[static_cast<size_t>(id.index)];
    std::for_each(old.inputs.begin(), old.inputs.end(), renumber);
    std::for_each(old.outputs.begin(), old.outputs.end(), renumber);
    add_node(std::move(old.op), std::move(old.name), std::move(old.inputs), std::move(old.outputs));
  }
}

void Graph::unlink_inputs(NodeId id) {
  for (const TensorId input : node(id).inputs) {
    if (!input.valid()) continue;
    std::vector<NodeId>& uses = tensors_[static_cast<size_t>(input.index)].consumers;
    const auto use = std::find(uses.begin(), uses.end(), id);
    if (use != uses.end()) uses.erase(use);
  }
}

void Graph::link_inputs(NodeId id) {
  for (const TensorId input : node(id).inputs) {
    if (input.valid()) tensors_[static_cast<size_t>(input.index)].consumers.push_back(id);
  }
}

}  // namespace durward
