#include <string>

#include "formats/torch/architecture.h"
#include "formats/torch/network_builder.h"

namespace durward {
namespace {

constexpr std::string_view kGlobalFilter = "conv_6_dw.conv.weight";

constexpr ConvGeometry kFasFilter = {.kernel_h = 3, .kernel_w = 3, .stride = 1, .padding = 1};
constexpr ConvGeometry kFasHalving = {.kernel_h = 3, .kernel_w = 3, .stride = 2, .padding = 1};

// conv1, conv_23, conv_34 and conv_45 halve the input.
constexpr int64_t kFasReduction = 16;

// BatchNorm and PReLU behind a convolution.
TensorId activated(NetworkBuilder& net, TensorId x, const std::string& block) {
  x = net.batch_norm(x, block + ".bn");
  return net.prelu(x, block + ".prelu");
}

// Squeeze and excitation (Hu et al., CVPR 2018): a weight for each channel from the means of all.
TensorId excite(NetworkBuilder& net, TensorId x, const std::string& name) {
  TensorId weight = net.spatial_mean(x, name + ".avg_pool");
  weight = net.conv2d(weight, name + ".fc1", {});
  weight = net.batch_norm(weight, name + ".bn1");
  weight = net.relu(weight, name + ".relu");
  weight = net.conv2d(weight, name + ".fc2", {});
  weight = net.batch_norm(weight, name + ".bn2");
  weight = net.sigmoid(weight, name + ".sigmoid");
  return net.multiply(x, weight, name + ".mul");
}

// Expand by 1x1, filter by 3x3, project by 1x1 without an activation.
TensorId depthwise_block(NetworkBuilder& net, TensorId x, const std::string& name,
                         const ConvGeometry& filter) {
  x = activated(net, net.conv2d(x, name + ".conv.conv", {}), name + ".conv");
  x = activated(net, net.depthwise_conv2d(x, name + ".conv_dw.conv", filter), name + ".conv_dw");
  x = net.conv2d(x, name + ".project.conv", {});
  return net.batch_norm(x, name + ".project.bn");
}

// As many blocks as the weights have, each added to its input; with squeeze and excitation where
// the weights have it.
TensorId residual_blocks(NetworkBuilder& net, const StateDict& weights, TensorId x,
                         const std::string& stage) {
  for (int i = 0;; ++i) {
    const std::string name = stage + ".model." + std::to_string(i);
    if (!weights.has(name + ".conv.conv.weight")) return x;
    TensorId y = depthwise_block(net, x, name, kFasFilter);
    if (weights.has(name + ".se_module.fc1.weight")) y = excite(net, y, name + ".se_module");
    x = net.add(x, y, name + ".add");
  }
}

absl::StatusOr<Graph> build_minifasnet(StateDict& weights) {
  DURWARD_ASSIGN_OR_RETURN(const Shape global, weights.shape(kGlobalFilter));
  if (global.size() != 4 || global[2] < 1 || global[2] > 64 || global[3] < 1 || global[3] > 64) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", weights.prefix(), std::string(kGlobalFilter), ": shape Cx1xHxW ",
                     "with H and W from 1 to 64 is expected, it has ", to_string(global)));
  }
  NetworkBuilder net("MiniFASNet", weights);
  TensorId x = net.input(global[2] * kFasReduction, global[3] * kFasReduction, 3);
  x = activated(net, net.conv2d(x, "conv1.conv", kFasHalving), "conv1");
  x = activated(net, net.depthwise_conv2d(x, "conv2_dw.conv", kFasFilter), "conv2_dw");
  for (const auto& [halving, stage] : {std::pair<std::string, std::string>("conv_23", "conv_3"),
                                       {"conv_34", "conv_4"},
                                       {"conv_45", "conv_5"}}) {
    x = depthwise_block(net, x, halving, kFasHalving);
    x = residual_blocks(net, weights, x, stage);
  }
  x = activated(net, net.conv2d(x, "conv_6_sep.conv", {}), "conv_6_sep");
  x = net.depthwise_conv2d(x, "conv_6_dw.conv", {.kernel_h = global[2], .kernel_w = global[3]});
  x = net.batch_norm(x, "conv_6_dw.bn");
  x = net.flatten(x, "conv_6_flatten");
  // A network whose embedding is as long as what it is made of has no such layer.
  if (weights.has("linear.weight")) x = net.linear(x, "linear");
  x = net.batch_norm(x, "bn");
  x = net.linear(x, "prob");
  return net.finish(x, "logits");
}

}  // namespace

const Architecture kMiniFasNet = {"MiniFASNet", kGlobalFilter, build_minifasnet};

}  // namespace durward
