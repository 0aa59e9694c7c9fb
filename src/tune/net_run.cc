
#include <algorithm>

#include "engine/kernels/quantize/quantize.h"
#include "engine/kernels/requantize.h"
#include "tune/net.h"

namespace durward {
namespace {

constexpr float kLargestWeight = 127;
constexpr double kExactInFloat = 0x1p24 - 0x1p8;  // whole numbers up to here, and some to spare

std::vector<float> floats_of(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.detach().contiguous();
  return {whole.data_ptr<float>(), whole.data_ptr<float>() + whole.numel()};
}

// Inside, images are [N,C,H,W] for libtorch's sake, in memory [N,H,W,C].
at::Tensor as_nchw(const at::Tensor& x) { return x.dim() == 4 ? x.permute({0, 3, 1, 2}) : x; }
at::Tensor as_nhwc(const at::Tensor& x) { return x.dim() == 4 ? x.permute({0, 2, 3, 1}) : x; }

template <typename Window>
at::Tensor convolve(const Window& op, int64_t groups, at::Tensor x, const at::Tensor& weights,
                    const at::Tensor& bias) {
  const Padding& pad = op.padding;
  const bool even = pad.top == pad.bottom && pad.left == pad.right;
  // Codes are counted from the zero point: padding is 0.
  if (!even) x = at::constant_pad_nd(x, {pad.left, pad.right, pad.top, pad.bottom}, 0);
  return at::conv2d(x, weights, bias, {op.stride_h, op.stride_w},
                    {even ? pad.top : 0, even ? pad.left : 0}, {op.dilation_h, op.dilation_w},
                    groups);
}

at::Tensor accumulate(const Op& op, const at::Tensor& x, const at::Tensor& weights,
                      const at::Tensor& bias) {
  if (const auto* conv = std::get_if<Conv2D>(&op)) {
    return convolve(*conv, conv->groups, x, as_nchw(weights), bias);
  }
  if (const auto* depthwise = std::get_if<DepthwiseConv2D>(&op)) {
    return convolve(*depthwise, x.size(1), x, weights.permute({3, 0, 1, 2}), bias);
  }
  // A fully connected layer; libtorch's convolutions are faster than its matrix products here.
  return convolve(Conv2D{}, 1, x.unsqueeze(-1).unsqueeze(-1), weights.unsqueeze(-1).unsqueeze(-1),
                  bias)
      .flatten(1);
}

}  // namespace

const Shape& TrainableNet::input_shape() const {
  return quantised_->tensor(quantised_->inputs[0].tensor).shape;
}

int64_t TrainableNet::dimensions() const {
  return elements(quantised_->tensor(quantised_->outputs[0].tensor).shape);
}

at::Tensor TrainableNet::scale_now(TensorId tensor) const {
  const Scale& scale = scale_of(tensor);
  return at::exp(scale.log_ratio) * scale.initial;
}

// As int8_output in compile/lower has it, counted from the zero point.
CodeRange TrainableNet::range_now(TensorId tensor, Activation activation) const {
  if (quantised_->tensor(tensor).type == DataType::kInt16) {
    return {activation == Activation::kRelu ? 0.0f : -32768.0f, 32767.0f};
  }
  const int32_t zero_point = scale_of(tensor).zero_point;
  CodeRange range{static_cast<float>(-128 - zero_point), static_cast<float>(127 - zero_point)};
  if (activation == Activation::kRelu || activation == Activation::kRelu6) range.lowest = 0;
  if (activation == Activation::kRelu6) {
    const float scale = scale_now(tensor).item<float>();
    range.highest =
        static_cast<float>(round_to_int8(6.0f / scale, {zero_point, -128, 127}) - zero_point);
  }
  return range;
}

TrainableNet::Integers TrainableNet::integers_now(const LayerStep& step) const {
  const at::Tensor ratio = at::exp(step.log_ratio);
  Shape meets_weights(static_cast<size_t>(step.weights.dim()), 1);
  meets_weights[static_cast<size_t>(step.layer.weights_axis())] = ratio.numel();
  const at::Tensor scales = step.initial_scales * ratio;
  const at::Tensor weights =
      at::clamp(step.weights / ratio.view(meets_weights), -kLargestWeight, kLargestWeight);
  const at::Tensor bias =
      step.bias * scale_of(step.output).initial / (scale_now(step.input) * scales);
  return {round_through(weights), round_through(bias), scales};
}

at::Tensor TrainableNet::sums(const LayerStep& step, const at::Tensor& x,
                              const Integers& integers) const {
  const Op& op = prepared_->node(step.layer.id()).op;
  const CodeRange range = range_now(step.input, Activation::kNone);
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < integers.weights.dim(); ++axis) {
    if (axis != step.layer.weights_axis()) axes.push_back(axis);
  }
  const at::Tensor largest =
      integers.weights.detach().abs().sum(axes) * std::max(-range.lowest, range.highest);
  const auto exact = [](const at::Tensor& bound) {
    return bound.max().item<double>() <= kExactInFloat;
  };
  if (exact(largest + integers.bias.detach().abs())) {
    return accumulate(op, x, integers.weights, integers.bias);
  }
  // Often only the bias is large, in a channel whose weights are next to nothing.
  const at::ScalarType type = exact(largest) ? at::kFloat : at::kDouble;
  const at::Tensor products = accumulate(op, x.to(type), integers.weights.to(type), {});
  Shape meets_products(static_cast<size_t>(products.dim()), 1);
  meets_products[1] = integers.bias.numel();
  return (products.to(at::kDouble) + integers.bias.to(at::kDouble).view(meets_products))
      .to(at::kFloat);
}

