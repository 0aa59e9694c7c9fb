#include "formats/tflite/rebatch.h"

#include <algorithm>
#include <vector>

#include "base/checked.h"

namespace durward {
namespace {

// A tensor is "batched" when its leading dimension is a multiple of the old batch and item is its
// outermost index: what depends on an input. The rest is the same for every item.
class Rebatch {
 public:
  Rebatch(Graph& graph, int64_t from, int64_t to)
      : graph_(graph), from_(from), to_(to), batched_(graph.tensor_ids().size(), false) {}

  absl::Status run() {
    for (const Port& port : graph_.inputs) {
      graph_.mutable_tensor(port.tensor).shape[0] = to_;
      mark(port.tensor);
    }
    for (const NodeId id : graph_.topological_order()) {
      if (!any_batched(id)) continue;
      const absl::Status status = rewrite(id);
      if (!status.ok()) {
        return with_context(
            status, absl::StrCat("node '", graph_.node(id).name,
                                 "': the batch cannot be rewritten from ", from_, " to ", to_));
      }
    }
    for (const Port& port : graph_.outputs) {
      if (!batched(port.tensor)) {
        return absl::InvalidArgumentError(
            absl::StrCat("output '", port.name, "' does not depend on the batch"));
      }
    }
    return absl::OkStatus();
  }

 private:
  [[nodiscard]] bool batched(TensorId id) const {
    return id.valid() && static_cast<size_t>(id.index) < batched_.size() &&
           batched_[static_cast<size_t>(id.index)];
  }
  void mark(TensorId id) { batched_[static_cast<size_t>(id.index)] = true; }
  [[nodiscard]] bool any_batched(NodeId id) const {
    const auto& inputs = graph_.node(id).inputs;
    return std::any_of(inputs.begin(), inputs.end(), [this](TensorId t) { return batched(t); });
  }

  absl::Status rewrite(NodeId id) {
    std::vector<Shape> before;
    for (const TensorId output : graph_.node(id).outputs) {
      before.push_back(graph_.tensor(output).shape);
    }
    DURWARD_RETURN_IF_ERROR(
        std::visit([this, id](auto& op) { return adapt(id, op); }, graph_.mutable_op(id)));
    DURWARD_RETURN_IF_ERROR(infer_shapes(graph_, id));
    const std::vector<TensorId> outputs = graph_.node(id).outputs;
    for (size_t i = 0; i < outputs.size(); ++i) {
      Shape expected = before[i];
      if (expected.empty()) return absl::InvalidArgumentError("its result has no batch");
      DURWARD_RETURN_IF_ERROR(scale(expected[0]));
      if (graph_.tensor(outputs[i]).shape != expected) {
        return absl::InvalidArgumentError(absl::StrCat("its result would be ",
                                                       to_string(graph_.tensor(outputs[i]).shape),
                                                       " instead of ", to_string(expected)));
      }
      mark(outputs[i]);
    }
    return absl::OkStatus();
  }

  absl::Status scale(int64_t& dimension) const {
    const auto scaled = dimension % from_ == 0 ? checked_mul(dimension / from_, to_) : std::nullopt;
    if (!scaled) {
      return absl::InvalidArgumentError(
          absl::StrCat("its leading dimension ", dimension, " is not a multiple of the batch"));
    }
    dimension = *scaled;
    return absl::OkStatus();
  }

  static absl::Status mixes() {
    return absl::InvalidArgumentError("it works across the items of a batch");
  }

