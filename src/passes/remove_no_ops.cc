// op(x), whose value is x  =>  x
//
// Identity, Cast to the same type, Reshape, Broadcast and Resize to the same shape, Transpose that
// keeps the order, Pad by nothing, Tile by 1, whole Slice, Concat of one, Add 0, Sub 0, Mul 1, Div
// 1, Pow 1, PRelu and LeakyRelu of slope 1, Clip to everything, pooling over 1x1, reduction over
// dimensions of size 1, Relu of what is not negative.
#include <algorithm>
#include <limits>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// Which input the node's output equals in value, given that types and shapes agree; -1 for none.
class SameAs {
 public:
  SameAs(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  int operator()(const Identity&) const { return 0; }
  int operator()(const Cast&) const { return 0; }  // the types agree
  int operator()(const Reshape&) const { return 0; }
  int operator()(const Broadcast&) const { return 0; }
  int operator()(const Tile&) const { return 0; }
  int operator()(const Pad&) const { return 0; }
  int operator()(const Concat&) const { return node_.inputs.size() == 1 ? 0 : -1; }
  int operator()(const Split&) const { return node_.outputs.size() == 1 ? 0 : -1; }
  int operator()(const Resize&) const { return 0; }  // every coordinate rule maps a size to itself
  int operator()(const Transpose& op) const {
    return std::is_sorted(op.perm.begin(), op.perm.end()) ? 0 : -1;
  }
  int operator()(const Slice& op) const {
    // Whole, and forwards along every dimension that has an order.
    for (size_t i = 0; i < op.step.size(); ++i) {
      if (op.step[i] < 0 && graph_.tensor(node_.inputs[0]).shape[i] > 1) return -1;
    }
    return 0;
  }
  int operator()(const Reduce& op) const {
    // The shapes agree: only dimensions of size 1 are reduced. The others give squares.
    return op.kind == ReduceKind::kMean || op.kind == ReduceKind::kSum ||
                   op.kind == ReduceKind::kMax || op.kind == ReduceKind::kMin
               ? 0
               : -1;
  }
  int operator()(const Pool2D& op) const {
    return op.kernel_h == 1 && op.kernel_w == 1 && op.stride_h == 1 && op.stride_w == 1 ? 0 : -1;
  }
  int operator()(const DepthToSpace& op) const { return op.block == 1 ? 0 : -1; }
  int operator()(const SpaceToDepth& op) const { return op.block == 1 ? 0 : -1; }
  int operator()(const LeakyRelu& op) const { return op.alpha == 1 ? 0 : -1; }
  int operator()(const PRelu&) const { return value(1) == 1.0f ? 0 : -1; }
  int operator()(const Clip& op) const {
    constexpr float kMost = std::numeric_limits<float>::max();
    return op.min <= -kMost && op.max >= kMost ? 0 : -1;
  }
  int operator()(const Unary& op) const {
    const auto* before = graph_.producer_as<Unary>(node_.inputs[0]);
    if (before == nullptr) return -1;
    const bool relu6 = before->kind == UnaryKind::kRelu6;
    const bool not_negative = relu6 || before->kind == UnaryKind::kRelu ||
                              before->kind == UnaryKind::kSigmoid ||
                              before->kind == UnaryKind::kAbs;
    if (op.kind == UnaryKind::kRelu || op.kind == UnaryKind::kAbs) return not_negative ? 0 : -1;
    return op.kind == UnaryKind::kRelu6 && relu6 ? 0 : -1;
  }
  int operator()(const Binary& op) const {
    if (op.activation != Activation::kNone) return -1;
    switch (op.kind) {
      case BinaryKind::kAdd:
        return neutral_on_either_side(0);
      case BinaryKind::kMul:
        return neutral_on_either_side(1);
      case BinaryKind::kSub:
        return value(1) == 0.0f ? 0 : -1;
      case BinaryKind::kDiv:
      case BinaryKind::kPow:
        return value(1) == 1.0f ? 0 : -1;
      case BinaryKind::kMaximum:
      case BinaryKind::kMinimum:
        return node_.inputs[0] == node_.inputs[1] ? 0 : -1;
      case BinaryKind::kLess:
      case BinaryKind::kGreaterOrEqual:
        return -1;
    }
    return -1;
  }
  template <typename T>
  int operator()(const T&) const {
    return -1;
  }

 private:
  std::optional<float> value(size_t input) const {
    return uniform_value(graph_, node_.inputs[input]);
  }
  int neutral_on_either_side(float neutral) const {
    if (value(1) == neutral) return 0;
    return value(0) == neutral ? 1 : -1;
  }

  const Graph& graph_;
  const Node& node_;
};

}  // namespace

bool remove_no_ops(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    const int same = std::visit(SameAs(graph, node), node.op);
    if (same < 0) continue;
    const TensorId from = node.outputs[0];
    const TensorId to = node.inputs[static_cast<size_t>(same)];
    const Tensor& x = graph.tensor(to);
    const Tensor& y = graph.tensor(from);
    if (x.type != y.type || x.shape != y.shape || x.quant != y.quant) continue;
    // A graph output stays a node's output of its own: exports need a name for each.
    if (graph.is_output(from) && (!graph.producer(to).valid() || graph.is_output(to))) continue;
    take_trained(graph, from, to);
    graph.replace_all_uses(from, to);
    graph.remove_node(id);
    changed = true;
  }
  return changed;
}

}  // namespace durward
