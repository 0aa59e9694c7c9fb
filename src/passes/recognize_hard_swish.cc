// clip(x + 3, 0, 6) / 6 | clip(x / 6 + 0.5, 0, 1)  =>  HardSigmoid(x)
// x * HardSigmoid(x) with 1/6 and 0.5 | x * relu6(x + 3) / 6  =>  HardSwish(x)
#include <cmath>

#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

bool near(double a, double b) { return std::fabs(a - b) <= 1e-6 * std::fabs(b); }

// scale * x + shift with one scale and one shift for all channels.
struct Line {
  TensorId x;
  double scale, shift;
};

std::optional<Line> as_line(const Graph& graph, TensorId id) {
  const NodeId producer = graph.producer(id);
  const auto affine = producer.valid() ? as_affine(graph, producer) : std::nullopt;
  if (!affine || affine->scale.empty()) return std::nullopt;
  for (size_t c = 1; c < affine->scale.size(); ++c) {
    if (affine->scale[c] != affine->scale[0] || affine->shift[c] != affine->shift[0]) {
      return std::nullopt;
    }
  }
  return Line{affine->input, affine->scale[0], affine->shift[0]};
}

// As as_line, through two nodes (a product and a sum) where they make one.
Line line_of(const Graph& graph, TensorId id) {
  Line line{id, 1, 0};
  for (int i = 0; i < 2; ++i) {
    const auto earlier = as_line(graph, line.x);
    if (!earlier) break;
    line = {earlier->x, line.scale * earlier->scale, line.scale * earlier->shift + line.shift};
  }
  return line;
}

std::optional<TensorId> relu6_input(const Graph& graph, TensorId id) {
  const auto* unary = graph.producer_as<Unary>(id);
  if (unary == nullptr || unary->kind != UnaryKind::kRelu6) return std::nullopt;
  return graph.node(graph.producer(id)).inputs[0];
}

// relu6(x + 3)
std::optional<TensorId> shifted_relu6_input(const Graph& graph, TensorId id) {
  const auto inner = relu6_input(graph, id);
  if (!inner) return std::nullopt;
  const auto line = as_line(graph, *inner);
  if (!line || line->scale != 1 || line->shift != 3) return std::nullopt;
  return line->x;
}

std::optional<std::pair<HardSigmoid, TensorId>> hard_sigmoid(const Graph& graph, NodeId id) {
  const TensorId output = output_of(graph, id);
  if (const auto* clip = graph.op_as<Clip>(id); clip != nullptr && *clip == Clip{0, 1}) {
    const Line line = line_of(graph, graph.node(id).inputs[0]);
    // A mere clip to 0..1 is no HardSigmoid to anybody.
    if (line.x == graph.node(id).inputs[0] || line.scale <= 0) return std::nullopt;
    return std::pair(HardSigmoid{static_cast<float>(line.scale), static_cast<float>(line.shift)},
                     line.x);
  }
  const auto sixth = as_line(graph, output);
  if (!sixth || !near(sixth->scale, 1.0 / 6) || sixth->shift != 0) return std::nullopt;
  const auto x = shifted_relu6_input(graph, sixth->x);
  if (!x) return std::nullopt;
  return std::pair(HardSigmoid{1.0f / 6, 0.5f}, *x);
}

// The x of x * g(x), where g_input(tensor) gives the x of a g.
template <typename GInput>
std::optional<TensorId> times_itself(const Graph& graph, NodeId id, const GInput& g_input) {
  if (!is_binary(graph, id, BinaryKind::kMul)) return std::nullopt;
  const std::vector<TensorId>& inputs = graph.node(id).inputs;
  for (const size_t side : {size_t{0}, size_t{1}}) {
    const std::optional<TensorId> x = g_input(inputs[side]);
    if (x && *x == inputs[1 - side]) return x;
  }
  return std::nullopt;
}

std::optional<TensorId> swish_hard_sigmoid_input(const Graph& graph, TensorId id) {
  const auto* sigmoid = graph.producer_as<HardSigmoid>(id);
  if (sigmoid == nullptr || !near(sigmoid->alpha, 1.0 / 6) || sigmoid->beta != 0.5f) {
    return std::nullopt;
  }
  return graph.node(graph.producer(id)).inputs[0];
}

std::optional<TensorId> hard_swish_input(const Graph& graph, NodeId id) {
  const auto by_sigmoid =
      times_itself(graph, id, [&graph](TensorId g) { return swish_hard_sigmoid_input(graph, g); });
  if (by_sigmoid) return by_sigmoid;
  const auto shifted = [&graph](TensorId g) { return shifted_relu6_input(graph, g); };
  // (x * relu6(x + 3)) / 6
  const auto sixth = as_line(graph, output_of(graph, id));
  if (sixth && near(sixth->scale, 1.0 / 6) && sixth->shift == 0) {
    const NodeId product = graph.producer(sixth->x);
    return product.valid() ? times_itself(graph, product, shifted) : std::nullopt;
  }
  // (x / 6) * relu6(x + 3)
  if (!is_binary(graph, id, BinaryKind::kMul)) return std::nullopt;
  const std::vector<TensorId>& inputs = graph.node(id).inputs;
  for (const size_t side : {size_t{0}, size_t{1}}) {
    const auto x = shifted(inputs[side]);
    const auto scaled = as_line(graph, inputs[1 - side]);
    if (x && scaled && scaled->x == *x && near(scaled->scale, 1.0 / 6) && scaled->shift == 0) {
      return x;
    }
  }
  return std::nullopt;
}

}  // namespace

bool recognize_hard_swish(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id) || graph.node(id).inputs.empty()) continue;
    if (const auto x = hard_swish_input(graph, id)) {
      become(graph, id, Unary{UnaryKind::kHardSwish}, {*x});
      changed = true;
    } else if (const auto sigmoid = hard_sigmoid(graph, id)) {
      become(graph, id, sigmoid->first, {sigmoid->second});
      changed = true;
    }
  }
  return changed;
}

}  // namespace durward
