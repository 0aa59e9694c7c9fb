// Writes a network of torch.nn's layers into a Graph, each with the weights that a state dict holds
// under the layer's name. Weights are reordered from torch's layout to the IR's on the way; channel
// counts are the weights' own.
//
// An architecture reads like the module that it mirrors: the first error is kept, the calls after
// it do nothing, and finish() returns it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "formats/torch/state_dict.h"
#include "graph/graph.h"

namespace durward {

// As torch.nn.Conv2d has them; padding is of zeros, on all four sides.
struct ConvGeometry {
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride = 1;
  int64_t padding = 0;
};

class NetworkBuilder {
 public:
  // The state dict must outlive the builder.
  NetworkBuilder(std::string graph_name, StateDict& weights);

  // The network's input, called "input": one image, NHWC here, NCHW in the source model.
  TensorId input(int64_t height, int64_t width, int64_t channels);

  // The same for a sequence: [1, steps, features] here and there, and [steps, 1, features] for the
  // layers.
  TensorId sequence_input(int64_t steps, int64_t features);

  // torch.nn.Conv2d(groups=1), with a bias where the state dict has one.
  TensorId conv2d(TensorId x, const std::string& layer, const ConvGeometry& geometry);
  // torch.nn.Conv2d(C, C, groups=C), with a bias where the state dict has one.
  TensorId depthwise_conv2d(TensorId x, const std::string& layer, const ConvGeometry& geometry);
  // torch.nn.Linear on [1,C], with a bias where the state dict has one.
  TensorId linear(TensorId x, const std::string& layer);
  // torch.nn.BatchNorm1d or BatchNorm2d as it evaluates, with torch's epsilon of 1e-5.
  TensorId batch_norm(TensorId x, const std::string& layer);
  // torch.nn.PReLU with one slope per channel.
  TensorId prelu(TensorId x, const std::string& layer);
  // Layer `number` of a torch.nn.LSTM over [steps, 1, features]; the hidden size is the weights'.
  TensorId lstm(TensorId x, const std::string& layer, const std::string& number);
  // [steps, 1, features] -> [1, features]
  TensorId last_step(TensorId x, const std::string& name);
  TensorId relu(TensorId x, const std::string& name);
  TensorId sigmoid(TensorId x, const std::string& name);
  TensorId l2_normalize(TensorId x, const std::string& name);
  // A tensor that only training needs.
  void ignore(const std::string& name, const Shape& shape);
  TensorId add(TensorId a, TensorId b, const std::string& name);
  TensorId multiply(TensorId a, TensorId b, const std::string& name);
  // torch.nn.AdaptiveAvgPool2d(1): [1,H,W,C] -> [1,1,1,C]
  TensorId spatial_mean(TensorId x, const std::string& name);
  // [1,1,1,C] -> [1,C]
  TensorId flatten(TensorId x, const std::string& name);

  // The verified graph with the output called `output_name`, or the first error. InvalidArgument
  // where the state dict holds a tensor that no layer took.
  [[nodiscard]] absl::StatusOr<Graph> finish(TensorId output, std::string output_name);

 private:
  [[nodiscard]] bool ok() const { return first_error_.ok(); }
  [[nodiscard]] int64_t channels(TensorId x) const { return graph_.tensor(x).shape.back(); }
  // The next four keep the first error and then give nothing.
  std::vector<float> take(const std::string& name, const Shape& shape);
  TensorId constant(const std::string& name, const Shape& shape, const std::vector<float>& values);
  TensorId per_channel(const std::string& name, int64_t count);
  // `name`.weight of a layer whose outputs come first, or the first error: how many outputs it has.
  int64_t outputs_of(const std::string& name);
  TensorId node(Op op, const std::string& name, std::vector<TensorId> inputs);

  Graph graph_;
  StateDict& weights_;
  absl::Status first_error_;
};

}  // namespace durward
