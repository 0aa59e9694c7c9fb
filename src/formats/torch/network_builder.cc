#include "formats/torch/network_builder.h"

#include <utility>

namespace durward {
namespace {

// [outer, middle, inner] -> [outer, inner, middle]. Both kernel layouts are this: OIHW -> OHWI with
// O, I, H*W, and C1HW -> 1HWC with 1, C, H*W.
std::vector<float> move_middle_last(const std::vector<float>& values, int64_t outer, int64_t middle,
                                    int64_t inner) {
  std::vector<float> moved;
  moved.reserve(values.size());
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      for (int64_t m = 0; m < middle; ++m) {
        moved.push_back(values[static_cast<size_t>((o * middle + m) * inner + i)]);
      }
    }
  }
  return moved;
}

Padding all_sides(int64_t pixels) { return {pixels, pixels, pixels, pixels}; }

}  // namespace

NetworkBuilder::NetworkBuilder(std::string graph_name, StateDict& weights) : weights_(weights) {
  graph_.name = std::move(graph_name);
}

TensorId NetworkBuilder::input(int64_t height, int64_t width, int64_t channels) {
  const TensorId id = graph_.add_tensor("input", DataType::kFloat32, {1, height, width, channels});
  graph_.inputs.push_back({id, "input", PortLayout::kNchw});
  return id;
}

TensorId NetworkBuilder::sequence_input(int64_t steps, int64_t features) {
  const TensorId id = graph_.add_tensor("input", DataType::kFloat32, {1, steps, features});
  graph_.inputs.push_back({id, "input", PortLayout::kAsIs});
  return node(Transpose{{1, 0, 2}}, "steps", {id});
}

TensorId NetworkBuilder::conv2d(TensorId x, const std::string& layer, const ConvGeometry& g) {
  if (!ok()) return {};
  const std::string name = layer + ".weight";
  const int64_t outputs = outputs_of(name);
  const int64_t inputs = channels(x);
  const std::vector<float> kernel = take(name, {outputs, inputs, g.kernel_h, g.kernel_w});
  if (!ok()) return {};
  std::vector<TensorId> operands = {
      x, constant(name, {outputs, g.kernel_h, g.kernel_w, inputs},
                  move_middle_last(kernel, outputs, inputs, g.kernel_h * g.kernel_w))};
  if (weights_.has(layer + ".bias")) operands.push_back(per_channel(layer + ".bias", outputs));
  Conv2D op;
  op.stride_h = op.stride_w = g.stride;
  op.padding = all_sides(g.padding);
  return node(op, layer, std::move(operands));
}

TensorId NetworkBuilder::depthwise_conv2d(TensorId x, const std::string& layer,
                                          const ConvGeometry& g) {
  if (!ok()) return {};
  const std::string name = layer + ".weight";
  const int64_t count = channels(x);
  const std::vector<float> kernel = take(name, {count, 1, g.kernel_h, g.kernel_w});
  if (!ok()) return {};
  std::vector<TensorId> operands = {
      x, constant(name, {1, g.kernel_h, g.kernel_w, count},
                  move_middle_last(kernel, 1, count, g.kernel_h * g.kernel_w))};
  if (weights_.has(layer + ".bias")) operands.push_back(per_channel(layer + ".bias", count));
  DepthwiseConv2D op;
  op.stride_h = op.stride_w = g.stride;
  op.padding = all_sides(g.padding);
  return node(op, layer, std::move(operands));
}

TensorId NetworkBuilder::batch_norm(TensorId x, const std::string& layer) {
  if (!ok()) return {};
  const int64_t count = channels(x);
  std::vector<TensorId> operands = {x};
  for (const std::string_view field : {".weight", ".bias", ".running_mean", ".running_var"}) {
    operands.push_back(per_channel(layer + std::string(field), count));
  }
  const int axis = static_cast<int>(graph_.tensor(x).shape.size()) - 1;
  return node(BatchNorm{.epsilon = 1e-5f, .axis = axis}, layer, std::move(operands));
}

TensorId NetworkBuilder::linear(TensorId x, const std::string& layer) {
  if (!ok()) return {};
  const std::string name = layer + ".weight";
  const int64_t outputs = outputs_of(name);
  const Shape shape = {outputs, channels(x)};
  const std::vector<float> weights = take(name, shape);
  if (!ok()) return {};
  std::vector<TensorId> operands = {x, constant(name, shape, weights)};
  if (weights_.has(layer + ".bias")) operands.push_back(per_channel(layer + ".bias", outputs));
  return node(FullyConnected{}, layer, std::move(operands));
}

TensorId NetworkBuilder::prelu(TensorId x, const std::string& layer) {
  if (!ok()) return {};
  return node(PRelu{}, layer, {x, per_channel(layer + ".weight", channels(x))});
}

