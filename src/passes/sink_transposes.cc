// Transpose -> op that minds no order  =>  op -> Transpose
//
// Elementwise ops, Binary with a constant or with another value transposed alike, BatchNorm,
// Softmax, L2Normalize, Reduce, Pad, Slice and Tile along their axes, Concat of values transposed
// alike. So transposes meet and cancel, or reach the place that another rewrite folds them into.
#include <algorithm>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

using Permutation = std::vector<int>;

Permutation inverse(const Permutation& perm) {
  Permutation result(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) {
    result[static_cast<size_t>(perm[i])] = static_cast<int>(i);
  }
  return result;
}

// `list`, one entry per dimension of the transposed value, for the value before the Transpose.
std::vector<int64_t> before_transpose(const std::vector<int64_t>& list, const Permutation& perm) {
  std::vector<int64_t> result(list.size());
  for (size_t i = 0; i < list.size(); ++i) result[static_cast<size_t>(perm[i])] = list[i];
  return result;
}

// An op to run before the Transpose, and the Transpose to run after it instead.
struct Sunk {
  Op op;
  Permutation perm;
};

// How each op looks from before a Transpose of its (first) input; nullopt where it minds the order.
class BeforeTranspose {
 public:
  explicit BeforeTranspose(const Permutation& perm) : perm_(perm) {}

  std::optional<Sunk> operator()(const Binary& op) const { return Sunk{op, perm_}; }
  std::optional<Sunk> operator()(const Unary& op) const { return Sunk{op, perm_}; }
  std::optional<Sunk> operator()(const LeakyRelu& op) const { return Sunk{op, perm_}; }
  std::optional<Sunk> operator()(const Clip& op) const { return Sunk{op, perm_}; }
  std::optional<Sunk> operator()(const HardSigmoid& op) const { return Sunk{op, perm_}; }
  std::optional<Sunk> operator()(const PRelu& op) const { return Sunk{op, perm_}; }
  std::optional<Sunk> operator()(const Cast& op) const { return Sunk{op, perm_}; }
  std::optional<Sunk> operator()(const Softmax& op) const { return along_axis(op); }
  std::optional<Sunk> operator()(const BatchNorm& op) const { return along_axis(op); }
  std::optional<Sunk> operator()(const L2Normalize& op) const { return along_axis(op); }
  std::optional<Sunk> operator()(const Concat& op) const { return along_axis(op); }
  std::optional<Sunk> operator()(const Reduce& op) const {
    Reduce reduce = op;
    for (int& axis : reduce.axes) axis = perm_[static_cast<size_t>(axis)];
    std::sort(reduce.axes.begin(), reduce.axes.end());
    if (op.keep_dims) return Sunk{reduce, perm_};
    // Of the dimensions that are left, which comes where.
    Permutation left;
    for (const int axis : perm_) {
      if (std::binary_search(reduce.axes.begin(), reduce.axes.end(), axis)) continue;
      const auto dropped = std::count_if(reduce.axes.begin(), reduce.axes.end(),
                                         [axis](int reduced) { return reduced < axis; });
      left.push_back(axis - static_cast<int>(dropped));
    }
    return Sunk{reduce, left};
  }
  std::optional<Sunk> operator()(const Pad& op) const {
    return Sunk{
        Pad{before_transpose(op.before, perm_), before_transpose(op.after, perm_), op.value},
        perm_};
  }
  std::optional<Sunk> operator()(const Slice& op) const {
    return Sunk{Slice{before_transpose(op.begin, perm_), before_transpose(op.end, perm_),
                      before_transpose(op.step, perm_)},
                perm_};
  }
  std::optional<Sunk> operator()(const Tile& op) const {
    return Sunk{Tile{before_transpose(op.repeats, perm_)}, perm_};
  }
  template <typename T>
  std::optional<Sunk> operator()(const T&) const {
    return std::nullopt;
  }

 private:
  template <typename T>
  std::optional<Sunk> along_axis(T op) const {
    op.axis = perm_[static_cast<size_t>(op.axis)];
    return Sunk{op, perm_};
  }
  const Permutation& perm_;
};

// Whether the op's other inputs must follow the order of the first: those of elementwise ops of two
// values. (A BatchNorm's belong to its axis.)
bool inputs_follow(const Op& op) {
  return std::holds_alternative<Binary>(op) || std::holds_alternative<PRelu>(op) ||
         std::holds_alternative<Concat>(op);
}

// A constant operand of a value that is no longer transposed: all its dimensions, then the inverse
// order. fold_constants evaluates the two nodes.
std::optional<TensorId> untransposed_constant(Graph& graph, TensorId id, const Permutation& perm) {
  Shape shape = shape_of(graph, id);
  const std::string name = graph.tensor(id).name;
  if (elements(shape) == 1 && shape.size() <= 1) return id;
  if (shape.size() > perm.size() || graph.tensor(id).quant) return std::nullopt;
  shape.insert(shape.begin(), perm.size() - shape.size(), 1);
  const auto whole = graph.add_op(Reshape{shape}, graph.unique_name(name), {id});
  if (!whole.ok()) return std::nullopt;
  const auto turned = graph.add_op(Transpose{inverse(perm)}, graph.unique_name(name), {*whole});
  if (!turned.ok()) return std::nullopt;
  return *turned;
}

// The Transpose that made `id`, where nothing else uses its output.
const Transpose* own_transpose(const Graph& graph, TensorId id) {
  return graph.used_once(id) ? graph.producer_as<Transpose>(id) : nullptr;
}

bool sink_into(Graph& graph, NodeId id) {
  // A quantised value would need its parameters moved along.
  if (graph.tensor(output_of(graph, id)).quant) return false;
  const std::vector<TensorId> inputs = graph.node(id).inputs;
  const Op op = graph.node(id).op;
  const bool follow = inputs_follow(op);
  // The first transposed input decides; in a Binary it may be the second.
  const Transpose* transpose = nullptr;
  for (size_t i = 0; i < (follow ? inputs.size() : 1) && transpose == nullptr; ++i) {
    if (inputs[i].valid()) transpose = own_transpose(graph, inputs[i]);
  }
  if (transpose == nullptr) return false;
  const Permutation perm = transpose->perm;
  const std::optional<Sunk> sunk = std::visit(BeforeTranspose(perm), op);
  if (!sunk) return false;
  for (size_t i = 0; follow && i < inputs.size(); ++i) {
    const Transpose* other = own_transpose(graph, inputs[i]);
    if (other != nullptr ? other->perm != perm : !graph.tensor(inputs[i]).constant()) return false;
    if (shape_of(graph, inputs[i]).size() > perm.size()) return false;
  }
  std::vector<TensorId> earlier = inputs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (i > 0 && !follow) break;
    if (own_transpose(graph, inputs[i]) != nullptr) {
      earlier[i] = graph.node(graph.producer(inputs[i])).inputs[0];
    } else {
      const auto constant = untransposed_constant(graph, inputs[i], perm);
      if (!constant) return false;
      earlier[i] = *constant;
    }
  }
  const std::string name = graph.node(id).name;
  const auto moved = graph.add_op(sunk->op, graph.unique_name(name), earlier);
  if (!moved.ok()) return false;
  become(graph, id, Transpose{sunk->perm}, {*moved});
  return true;
}

}  // namespace

bool sink_transposes(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id) || graph.node(id).inputs.empty()) continue;
    if (graph.node(id).outputs.size() == 1) changed |= sink_into(graph, id);
  }
  return changed;
}

}  // namespace durward
