// DepthwiseConv2D over the whole picture  =>  Reshape -> DepthwiseConv2D [H,1] -> Reshape ->
// DepthwiseConv2D [W,1]
//
// The columns become channels of their own (a reshape copies nothing), each is summed with its own
// weights, then the sums are added up. XNNPACK has fast depthwise kernels for up to 25 taps; beyond
// that one such layer costs more than all others together (docs/encodings.md).
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

constexpr int64_t kMostFastTaps = 25;

bool split(Graph& graph, NodeId id) {
  const auto* op = graph.op_as<DepthwiseConv2D>(id);
  if (op == nullptr || !(op->padding == Padding{})) return false;
  const std::vector<TensorId> inputs = graph.node(id).inputs;
  const Shape x = shape_of(graph, inputs[0]);
  const Shape filter = shape_of(graph, inputs[1]);
  const int64_t height = x[1], width = x[2], channels = x[3];
  const Tensor weights = graph.tensor(inputs[1]);
  // A single row or column cannot be made any shorter.
  if (filter != Shape{1, height, width, channels} || height * width <= kMostFastTaps ||
      height == 1 || width == 1 || weights.type != DataType::kFloat32 || !weights.constant()) {
    return false;
  }
  const Activation activation = op->activation;
  const std::string name = graph.node(id).name;
  const auto named = [&](std::string_view part) {
    return graph.unique_name(absl::StrCat(name, ".", std::string(part)));
  };
  // The shapes follow from the layer's own, which was verified: these cannot fail.
  const TensorId side_by_side =
      *graph.add_op(Reshape{{x[0], height, 1, width * channels}}, named("columns"), {inputs[0]});
  const TensorId column_weights = graph.add_constant<float>(
      named("column_weights"), {1, height, 1, width * channels}, weights.values<float>());
  const TensorId sums =
      *graph.add_op(DepthwiseConv2D{}, named("column_sums"), {side_by_side, column_weights});
  const TensorId stacked =
      *graph.add_op(Reshape{{x[0], width, 1, channels}}, named("stacked"), {sums});
  const std::vector<float> ones(static_cast<size_t>(width * channels), 1.0f);
  std::vector<TensorId> last = inputs;
  last[0] = stacked;
  last[1] = graph.add_constant<float>(named("ones"), {1, width, 1, channels}, ones);
  become(graph, id, DepthwiseConv2D{.activation = activation}, std::move(last));
  return true;
}

}  // namespace

bool split_global_depthwise(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.node_ids()) changed = split(graph, id) || changed;
  return changed;
}

}  // namespace durward