at::Tensor TrainableNet::run(const LayerStep& step, const Values& values) const {
  const Integers integers = integers_now(step);
  // In this order, as lowering has it: no tie falls otherwise.
  const at::Tensor multiplier = scale_now(step.input) * integers.scales / scale_now(step.output);
  const at::Tensor negative = step.slope.defined() ? multiplier * step.slope : multiplier;
  return requantize_through(sums(step, values.at(step.input), integers), multiplier, negative,
                            range_now(step.output, step.layer.activation()));
}

at::Tensor TrainableNet::run(const BinaryStep& step, const Values& values) const {
  const CodeRange range = range_now(step.output, step.op.activation);
  const std::vector<at::Tensor> both =
      at::broadcast_tensors({values.at(step.a), values.at(step.b)});
  if (step.op.kind == BinaryKind::kMul) {
    const auto in_double = [this](TensorId id) { return scale_now(id).to(at::kDouble); };
    const at::Tensor multiplier =
        (in_double(step.a) * in_double(step.b) / in_double(step.output)).to(at::kFloat).view({1});
    return requantize_through(both[0] * both[1], multiplier, multiplier, range);
  }
  const at::Tensor output_scale = scale_now(step.output);
  const at::Tensor of_b = scale_now(step.b) / output_scale;
  return add_through(both[0], both[1], scale_now(step.a) / output_scale,
                     step.op.kind == BinaryKind::kSub ? -of_b : of_b, range);
}

at::Tensor TrainableNet::run(const ConcatStep& step, const Values& values) const {
  std::vector<at::Tensor> parts;
  for (const TensorId input : step.inputs) parts.push_back(as_nhwc(values.at(input)));
  return as_nchw(at::cat(parts, step.axis));
}

at::Tensor TrainableNet::run(const QuantizeStep& step, const Values& values) const {
  const at::Tensor inputs = values.at(step.input).contiguous();
  const Tensor& output = quantised_->tensor(step.output);
  const float* const in = inputs.data_ptr<float>();
  if (output.type == DataType::kInt8) {
    const Scale& scale = scale_of(step.output);
    at::Tensor codes = at::empty_like(inputs);
    float* const out = codes.data_ptr<float>();
    for (int64_t i = 0; i < inputs.numel(); ++i) {
      const int8_t q = round_to_int8(in[i] / scale.initial, {scale.zero_point});
      out[i] = static_cast<float>(q - scale.zero_point);
    }
    return as_nchw(codes);
  }
  const std::vector<float>& scales = output.quant->scales;
  SymmetricQuantization channels{.outer = inputs.size(0),
                                 .channels = 1,
                                 .inner = inputs.numel() / inputs.size(0),
                                 .scales = scales.data()};
  if (output.quant->per_axis()) {
    const auto axis = static_cast<size_t>(output.quant->axis);
    for (size_t i = 0; i < output.shape.size(); ++i) {
      if (i < axis) channels.outer *= output.shape[i];
    }
    channels.channels = output.shape[axis];
    channels.inner = inputs.numel() / (channels.outer * channels.channels);
  }
  const bool wide = output.type == DataType::kInt32;
  at::Tensor codes =
      at::empty({inputs.size(0), elements(output.shape)}, wide ? at::kInt : at::kShort);
  if (wide) {
    quantize_symmetric(channels, in, codes.data_ptr<int32_t>());
    return codes;
  }
  quantize_symmetric(channels, in, codes.data_ptr<int16_t>());
  return codes.to(at::kFloat);
}

