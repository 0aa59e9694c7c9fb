// x / sqrt(max(sum(x^2), e)) | x / max(|x|, e) | x * rsqrt(sum(x^2) + e) | ...  =>  L2Normalize(x)
//
// The length may come from ReduceL2, or from a sum of x^2, x * x or Pow(x, 2), and be brought to
// x's shape by Broadcast or Reshape, as PyTorch's F.normalize exports it. An epsilon that is added,
// not a lower bound, is taken for one where it is at most 1e-6, which changes only what is shorter
// than about a thousandth.
#include <cmath>
#include <limits>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

constexpr float kMostAdded = 1e-6f;

// sum(x^2) along an axis, bounded by epsilon; or its root.
struct Length {
  TensorId x;
  int axis;
  float epsilon = 0;
  bool squared = false;
};

std::optional<int> only_axis(const Reduce& op) {
  return op.axes.size() == 1 ? std::optional(op.axes[0]) : std::nullopt;
}

// x of x * x or Pow(x, 2).
std::optional<TensorId> square_root(const Graph& graph, TensorId id) {
  const NodeId producer = graph.producer(id);
  if (!producer.valid()) return std::nullopt;
  const std::vector<TensorId>& inputs = graph.node(producer).inputs;
  if (is_binary(graph, producer, BinaryKind::kMul) && inputs[0] == inputs[1]) return inputs[0];
  if (is_binary(graph, producer, BinaryKind::kPow) && uniform_value(graph, inputs[1]) == 2.0f) {
    return inputs[0];
  }
  return std::nullopt;
}

std::optional<Length> reduced_length(const Graph& graph, TensorId id) {
  const auto* reduce = graph.producer_as<Reduce>(id);
  if (reduce == nullptr) return std::nullopt;
  const TensorId input = graph.node(graph.producer(id)).inputs[0];
  const auto axis = only_axis(*reduce);
  if (!axis) return std::nullopt;
  switch (reduce->kind) {
    case ReduceKind::kL2:
      return Length{input, *axis, 0, false};
    case ReduceKind::kSumSquare:
      return Length{input, *axis, 0, true};
    case ReduceKind::kSum:
      if (const auto x = square_root(graph, input)) return Length{*x, *axis, 0, true};
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// A bound from below, e, of a value or of a square: max(v, e), or v + e where that is the same.
std::optional<std::pair<TensorId, float>> bounded(const Graph& graph, TensorId id) {
  const NodeId producer = graph.producer(id);
  const std::vector<TensorId>& inputs = graph.node(producer).inputs;
  if (const auto* clip = graph.op_as<Clip>(producer)) {
    if (clip->max < std::numeric_limits<float>::max()) return std::nullopt;
    return std::pair(inputs[0], clip->min);
  }
  const bool added = is_binary(graph, producer, BinaryKind::kAdd);
  if (!added && !is_binary(graph, producer, BinaryKind::kMaximum)) return std::nullopt;
  for (const size_t side : {size_t{0}, size_t{1}}) {
    const auto bound = uniform_value(graph, inputs[side]);
    if (bound && (!added || *bound <= kMostAdded)) return std::pair(inputs[1 - side], *bound);
  }
  return std::nullopt;
}

std::optional<Length> length(const Graph& graph, TensorId id) {
  // A few nodes at most lie between the reduction and the division; from here on they change the
  // length found at the end.
  constexpr int kMostSteps = 6;
  bool rooted = false;  // a Sqrt was passed, so that what comes is squared
  float bound = 0, squared_bound = 0;
  for (int step = 0; step < kMostSteps; ++step) {
    const NodeId producer = graph.producer(id);
    if (!producer.valid()) return std::nullopt;
    if (auto found = reduced_length(graph, id)) {
      if (found->squared != rooted) return std::nullopt;
      found->epsilon = std::max(bound * bound, squared_bound);
      return found;
    }
    const Node& node = graph.node(producer);
    const auto* unary = std::get_if<Unary>(&node.op);
    if (unary != nullptr && unary->kind == UnaryKind::kSqrt && !rooted) {
      rooted = true;
      id = node.inputs[0];
    } else if (std::holds_alternative<Broadcast>(node.op) ||
               std::holds_alternative<Reshape>(node.op)) {
      id = node.inputs[0];
    } else if (const auto lower = bounded(graph, id); lower && lower->second >= 0) {
      (rooted ? squared_bound : bound) = lower->second;
      id = lower->first;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

// The divisor of x: Div(x, divisor), or Mul(x, Rsqrt(square)) as the root of that square.
std::optional<Length> divisor(const Graph& graph, TensorId id, bool divided) {
  if (divided) return length(graph, id);
  const auto* unary = graph.producer_as<Unary>(id);
  if (unary == nullptr || unary->kind != UnaryKind::kRsqrt) return std::nullopt;
  const TensorId square = graph.node(graph.producer(id)).inputs[0];
  auto lower = graph.producer(square).valid() ? bounded(graph, square) : std::nullopt;
  auto found = reduced_length(graph, lower ? lower->first : square);
  if (!found || !found->squared) return std::nullopt;
  if (lower) found->epsilon = lower->second;
  return found;
}

// The divisor has one element along the axis and x's elements along the others.
bool spans_axis(const Graph& graph, TensorId value, const Length& length) {
  const Shape& x = shape_of(graph, length.x);
  Shape kept = x;
  kept[static_cast<size_t>(length.axis)] = 1;
  const Shape& shape = shape_of(graph, value);
  return shape == kept || shape == x;
}

}  // namespace

bool recognize_l2_normalize(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id)) continue;
    const bool divided = is_binary(graph, id, BinaryKind::kDiv);
    if (!divided && !is_binary(graph, id, BinaryKind::kMul)) continue;
    const std::vector<TensorId> inputs = graph.node(id).inputs;
    for (const size_t side : {size_t{1}, size_t{0}}) {
      if (divided && side == 0) continue;
      const auto found = divisor(graph, inputs[side], divided);
      if (!found || found->x != inputs[1 - side]) continue;
      if (!(found->epsilon >= 0) || !spans_axis(graph, inputs[side], *found)) continue;
      become(graph, id, L2Normalize{found->axis, found->epsilon}, {found->x});
      changed = true;
      break;
    }
  }
  return changed;
}

}  // namespace durward
