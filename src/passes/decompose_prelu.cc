// PRelu(x, a)           =>  Relu(x) + a * min(x, 0) | x + (a - 1) * min(x, 0) | max(x, a * x)
// c -> PRelu(a)         =>  Relu(c') + c'', c' = |1 - a| * c, c'' = +-a * c
#include <algorithm>
#include <cmath>
#include <limits>

#include "passes/layer_use.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// Builds the nodes that take a PRelu's place, named after it.
class Replacement {
 public:
  Replacement(Graph& graph, NodeId prelu) : graph_(graph), name_(graph.node(prelu).name) {}

  std::string named(std::string_view suffix) const {
    return graph_.unique_name(absl::StrCat(name_, ".", std::string(suffix)));
  }
  TensorId add(std::string_view suffix, Op op, std::vector<TensorId> inputs) {
    // The shapes are those of the PRelu, which was verified: this cannot fail.
    return *graph_.add_op(std::move(op), named(suffix), std::move(inputs));
  }
  TensorId constant(std::string_view suffix, const std::vector<float>& values) {
    return graph_.add_constant<float>(named(suffix), {static_cast<int64_t>(values.size())}, values);
  }

 private:
  Graph& graph_;
  std::string name_;
};

TensorId negative_part(Replacement& nodes, TensorId x) {
  return nodes.add("negative", Clip{-std::numeric_limits<float>::infinity(), 0}, {x});
}

void write_relu_pair(Graph& graph, NodeId prelu, const std::vector<float>& slope) {
  Replacement nodes(graph, prelu);
  const TensorId x = graph.node(prelu).inputs[0];
  const TensorId positive = nodes.add("positive", Unary{UnaryKind::kRelu}, {x});
  const TensorId negative = negative_part(nodes, x);
  const TensorId scaled =
      nodes.add("scaled", Binary{BinaryKind::kMul}, {negative, nodes.constant("slope", slope)});
  become(graph, prelu, Binary{BinaryKind::kAdd}, {positive, scaled});
}

void write_minimum(Graph& graph, NodeId prelu, std::vector<float> slope) {
  Replacement nodes(graph, prelu);
  const TensorId x = graph.node(prelu).inputs[0];
  for (float& s : slope) s -= 1;
  const TensorId negative = negative_part(nodes, x);
  const TensorId scaled =
      nodes.add("scaled", Binary{BinaryKind::kMul}, {negative, nodes.constant("slope", slope)});
  become(graph, prelu, Binary{BinaryKind::kAdd}, {x, scaled});
}

void write_maximum(Graph& graph, NodeId prelu, const std::vector<float>& slope) {
  Replacement nodes(graph, prelu);
  const TensorId x = graph.node(prelu).inputs[0];
  const TensorId scaled =
      nodes.add("scaled", Binary{BinaryKind::kMul}, {x, nodes.constant("slope", slope)});
  become(graph, prelu, Binary{BinaryKind::kMaximum}, {x, scaled});
}

// -1 for the channels that a convex form can only give negated.
std::vector<double> signs_of(const std::vector<float>& slope) {
  std::vector<double> signs;
  for (const float a : slope) signs.push_back(a > 1 ? -1 : 1);
  return signs;
}

// max(x, a * x) is x, then a * x, from left to right where a > 1: of -x it gives -PRelu(x). So a
// channel with a slope above 1 comes negated from the layer before and is taken so by those after.
bool negate_steep_channels(Graph& graph, NodeId prelu, const std::vector<float>& slope) {
  const std::vector<double> signs = signs_of(slope);
  if (std::count(signs.begin(), signs.end(), -1) == 0) return true;
  const auto layer = own_layer(graph, graph.node(prelu).inputs[0]);
  if (!layer || !only_layers_use(graph, output_of(graph, prelu))) return false;
  scale_outputs(graph, *layer, signs, std::vector<double>(signs.size(), 0.0));
  scale_users(graph, output_of(graph, prelu), signs);
  return true;
}

// Relu((1 - a) * c) + a * c is right where a <= 1. Above 1 a PRelu is concave, and only its
// negative is such a sum: |1 - a| * relu(c) - a * c.
bool write_doubled_convolution(Graph& graph, NodeId prelu, const std::vector<float>& slope) {
  const TensorId x = graph.node(prelu).inputs[0];
  const TensorId y = output_of(graph, prelu);
  const auto layer = own_layer(graph, x);
  if (!layer) return false;
  const std::vector<double> signs = signs_of(slope);
  if (std::count(signs.begin(), signs.end(), -1) > 0) {
    if (!only_layers_use(graph, y)) return false;
    scale_users(graph, y, signs);
  }
  std::vector<double> kinked, straight;
  for (size_t c = 0; c < slope.size(); ++c) {
    kinked.push_back(std::fabs(1.0 - slope[c]));
    straight.push_back(signs[c] * slope[c]);
  }
  const std::vector<double> no_shift(slope.size(), 0.0);
  Replacement nodes(graph, prelu);
  const TensorId linear = nodes.add("straight", graph.node(*layer).op, graph.node(*layer).inputs);
  scale_outputs(graph, graph.producer(linear), straight, no_shift);
  scale_outputs(graph, *layer, kinked, no_shift);
  const TensorId positive = nodes.add("kinked", Unary{UnaryKind::kRelu}, {x});
  become(graph, prelu, Binary{BinaryKind::kAdd}, {positive, linear});
  return true;
}

}  // namespace

bool decompose_prelu(Graph& graph, PreluEncoding encoding) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id) || graph.op_as<PRelu>(id) == nullptr) continue;
    const std::vector<TensorId>& inputs = graph.node(id).inputs;
    if (graph.tensor(inputs[0]).type != DataType::kFloat32) continue;
    const auto slope = channel_values(graph, inputs[1], channels_of(graph, inputs[0]));
    if (!slope || slope->empty()) continue;
    changed = true;
    switch (encoding) {
      case PreluEncoding::kMinimum:
        write_minimum(graph, id, *slope);
        continue;
      case PreluEncoding::kMaximum:
        if (negate_steep_channels(graph, id, *slope)) {
          write_maximum(graph, id, *slope);
          continue;
        }
        break;
      case PreluEncoding::kDoubledConvolution:
        if (write_doubled_convolution(graph, id, *slope)) continue;
        break;
      case PreluEncoding::kReluPair:
        break;
    }
    write_relu_pair(graph, id, *slope);
  }
  return changed;
}

}  // namespace durward
