// Integer LSTMs as parts of the net.
#include <algorithm>

#include "quant/lstm.h"
#include "tune/net.h"

namespace durward {
namespace {

constexpr size_t kInputWeights = 1, kStateWeights = 2, kGateBias = 3;
constexpr float kLargestRowWeight = 127, kBelowRowTie = 0.4999f;
// A gate's bias is trained in these: an eighth of what a byte would have of the gate's range. A
// power of two, so that the bias that is exported is the one that was trained.
constexpr float kBiasUnit = 1.0f / 128;
// Magnitudes of a row sum up to 65,535 at most: of so many weights of 8 bits whatever they are.
constexpr int64_t kLongestFreeRow = 516;

template <typename T>
at::Tensor as_floats(std::span<const T> values, const Shape& shape) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  std::copy(values.begin(), values.end(), tensor.data_ptr<float>());
  return tensor;
}

at::Tensor integers_of(const Tensor& tensor) {
  return tensor.type == DataType::kInt16 ? as_floats(tensor.values<int16_t>(), tensor.shape)
                                         : as_floats(tensor.values<int8_t>(), tensor.shape);
}

// Whole numbers of the present scales; those that stay are whole numbers of any.
at::Tensor row_integers(const at::Tensor& values, const at::Tensor& log_ratio, bool whole) {
  if (whole) return values;
  return round_through(
      at::clamp(values / at::exp(log_ratio).unsqueeze(1), -kLargestRowWeight, kLargestRowWeight));
}

// What the columns of `weights` are divided by to become the float layer's.
void store_rows(const at::Tensor& weights, const at::Tensor& row_scales,
                const std::vector<double>& share, const std::string& name, const Shape& shape,
                Graph& graph, TensorId& stored) {
  const at::Tensor whole = weights.detach().contiguous();
  const at::Tensor scale = row_scales.detach().contiguous();
  const int64_t columns = whole.size(1);
  std::vector<float> values,
      scales(scale.data_ptr<float>(), scale.data_ptr<float>() + scale.numel());
  for (int64_t i = 0; i < whole.numel(); ++i) {
    const double divisor = share.empty() ? 1 : share[static_cast<size_t>(i % columns)];
    values.push_back(static_cast<float>(double{whole.data_ptr<float>()[i]} *
                                        double{scales[static_cast<size_t>(i / columns)]} /
                                        divisor));
  }
  stored = graph.add_constant(graph.unique_name(name), shape, std::span<const float>(values));
  graph.mutable_tensor(stored).trained =
      QuantParams{scales, std::vector<int32_t>(scales.size(), 0), 0};
}

}  // namespace

TrainableNet::Rows TrainableNet::rows_of(const Tensor& integers, at::Tensor exact, bool whole) {
  const int64_t rows = integers.shape[0];
  Rows result{.initial_scales = as_floats(std::span<const float>(integers.quant->scales), {rows}),
              .log_ratio = at::zeros({rows}, at::kFloat),
              .values = integers_of(integers),
              .whole = whole};
  if (!whole) {
    // The fractions that rounding cut off, as of other layers.
    exact = exact / result.initial_scales.unsqueeze(1);
    result.values =
        at::max(at::min(exact, result.values + kBelowRowTie), result.values - kBelowRowTie);
    add_parameter(Kind::kWeight, result.values);
  }
  add_parameter(Kind::kScale, result.log_ratio);
  return result;
}