TensorId NetworkBuilder::lstm(TensorId x, const std::string& layer, const std::string& number) {
  if (!ok()) return {};
  const auto name = [&](const char* field) { return layer + field + number; };
  const auto shape = weights_.shape(name(".weight_hh_l"));
  if (!shape.ok()) {
    first_error_ = shape.status();
    return {};
  }
  const int64_t hidden = shape->empty() ? 0 : shape->back();
  const int64_t rows = shape->empty() ? 0 : shape->front();
  const int64_t inputs = channels(x);
  const std::vector<float> weights = take(name(".weight_ih_l"), {rows, inputs});
  const std::vector<float> recurrent = take(name(".weight_hh_l"), {rows, hidden});
  std::vector<float> bias = take(name(".bias_ih_l"), {rows});
  const std::vector<float> second = take(name(".bias_hh_l"), {rows});
  if (!ok()) return {};
  for (size_t i = 0; i < bias.size(); ++i) bias[i] += second[i];
  return node(Lstm{.hidden = hidden}, layer + number,
              {x, constant(name(".weight_ih_l"), {rows, inputs}, weights),
               constant(name(".weight_hh_l"), {rows, hidden}, recurrent),
               constant(name(".bias_l"), {rows}, bias)});
}

TensorId NetworkBuilder::last_step(TensorId x, const std::string& name) {
  if (!ok()) return {};
  const Shape shape = graph_.tensor(x).shape;
  Slice slice{{shape[0] - 1, 0, 0}, shape, {1, 1, 1}};
  x = node(std::move(slice), name + ".step", {x});
  return node(Reshape{{shape[1], shape[2]}}, name, {x});
}

TensorId NetworkBuilder::relu(TensorId x, const std::string& name) {
  return node(Unary{UnaryKind::kRelu}, name, {x});
}

TensorId NetworkBuilder::sigmoid(TensorId x, const std::string& name) {
  return node(Unary{UnaryKind::kSigmoid}, name, {x});
}

TensorId NetworkBuilder::l2_normalize(TensorId x, const std::string& name) {
  return node(L2Normalize{}, name, {x});
}

void NetworkBuilder::ignore(const std::string& name, const Shape& shape) {
  if (weights_.has(name)) take(name, shape);
}

TensorId NetworkBuilder::add(TensorId a, TensorId b, const std::string& name) {
  return node(Binary{.kind = BinaryKind::kAdd}, name, {a, b});
}

TensorId NetworkBuilder::multiply(TensorId a, TensorId b, const std::string& name) {
  return node(Binary{.kind = BinaryKind::kMul}, name, {a, b});
}

TensorId NetworkBuilder::spatial_mean(TensorId x, const std::string& name) {
  return node(Reduce{.kind = ReduceKind::kMean, .axes = {1, 2}, .keep_dims = true}, name, {x});
}

TensorId NetworkBuilder::flatten(TensorId x, const std::string& name) {
  if (!ok()) return {};
  return node(Reshape{{1, channels(x)}}, name, {x});
}

absl::StatusOr<Graph> NetworkBuilder::finish(TensorId output, std::string output_name) {
  DURWARD_RETURN_IF_ERROR(first_error_);
  DURWARD_RETURN_IF_ERROR(weights_.check_all_taken());
  graph_.outputs.push_back({output, std::move(output_name), PortLayout::kAsIs});
  DURWARD_RETURN_IF_ERROR(verify(graph_));
  return std::move(graph_);
}

std::vector<float> NetworkBuilder::take(const std::string& name, const Shape& shape) {
  if (!ok()) return {};
  auto values = weights_.take(name, shape);
  if (values.ok()) return *std::move(values);
  first_error_ = values.status();
  return {};
}

TensorId NetworkBuilder::constant(const std::string& name, const Shape& shape,
                                  const std::vector<float>& values) {
  return graph_.add_constant<float>(name, shape, values);
}

TensorId NetworkBuilder::per_channel(const std::string& name, int64_t count) {
  const std::vector<float> values = take(name, {count});
  return ok() ? constant(name, {count}, values) : TensorId{};
}

int64_t NetworkBuilder::outputs_of(const std::string& name) {
  if (!ok()) return 0;
  const auto shape = weights_.shape(name);
  if (!shape.ok()) {
    first_error_ = shape.status();
    return 0;
  }
  return shape->empty() ? 0 : shape->front();
}

TensorId NetworkBuilder::node(Op op, const std::string& name, std::vector<TensorId> inputs) {
  if (!ok()) return {};
  const auto output = graph_.add_op(std::move(op), name, std::move(inputs));
  if (output.ok()) return *output;
  first_error_ = output.status();
  return {};
}

}  // namespace durward
