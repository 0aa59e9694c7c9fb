#include <array>
#include <string>

#include "formats/torch/architecture.h"
#include "formats/torch/network_builder.h"

namespace durward {
namespace {

constexpr std::string_view kGlobalConv = "linear7.conv.weight";

constexpr ConvGeometry k3x3 = {.kernel_h = 3, .kernel_w = 3, .stride = 1, .padding = 1};
constexpr ConvGeometry k3x3Halving = {.kernel_h = 3, .kernel_w = 3, .stride = 2, .padding = 1};
constexpr ConvGeometry k1x1 = {};

// Table 1 of the paper: a run of bottlenecks, of which the first has the stride. Their widths are
// the weights' own.
struct Stage {
  int bottlenecks;
  int64_t stride;
};
constexpr std::array<Stage, 5> kStages = {{{5, 2}, {1, 2}, {6, 1}, {1, 2}, {2, 1}}};

// The convolution before the stages halves the input and three stages halve it again.
constexpr int64_t kReduction = 16;

// "conv1", "conv2", ...: convolution, BatchNorm and, unless it is linear, PReLU.
TensorId conv_block(NetworkBuilder& net, TensorId x, const std::string& name,
                    const ConvGeometry& geometry) {
  x = net.conv2d(x, name + ".conv", geometry);
  x = net.batch_norm(x, name + ".bn");
  return net.prelu(x, name + ".prelu");
}

// Expand by 1x1, filter by 3x3, project by 1x1 without an activation; added to its input where
// neither size nor width changes.
TensorId bottleneck(NetworkBuilder& net, TensorId x, const std::string& name, bool residual,
                    const ConvGeometry& filter) {
  const auto layer = [&name](int index) { return name + ".conv." + std::to_string(index); };
  TensorId y = net.conv2d(x, layer(0), k1x1);
  y = net.batch_norm(y, layer(1));
  y = net.prelu(y, layer(2));
  y = net.depthwise_conv2d(y, layer(3), filter);
  y = net.batch_norm(y, layer(4));
  y = net.prelu(y, layer(5));
  y = net.conv2d(y, layer(6), k1x1);
  y = net.batch_norm(y, layer(7));
  return residual ? net.add(x, y, name + ".add") : y;
}

absl::StatusOr<Graph> build(StateDict& weights) {
  DURWARD_ASSIGN_OR_RETURN(const Shape global, weights.shape(kGlobalConv));
  if (global.size() != 4 || global[2] < 1 || global[2] > 64 || global[3] < 1 || global[3] > 64) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", weights.prefix(), std::string(kGlobalConv), ": shape Cx1xHxW with ",
                     "H and W from 1 to 64 is expected, it has ", to_string(global)));
  }
  const ConvGeometry global_filter = {.kernel_h = global[2], .kernel_w = global[3]};

  NetworkBuilder net("MobileFaceNet", weights);
  TensorId x = net.input(global[2] * kReduction, global[3] * kReduction, 3);
  x = conv_block(net, x, "conv1", k3x3Halving);
  x = net.depthwise_conv2d(x, "dw_conv1.conv", k3x3);
  x = net.batch_norm(x, "dw_conv1.bn");
  x = net.prelu(x, "dw_conv1.prelu");
  int block = 0;
  for (const Stage& stage : kStages) {
    for (int i = 0; i < stage.bottlenecks; ++i) {
      const bool halving = i == 0 && stage.stride == 2;
      x = bottleneck(net, x, "blocks." + std::to_string(block++), !halving,
                     halving ? k3x3Halving : k3x3);
    }
  }
  x = conv_block(net, x, "conv2", k1x1);
  x = net.depthwise_conv2d(x, "linear7.conv", global_filter);
  x = net.batch_norm(x, "linear7.bn");
  x = net.conv2d(x, "linear1.conv", k1x1);
  x = net.batch_norm(x, "linear1.bn");
  return net.finish(net.flatten(x, "embedding"), "embedding");
}

}  // namespace

const Architecture kMobileFaceNet = {"MobileFaceNet", kGlobalConv, build};

}  // namespace durward
