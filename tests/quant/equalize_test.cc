#include "quant/equalize.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "quant/small_nets.h"

namespace durward {
namespace {

struct Equalized {
  Graph graph;
  Calibration calibration;
  int64_t tensors = 0;
};

Equalized equalized(const Graph& graph, const std::vector<std::vector<float>>& inputs,
                    const EqualizeOptions& options = {}) {
  Equalized result{graph, calibrate_on(graph, inputs), 0};
  const auto count = equalize(result.graph, result.calibration, options);
  EXPECT_TRUE(count.ok()) << count.status();
  result.tensors = count.value_or(0);
  return result;
}

// The widest channel of a tensor over the median one.
double spread(const TensorStatistics& statistics) {
  std::vector<double> widths;
  for (size_t c = 0; c < statistics.minimum.size(); ++c) {
    widths.push_back(double{statistics.maximum[c]} - double{statistics.minimum[c]});
  }
  std::sort(widths.begin(), widths.end());
  return widths.back() / widths[widths.size() / 2];
}

TEST(Equalize, KeepsWhatTheGraphComputes) {
  for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kPRelu}) {
    const Graph graph = inverted_residual(activation, 50);
    const auto inputs = random_inputs(graph, 8, 2);
    const Equalized result = equalized(graph, inputs);
    EXPECT_GT(result.tensors, 5);
    EXPECT_GT(agreement(graph, result.graph, inputs), 1 - 1e-10);
    EXPECT_TRUE(verify(result.graph).ok());
  }
}

TEST(Equalize, EvensOutTheChannelsInFrontOfADepthwiseConvolution) {
  const Graph graph = inverted_residual(Activation::kPRelu, 200);
  const auto inputs = random_inputs(graph, 16, 2);
  const Calibration before = calibrate_on(graph, inputs);
  const Equalized result = equalized(graph, inputs);
  for (const NodeId id : graph.node_ids()) {
    if (graph.op_as<DepthwiseConv2D>(id) == nullptr) continue;
    const TensorId input = graph.node(id).inputs[0];
    EXPECT_GT(spread(before.tensors.at(input)), 4);
    EXPECT_LT(spread(result.calibration.tensors.at(input)), 2);
  }
}

TEST(Equalize, BringsTheCalibrationAlong) {
  const Graph graph = inverted_residual(Activation::kPRelu, 50);
  const auto inputs = random_inputs(graph, 8, 2);
  const Equalized result = equalized(graph, inputs);
  const Calibration measured = calibrate_on(result.graph, inputs);
  for (const auto& [id, expected] : measured.tensors) {
    const TensorStatistics& carried = result.calibration.tensors.at(id);
    for (int64_t c = 0; c < expected.channels(); ++c) {
      const auto i = static_cast<size_t>(c);
      const double tolerance = 1e-4 * std::max(-expected.minimum[i], expected.maximum[i]);
      EXPECT_NEAR(carried.minimum[i], expected.minimum[i], tolerance);
      EXPECT_NEAR(carried.maximum[i], expected.maximum[i], tolerance);
      EXPECT_NEAR(carried.mean[i], expected.mean[i], tolerance);
      uint64_t counted = 0;
      for (int bin = 0; bin <= kHistogramBins; ++bin) counted += carried.histograms.count(c, bin);
      EXPECT_GT(counted, 0u);
      EXPECT_GE(carried.histograms.bin_width(c) * kHistogramBins / 2,
                double{carried.maximum[i]} * 0.999);
    }
  }
}

TEST(Equalize, WidensRelu6ChannelsOnlyUpToTheClip) {
  NetBuilder net(4);
  const TensorId x = net.input({1, 6, 6, 4});
  net.output(net.depthwise(net.conv(x, 12, 1, Activation::kRelu6, 100), Activation::kRelu6));
  const auto inputs = random_inputs(net.graph, 30, 2);
  // Every channel that was seen to reach six keeps its factor of one.
  const Equalized result = equalized(net.graph, inputs);
  EXPECT_EQ(result.tensors, 1);
  EXPECT_GT(agreement(net.graph, result.graph, inputs), 1 - 1e-10);
  const TensorId wide = net.graph.node(net.graph.producer(net.graph.outputs[0].tensor)).inputs[0];
  const Calibration before = calibrate_on(net.graph, inputs);
  for (size_t c = 0; c < 12; ++c) {
    const float was = before.tensors.at(wide).maximum[c];
    const float is = result.calibration.tensors.at(wide).maximum[c];
    // (A channel that is a thousandth of that is not blown up all the way.)
    if (was > 0.01f) {
      EXPECT_NEAR(is, std::max(was, 6 / 1.1f), 1e-3);
    }
  }
  EqualizeOptions leave;
  leave.relu6_margin = 0;
  EXPECT_EQ(equalized(net.graph, inputs, leave).tensors, 0);
}

TEST(Equalize, LeavesTensorsAloneThatSomethingElseUses) {
  NetBuilder net(4);
  const TensorId x = net.input({1, 6, 6, 4});
  const TensorId wide = net.conv(x, 8, 1, Activation::kRelu, 100);
  net.output(net.depthwise(wide, Activation::kNone));
  net.output(net.op(Unary{UnaryKind::kSigmoid}, {wide}));
  Graph graph = net.graph;
  Calibration calibration = calibrate_on(
      [&] {
        Graph one = net.graph;
        one.outputs.resize(1);
        return one;
      }(),
      random_inputs(graph, 4, 2));
  const auto count = equalize(graph, calibration, {});
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(*count, 0);
}

TEST(Equalize, RefusesTheCalibrationOfAnotherGraph) {
  Graph graph = inverted_residual(Activation::kRelu, 5);
  Calibration empty;
  EXPECT_EQ(equalize(graph, empty, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace durward