at::Tensor TrainableNet::run(const FlatMoveStep& step, const Values& values) const {
  const at::Tensor& x = values.at(step.input);
  const Node& node = quantised_->node(step.node);
  Shape shape = quantised_->tensor(step.input).shape;
  shape.insert(shape.begin(), x.size(0));
  at::Tensor moved = x.reshape(shape);
  if (const auto* transpose = std::get_if<Transpose>(&node.op)) {
    std::vector<int64_t> order{0};
    for (const int axis : transpose->perm) order.push_back(axis + 1);
    moved = moved.permute(order);
  } else if (const auto* slice = std::get_if<Slice>(&node.op)) {
    for (size_t axis = 0; axis < slice->begin.size(); ++axis) {
      std::vector<int64_t> places;
      const int64_t end = slice->end[axis], by = slice->step[axis];
      for (int64_t i = slice->begin[axis]; by > 0 ? i < end : i > end; i += by) places.push_back(i);
      moved = moved.index_select(static_cast<int64_t>(axis) + 1, torch::tensor(places));
    }
  }
  return moved.flatten(1);
}

at::Tensor TrainableNet::run(const LastStateStep& step, const Values& values) const {
  const at::Tensor& states = values.at(step.input);
  const int64_t size = elements(quantised_->tensor(step.output).shape);
  return states.narrow(1, step.place * size, size);
}

at::Tensor TrainableNet::run(const MoveStep& step, const Values& values) const {
  const at::Tensor& x = values.at(step.input);
  const Op& op = quantised_->node(step.node).op;
  if (const auto* pad = std::get_if<Pad>(&op)) {
    const Scale& scale = scale_of(step.input);
    const float value = pad->value / scale_now(step.input).item<float>();
    const int32_t code = round_to_int8(value, {scale.zero_point, -128, 127}) - scale.zero_point;
    return as_nchw(at::constant_pad_nd(as_nhwc(x),
                                       {pad->before[3], pad->after[3], pad->before[2],
                                        pad->after[2], pad->before[1], pad->after[1]},
                                       code));
  }
  Shape shape = quantised_->tensor(step.output).shape;
  shape[0] = x.size(0);
  return as_nchw(as_nhwc(x).reshape(shape));
}

at::Tensor TrainableNet::embed(const at::Tensor& inputs, const Observer& observer) const {
  Values values(constants_.begin(), constants_.end());
  values[quantised_->inputs[0].tensor] = inputs;
  for (const Step& step : steps_) {
    std::visit(
        [&](const auto& one) {
          const at::Tensor& made = values[one.output] = run(one, values);
          if (observer && scale_of_.contains(one.output)) observer(one.output, as_nhwc(made));
        },
        step);
  }
  const at::Tensor embeddings = values.at(output_).flatten(1) * scale_now(output_);
  return normalise_ ? l2_normalize_through(embeddings, normalise_->epsilon) : embeddings;
}

void TrainableNet::store(const LayerStep& step, Graph& graph) const {
  const Integers now = integers_now(step);
  const std::vector<float> scales = floats_of(now.scales), bias = floats_of(now.bias);
  const double input_scale = scale_now(step.input).item<float>();
  std::vector<float> weights = floats_of(now.weights), bias_values;
  for (size_t i = 0; i < weights.size(); ++i) {
    weights[i] *= scales[static_cast<size_t>(step.layer.output_channel(static_cast<int64_t>(i)))];
  }
  for (size_t c = 0; c < bias.size(); ++c) {
    bias_values.push_back(static_cast<float>(bias[c] * (input_scale * double{scales[c]})));
  }
  const Node& node = graph.node(step.layer.id());
  std::vector<TensorId> inputs{node.inputs[0]};
  const auto add = [&](const std::string& what, const Shape& shape,
                       const std::vector<float>& values) {
    inputs.push_back(graph.add_constant(graph.unique_name(absl::StrCat(node.name, "/", what)),
                                        shape, std::span<const float>(values)));
  };
  add("weights", graph.tensor(node.inputs[kWeightsInput]).shape, weights);
  add("bias", {step.layer.output_channels()}, bias_values);
  graph.mutable_tensor(inputs[kWeightsInput]).trained =
      QuantParams{scales, std::vector<int32_t>(scales.size(), 0), step.layer.weights_axis()};
  if (step.slope.defined()) add("slope", {step.layer.output_channels()}, floats_of(step.slope));
  graph.set_inputs(step.layer.id(), inputs);
}

Graph TrainableNet::trained_graph() const {
  const at::NoGradGuard no_gradients;
  Graph graph = *prepared_;
  for (const Step& step : steps_) {
    if (const auto* layer = std::get_if<LayerStep>(&step)) store(*layer, graph);
    if (const auto* lstm = std::get_if<LstmStep>(&step)) store(*lstm, graph);
  }
  for (const auto& [tensor, index] : scale_of_) {
    const Scale& scale = scales_[index];
    const QuantParams params{{scale_now(tensor).item<float>()}, {scale.zero_point}, -1};
    for (const TensorId id : scale.tensors) graph.mutable_tensor(id).trained = params;
  }
  return graph;
}

}  // namespace durward