  // Ops that treat each leading index alike need nothing.
  template <typename T>
  absl::Status adapt(NodeId id, T& op) {
    if constexpr (requires { op.axis; }) {
      // Softmax, Concat, Split, ...: infer_shapes has made the axis count from the front.
      if (op.axis == 0 && batched(graph_.node(id).inputs[0])) return mixes();
    }
    return broadcast_constants(id);
  }
  absl::Status adapt(NodeId id, Reduce& op) {
    if (std::find(op.axes.begin(), op.axes.end(), 0) != op.axes.end()) return mixes();
    return broadcast_constants(id);
  }
  absl::Status adapt(NodeId, FullyConnected&) { return absl::OkStatus(); }
  absl::Status adapt(NodeId, Conv2D&) { return absl::OkStatus(); }
  absl::Status adapt(NodeId, DepthwiseConv2D&) { return absl::OkStatus(); }
  absl::Status adapt(NodeId, BatchNorm& op) { return op.axis == 0 ? mixes() : absl::OkStatus(); }
  absl::Status adapt(NodeId id, MatMul&) {
    const auto& inputs = graph_.node(id).inputs;
    // [K, N] on the right: the leading dimension is summed over.
    if (batched(inputs[1]) && graph_.tensor(inputs[1]).shape.size() < 3) return mixes();
    return broadcast_constants(id);
  }
  absl::Status adapt(NodeId id, Gather& op) {
    const auto& inputs = graph_.node(id).inputs;
    return op.axis == 0 || batched(inputs[1]) ? mixes() : absl::OkStatus();
  }
  absl::Status adapt(NodeId, Pad& op) {
    return op.before[0] != 0 || op.after[0] != 0 ? mixes() : absl::OkStatus();
  }
  absl::Status adapt(NodeId, Transpose& op) {
    return op.perm.empty() || op.perm[0] != 0 ? mixes() : absl::OkStatus();
  }
  absl::Status adapt(NodeId, Reshape& op) {
    if (op.shape.empty()) return mixes();
    return scale(op.shape[0]);
  }
  absl::Status adapt(NodeId id, Broadcast& op) {
    if (op.shape.size() != graph_.tensor(graph_.node(id).inputs[0]).shape.size()) return mixes();
    return scale(op.shape[0]);
  }
  absl::Status adapt(NodeId, Tile& op) { return op.repeats[0] != 1 ? mixes() : absl::OkStatus(); }
  absl::Status adapt(NodeId id, Slice& op) {
    const int64_t leading = graph_.tensor(graph_.node(id).inputs[0]).shape[0];
    int64_t whole = op.end[0];
    DURWARD_RETURN_IF_ERROR(scale(whole));
    if (op.begin[0] != 0 || op.step[0] != 1 || whole != leading) return mixes();
    op.end[0] = whole;
    return absl::OkStatus();
  }

  // What is the same for every item may be spelled out per item: then one copy per item is kept.
  absl::Status broadcast_constants(NodeId id) {
    const std::vector<TensorId> inputs = graph_.node(id).inputs;
    size_t rank = 0;
    for (const TensorId input : inputs) {
      if (batched(input)) rank = std::max(rank, graph_.tensor(input).shape.size());
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i].valid() || batched(inputs[i])) continue;
      const Tensor& tensor = graph_.tensor(inputs[i]);
      if (tensor.shape.size() < rank || tensor.shape[0] == 1) continue;
      if (tensor.shape.size() > rank || !tensor.constant() || tensor.shape[0] % from_ != 0) {
        return mixes();
      }
      const std::vector<std::byte>& bytes = *tensor.data;
      const auto item = static_cast<ptrdiff_t>(bytes.size() / static_cast<size_t>(from_));
      if (!std::equal(bytes.begin() + item, bytes.end(), bytes.begin())) return mixes();
      Tensor copy = tensor;
      copy.name = absl::StrCat(tensor.name, "/batch_", to_, "_", id.index, "_", i);
      DURWARD_RETURN_IF_ERROR(scale(copy.shape[0]));
      DURWARD_RETURN_IF_ERROR(element_count(copy.shape).status());
      std::vector<std::byte> repeated;
      for (int64_t n = 0; n < to_; ++n) {
        repeated.insert(repeated.end(), bytes.begin(), bytes.begin() + item);
      }
      copy.data = std::make_shared<const std::vector<std::byte>>(std::move(repeated));
      const TensorId replacement = graph_.add_tensor(std::move(copy));
      batched_.resize(static_cast<size_t>(replacement.index) + 1, false);
      graph_.set_input(id, i, replacement);
    }
    return absl::OkStatus();
  }

  Graph& graph_;
  const int64_t from_, to_;
  std::vector<bool> batched_;
};

}  // namespace

int64_t common_batch(const Graph& graph) {
  int64_t batch = 0;
  for (const Port& port : graph.inputs) {
    const Shape& shape = graph.tensor(port.tensor).shape;
    if (shape.empty() || (batch != 0 && shape[0] != batch)) return 0;
    batch = shape[0];
  }
  return batch;
}

absl::Status rebatch(Graph& graph, int64_t batch) {
  const int64_t from = common_batch(graph);
  if (from < 1 || batch < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a batch of ", batch, " from inputs with the leading dimension ", from));
  }
  if (from == batch) return absl::OkStatus();
  DURWARD_RETURN_IF_ERROR(Rebatch(graph, from, batch).run());
  graph.compact();
  return absl::OkStatus();
}

}  // namespace durward
