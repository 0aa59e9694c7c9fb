// PRelu(x, a)  =>  Relu(x) + a * min(x, 0) | max(x, a * x) | a * x + Relu((1 - a) * x)
// c -> PRelu   =>  max(c, a * c) | a * c + Relu((1 - a) * c), each product a layer of its own
#include <algorithm>
#include <limits>

#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// Writes one PRelu in another form; the new nodes are named after it.
class Decomposition {
 public:
  Decomposition(Graph& graph, NodeId prelu, const std::vector<float>& slope)
      : graph_(graph),
        prelu_(prelu),
        x_(graph.node(prelu).inputs[0]),
        name_(graph.node(prelu).name),
        slope_(slope) {
    for (const float a : slope) rest_.push_back(1 - a);
  }

  // True where the layer that makes x may be doubled.
  bool follows_layer() const { return own_layer(graph_, x_).has_value(); }
  bool follows_dense_layer() const {
    const auto layer = own_layer(graph_, x_);
    return layer && graph_.op_as<DepthwiseConv2D>(*layer) == nullptr;
  }

  void write_relu_pair() {
    const TensorId positive = add("positive", Unary{UnaryKind::kRelu}, {x_});
    const TensorId negative =
        add("negative", Clip{-std::numeric_limits<float>::infinity(), 0}, {x_});
    finish(BinaryKind::kAdd, positive, product(negative, slope_, "scaled"));
  }
  void write_maximum() { finish(BinaryKind::kMaximum, x_, product(x_, slope_, "scaled")); }
  void write_scaled_copy() { finish(BinaryKind::kMaximum, x_, depthwise(slope_, "scaled")); }
  void write_scaled_sum() {
    const TensorId kinked = add("kinked", Unary{UnaryKind::kRelu}, {depthwise(rest_, "rest")});
    finish(BinaryKind::kAdd, product(x_, slope_, "scaled"), kinked);
  }
  void write_doubled_maximum() { finish(BinaryKind::kMaximum, x_, layer_copy(slope_)); }
  void write_doubled_sum() {
    const TensorId scaled = layer_copy(slope_);
    scale(*own_layer(graph_, x_), rest_);
    finish(BinaryKind::kAdd, add("kinked", Unary{UnaryKind::kRelu}, {x_}), scaled);
  }

 private:
  std::string named(const char* suffix) const {
    return graph_.unique_name(absl::StrCat(name_, ".", suffix));
  }
  TensorId add(const char* suffix, Op op, std::vector<TensorId> inputs) {
    // The shapes are those of the PRelu, which was verified: this cannot fail.
    return *graph_.add_op(std::move(op), named(suffix), std::move(inputs));
  }
  TensorId product(TensorId x, const std::vector<float>& factors, const char* suffix) {
    const TensorId constant =
        graph_.add_constant<float>(named("slope"), {static_cast<int64_t>(factors.size())}, factors);
    return add(suffix, Binary{BinaryKind::kMul}, {x, constant});
  }
  // factors * x by a depthwise convolution, which runtimes fuse and quantise per channel; by a Mul
  // where x is no image.
  TensorId depthwise(const std::vector<float>& factors, const char* suffix) {
    if (shape_of(graph_, x_).size() != 4) return product(x_, factors, suffix);
    const TensorId weights = graph_.add_constant<float>(
        named("slope"), {1, 1, 1, static_cast<int64_t>(factors.size())}, factors);
    return add(suffix, DepthwiseConv2D{}, {x_, weights});
  }
  // The layer that makes x once more, with its output scaled.
  TensorId layer_copy(const std::vector<float>& factors) {
    const NodeId layer = *own_layer(graph_, x_);
    const TensorId copy = add("scaled", graph_.node(layer).op, graph_.node(layer).inputs);
    scale(graph_.producer(copy), factors);
    return copy;
  }
  void scale(NodeId layer, const std::vector<float>& factors) {
    scale_outputs(graph_, layer, std::vector<double>(factors.begin(), factors.end()),
                  std::vector<double>(factors.size(), 0.0));
  }
  void finish(BinaryKind kind, TensorId a, TensorId b) {
    become(graph_, prelu_, Binary{kind}, {a, b});
  }

  Graph& graph_;
  const NodeId prelu_;
  const TensorId x_;
  const std::string name_;
  const std::vector<float> slope_;
  std::vector<float> rest_;  // 1 - slope
};

void decompose(Decomposition prelu, PreluEncoding encoding) {
  switch (encoding) {
    case PreluEncoding::kReluPair:
      return prelu.write_relu_pair();
    case PreluEncoding::kMaximum:
      return prelu.write_maximum();
    case PreluEncoding::kScaledCopy:
      return prelu.write_scaled_copy();
    case PreluEncoding::kScaledSum:
      return prelu.write_scaled_sum();
    case PreluEncoding::kDoubledLayer:
      return prelu.follows_layer() ? prelu.write_doubled_maximum() : prelu.write_scaled_copy();
    case PreluEncoding::kDoubledDenseLayer:
      return prelu.follows_dense_layer() ? prelu.write_doubled_maximum()
                                         : prelu.write_scaled_copy();
    case PreluEncoding::kDoubledLayerSum:
      return prelu.follows_layer() ? prelu.write_doubled_sum() : prelu.write_scaled_sum();
  }
}

}  // namespace

bool decompose_prelu(Graph& graph, PreluEncoding encoding) {
  bool changed = encoding != PreluEncoding::kReluPair && limit_prelu_slopes(graph);
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id) || graph.op_as<PRelu>(id) == nullptr) continue;
    const auto slope = prelu_slope(graph, id);
    if (!slope) continue;
    // Only a convex function is a maximum or such a sum.
    const bool convex = std::all_of(slope->begin(), slope->end(), [](float a) { return a <= 1; });
    decompose(Decomposition(graph, id, *slope), convex ? encoding : PreluEncoding::kReluPair);
    changed = true;
  }
  return changed;
}

}  // namespace durward
