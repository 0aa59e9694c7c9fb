#include <gtest/gtest.h>

#include "graph/graph.h"

namespace durward {
namespace {

TEST(Print, GivesALinePerPortAndNode) {
  Graph graph;
  graph.name = "tiny";
  const TensorId x = graph.add_tensor("data", DataType::kFloat32, {1, 4, 4, 3});
  const std::vector<float> weights(static_cast<size_t>(2 * 3 * 3 * 3), 1.0f);
  const TensorId kernel = graph.add_constant<float>("w", {2, 3, 3, 3}, weights);
  const TensorId y = *graph.add_op(
      Conv2D{
          .stride_h = 2, .stride_w = 2, .padding = {0, 1, 0, 1}, .activation = Activation::kRelu},
      "conv", {x, kernel});
  const TensorId q = *graph.add_op(Quantize{}, "q", {y});
  graph.mutable_tensor(q).quant = QuantParams{{0.25f}, {-3}, -1};
  graph.inputs.push_back({x, "data", PortLayout::kNchw});
  graph.outputs.push_back({q, "result", PortLayout::kAsIs});
  EXPECT_EQ(to_string(graph),
            "graph tiny\n"
            "  input data = data: float32[1x4x4x3] (NCHW in the source)\n"
            "  conv: float32[1x2x2x2] = Conv2D(data, w: float32[2x3x3x3]), stride 2x2, "
            "padding [0,1,0,1], then Relu\n"
            "  q: int8[1x2x2x2] (scale 0.25, zero point -3) = Quantize(conv)\n"
            "  output result = q\n");
}

TEST(Print, NamesOpsByWhatTheyCompute) {
  EXPECT_EQ(op_name(Binary{BinaryKind::kMaximum}), "Maximum");
  EXPECT_EQ(op_name(Unary{UnaryKind::kHardSwish}), "HardSwish");
  EXPECT_EQ(op_name(Pool2D{PoolKind::kAverage}), "AveragePool2D");
  EXPECT_EQ(op_name(Reduce{ReduceKind::kL2}), "ReduceL2");
}

}  // namespace
}  // namespace durward