bool TrainableNet::add_lstm(NodeId id) {
  const auto* op = quantised_->op_as<Lstm>(id);
  if (op == nullptr) return false;
  const Node& node = quantised_->node(id);
  const TensorId floats = in_prepared(node.outputs[0]);
  const NodeId producer = prepared_->producer(floats);
  const Shape& x = quantised_->tensor(node.inputs[0]).shape;
  if (!producer.valid() || prepared_->op_as<Lstm>(producer) == nullptr || x[1] != 1) return false;
  LstmStep step{
      .node = producer, .input = node.inputs[0], .output = node.outputs[0], .reverse = op->reverse};
  add_scale(step.output, {}, false);  // that of every hidden state
  const std::vector<float>& scales = quantised_->tensor(step.input).quant->scales;
  const float largest = *std::max_element(scales.begin(), scales.end());
  at::Tensor shares = at::ones({x[2]}, at::kFloat);
  if (scales.size() > 1) {
    for (const float scale : scales) step.share.push_back(double{scale} / double{largest});
    shares = as_floats(std::span<const double>(step.share), {x[2]});
  }
  const Node& real = prepared_->node(producer);
  const auto exact = [&](size_t input) {
    const Tensor& tensor = prepared_->tensor(real.inputs[input]);
    return as_floats(tensor.values<float>(), tensor.shape);
  };
  const Tensor& weights = quantised_->tensor(node.inputs[kInputWeights]);
  const bool whole = weights.type == DataType::kInt16 || x[2] > kLongestFreeRow;
  step.weights = rows_of(weights, exact(kInputWeights) * shares, whole);
  step.recurrent = rows_of(quantised_->tensor(node.inputs[kStateWeights]), exact(kStateWeights),
                           op->hidden > kLongestFreeRow);
  at::Tensor bias = at::zeros({4 * op->hidden}, at::kFloat);
  if (node.inputs.size() > kGateBias && node.inputs[kGateBias].valid()) {
    const Tensor& corrected = quantised_->tensor(node.inputs[kGateBias]);
    bias = as_floats(corrected.values<float>(), corrected.shape) / kBiasUnit;
  }
  step.bias = add_parameter(Kind::kBias, bias);
  const LastStateStep last{
      .input = step.output, .output = node.outputs.back(), .place = op->reverse ? 0 : x[0] - 1};
  steps_.emplace_back(std::move(step));
  if (node.outputs.size() == 2) {
    add_scale(last.output, {}, false);
    steps_.emplace_back(last);
  }
  return true;
}

at::Tensor TrainableNet::run(const LstmStep& step, const Values& values) const {
  const Shape& shape = quantised_->tensor(step.input).shape;
  const at::Tensor& x = values.at(step.input);
  const auto scales = [](const Rows& rows) {
    return rows.initial_scales * at::exp(rows.log_ratio);
  };
  const bool wide = step.weights.whole && step.weights.values.abs().max().item<float>() > 127;
  // One float product each, as lowering has them.
  const LstmParameters parameters{
      .weights = row_integers(step.weights.values, step.weights.log_ratio, step.weights.whole),
      .multiplier = scales(step.weights) * scale_now(step.input),
      .recurrent =
          row_integers(step.recurrent.values, step.recurrent.log_ratio, step.recurrent.whole),
      .recurrent_multiplier = scales(step.recurrent) * hidden_state_params().scales[0],
      .bias = step.bias * kBiasUnit,
      .wide_weights = wide,
      .reverse = step.reverse};
  return lstm_through(x.reshape({x.size(0), shape[0], shape[2]}), parameters).flatten(1);
}

void TrainableNet::store(const LstmStep& step, Graph& graph) const {
  const Node& node = graph.node(step.node);
  std::vector<TensorId> inputs = node.inputs;
  inputs.resize(std::max(inputs.size(), kGateBias + 1));
  const auto take = [&](const Rows& rows, const std::vector<double>& share, size_t input,
                        const char* what) {
    store_rows(row_integers(rows.values, rows.log_ratio, rows.whole),
               rows.initial_scales * at::exp(rows.log_ratio), share,
               absl::StrCat(node.name, "/", what), graph.tensor(inputs[input]).shape, graph,
               inputs[input]);
  };
  take(step.weights, step.share, kInputWeights, "weights");
  take(step.recurrent, {}, kStateWeights, "recurrent");
  const at::Tensor bias = (step.bias.detach() * kBiasUnit).contiguous();
  inputs[kGateBias] = graph.add_constant(
      graph.unique_name(absl::StrCat(node.name, "/bias")), {bias.numel()},
      std::span<const float>(bias.data_ptr<float>(), static_cast<size_t>(bias.numel())));
  graph.set_inputs(step.node, inputs);
}

}  // namespace durward
