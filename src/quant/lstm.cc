#include "quant/lstm.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "quant/reconstruct.h"

namespace durward {
namespace {

constexpr size_t kInputWeights = 1, kRecurrentWeights = 2, kLstmBias = 3;
// Magnitudes of a row's weights sum up to this at most, so that no sum of products with 16 bits
// leaves int32; half of it is left to rounding.
constexpr double kLargestSum = 65535;
constexpr double kWideMargin = 32;
constexpr double kErrorRatio = 2;

absl::Status check_constant(const Graph& graph, const Node& node, size_t input) {
  if (input >= node.inputs.size() || !node.inputs[input].valid()) return absl::OkStatus();
  const Tensor& tensor = graph.tensor(node.inputs[input]);
  for (const float value : tensor.values<float>()) {
    if (std::isfinite(value)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("'", node.name, "': constant '", tensor.name, "' holds ", value));
  }
  return absl::OkStatus();
}

absl::StatusOr<const TensorStatistics*> statistics_of(const Graph& graph, TensorId id,
                                                      const Calibration& calibration) {
  const auto seen = calibration.tensors.find(id);
  if (seen != calibration.tensors.end()) return &seen->second;
  return absl::InvalidArgumentError(absl::StrCat("the calibration has no statistics of tensor '",
                                                 graph.tensor(id).name,
                                                 "': it was made for another graph"));
}

// The mean square of a channel's values, from its histogram.
double mean_square(const TensorStatistics& statistics, int64_t channel) {
  const ChannelHistograms& histograms = statistics.histograms;
  double sum = 0, count = histograms.zeros(channel);
  for (int bin = 0; bin < kHistogramBins; ++bin) {
    const double value = bin_middle(bin) * histograms.bin_width(channel);
    sum += histograms.count(channel, bin) * value * value;
    count += histograms.count(channel, bin);
  }
  return count == 0 ? 0 : sum / count;
}

// Whether half of a channel's values, zeros aside, are below 1/256 of its range.
bool mostly_small(const TensorStatistics& statistics, int64_t channel) {
  const ChannelHistograms& histograms = statistics.histograms;
  uint64_t all = 0;
  for (int bin = 0; bin < kHistogramBins; ++bin) all += histograms.count(channel, bin);
  const uint64_t small = uint64_t{histograms.count(channel, kHistogramBins / 2 - 1)} +
                         histograms.count(channel, kHistogramBins / 2);
  return 2 * small > all;
}

double largest_of(const TensorStatistics& statistics, int64_t channel) {
  const auto c = static_cast<size_t>(channel);
  return std::max(std::abs(double{statistics.minimum[c]}), std::abs(double{statistics.maximum[c]}));
}

struct QuantizedRows {
  std::vector<int16_t> values;
  std::vector<float> scales;
};

// The integers of a row, by the metric if there is one and its sum stays small enough.
std::vector<double> round_row(const std::vector<double>& steps, const RoundingMetric* metric) {
  if (metric != nullptr) {
    std::vector<double> integers = metric->round(steps);
    double sum = 0;
    for (const double q : integers) sum += std::abs(q);
    if (sum <= kLargestSum) return integers;
  }
  std::vector<double> nearest;
  for (const double step : steps) nearest.push_back(std::nearbyint(step));
  return nearest;
}

// Rows of `weights` to integers of up to `largest`, the largest magnitude of a row or its largest
// sum deciding.
QuantizedRows quantize_rows(const std::vector<double>& weights, size_t rows, double largest,
                            const RoundingMetric* metric = nullptr) {
  QuantizedRows result;
  const size_t depth = weights.size() / rows;
  for (size_t row = 0; row < rows; ++row) {
    const double* first = &weights[row * depth];
    double magnitude = 0, sum = 0;
    for (size_t k = 0; k < depth; ++k) {
      magnitude = std::max(magnitude, std::abs(first[k]));
      sum += std::abs(first[k]);
    }
    const double room = kLargestSum - 0.5 * static_cast<double>(depth);
    const double wanted = std::max({magnitude / largest, sum / room, 1e-30});
    const auto scale = static_cast<float>(wanted * (1 + 1e-6));
    result.scales.push_back(scale);
    std::vector<double> steps(first, first + depth);
    for (double& step : steps) step /= double{scale};
    for (const double q : round_row(steps, metric)) {
      result.values.push_back(static_cast<int16_t>(q));
    }
  }
  return result;
}

// The integers that training left in rows of `weights`, in the scales that `tensor` has of it.
std::optional<QuantizedRows> trained_rows(const Tensor& tensor, const std::vector<double>& weights,
                                          size_t rows, double largest) {
  // Half of a float's last place for each product, of numbers up to 2^15.
  constexpr double kTolerance = 0.01;
  if (!tensor.trained || tensor.trained->scales.size() != rows) return std::nullopt;
  QuantizedRows result{{}, tensor.trained->scales};
  const size_t depth = weights.size() / rows;
  for (size_t row = 0; row < rows; ++row) {
    double sum = 0;
    for (size_t k = 0; k < depth; ++k) {
      const double steps = weights[row * depth + k] / double{result.scales[row]};
      const double q = std::nearbyint(steps);
      sum += std::abs(q);
      // Written so that a NaN does not hold.
      if (!(std::abs(steps - q) <= kTolerance && std::abs(q) <= largest && sum <= kLargestSum)) {
        return std::nullopt;
      }
      result.values.push_back(static_cast<int16_t>(q));
    }
  }
  return result;
}

// The mean that a row's gate gains by the rounding of its weights, of which `rows` are integers.
double mean_error(const QuantizedRows& rows, size_t row, const std::vector<double>& weights,
                  const std::vector<double>& means) {
  double error = 0;
  for (size_t k = 0; k < means.size(); ++k) {
    const size_t at = row * means.size() + k;
    error += (rows.values[at] * double{rows.scales[row]} - weights[at]) * means[k];
  }
  return error;
}

// The mean over rows of the mean square that rounding weights to `scales` makes, with the mean
// square of each input.
double rounding_error(const std::vector<float>& scales, double input_squares) {
  double squares = 0;
  for (const float scale : scales) squares += double{scale} * double{scale};
  return squares / static_cast<double>(scales.size()) * input_squares / 12;
}

struct InputEncoding {
  DataType type = DataType::kInt16;
  QuantParams params;
};

InputEncoding choose_input(const TensorStatistics& statistics) {
  const int64_t channels = statistics.channels();
  int64_t small = 0;
  for (int64_t c = 0; c < channels; ++c) small += mostly_small(statistics, c) ? 1 : 0;
  const bool wide = 2 * small > channels;
  double largest = 0;
  for (int64_t c = 0; c < channels; ++c) largest = std::max(largest, largest_of(statistics, c));
  if (largest == 0) largest = 1;
  InputEncoding result{wide ? DataType::kInt32 : DataType::kInt16, {{}, {}, 2}};
  const double steps = wide ? 2147450879.0 / kWideMargin : 32767.0;
  for (int64_t c = 0; c < channels; ++c) {
    // A channel that was never used may be some day.
    const double range = std::max(largest_of(statistics, c), largest * 0.0078125);
    result.params.scales.push_back(static_cast<float>(range / steps));
    result.params.zero_points.push_back(0);
  }
  return result;
}

std::vector<double> in_double(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

}  // namespace

bool has_int16_kernel(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (!std::holds_alternative<Lstm>(node.op)) return false;
  if (graph.tensor(node.inputs[0]).type != DataType::kFloat32) return false;
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    if (!node.inputs[i].valid()) continue;
    if (i > kLstmBias || !graph.tensor(node.inputs[i]).constant()) return false;
  }
  return node.outputs.size() <= 2;
}

PatchSource sequence_source(const Graph& graph, TensorId sequence) {
  const Shape& shape = graph.tensor(sequence).shape;
  return {.input = sequence, .outputs = {1, elements(shape) / shape.back()}};
}

QuantParams hidden_state_params() { return {{1.0f / 32768}, {0}, -1}; }

absl::StatusOr<QuantizedLstm> quantize_lstm(const Graph& graph, NodeId id,
                                            const Calibration& calibration,
                                            const LstmContext& context) {
  const Node& node = graph.node(id);
  for (const size_t input : {kInputWeights, kRecurrentWeights, kLstmBias}) {
    DURWARD_RETURN_IF_ERROR(check_constant(graph, node, input));
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorStatistics* const x,
                           statistics_of(graph, node.inputs[0], calibration));
  DURWARD_ASSIGN_OR_RETURN(const TensorStatistics* const y,
                           statistics_of(graph, node.outputs[0], calibration));
  const InputEncoding input = context.input_is_state
                                  ? InputEncoding{DataType::kInt16, hidden_state_params()}
                                  : choose_input(*x);
  const std::vector<float>& scales = input.params.scales;
  const float largest_scale = *std::max_element(scales.begin(), scales.end());
  const Tensor& weights = graph.tensor(node.inputs[kInputWeights]);
  const Tensor& recurrent_weights = graph.tensor(node.inputs[kRecurrentWeights]);
  const auto rows = static_cast<size_t>(weights.shape[0]);
  const auto inputs = static_cast<size_t>(weights.shape[1]);
  std::vector<double> scaled = in_double(weights);
  std::vector<double> input_means;
  double input_squares = 0, state_squares = 0;
  for (size_t k = 0; k < inputs; ++k) {
    const double share = double{scales[scales.size() == 1 ? 0 : k]} / double{largest_scale};
    for (size_t row = 0; row < rows; ++row) scaled[row * inputs + k] *= share;
    input_squares += mean_square(*x, static_cast<int64_t>(k)) / (share * share);
    input_means.push_back(x->mean[k] / share);
  }
  for (int64_t c = 0; c < y->channels(); ++c) state_squares += mean_square(*y, c);

  const auto metric = [&](const PatchMoments* moments, size_t depth) {
    std::optional<RoundingMetric> result;
    if (moments != nullptr && std::cmp_equal(moments->depth, depth)) {
      result.emplace(*moments, 0, context.correct_bias);
    }
    return result;
  };
  const std::vector<double> states = in_double(recurrent_weights);
  std::optional<QuantizedRows> recurrent = trained_rows(recurrent_weights, states, rows, 127);
  if (!recurrent) {
    const auto of_state = metric(context.state, states.size() / rows);
    recurrent = quantize_rows(states, rows, 127, of_state ? &*of_state : nullptr);
  }
  std::optional<QuantizedRows> chosen = trained_rows(weights, scaled, rows, 32767);
  bool wide = false;
  if (chosen) {
    wide = std::any_of(chosen->values.begin(), chosen->values.end(),
                       [](int16_t q) { return std::abs(q) > 127; });
  } else {
    const auto of_input = metric(context.input, inputs);
    chosen = quantize_rows(scaled, rows, 127, of_input ? &*of_input : nullptr);
    wide = rounding_error(chosen->scales, input_squares) >
           kErrorRatio * rounding_error(recurrent->scales, state_squares);
    if (wide) chosen = quantize_rows(scaled, rows, 32767);
  }
  QuantizedLstm result{input.type,
                       input.params,
                       wide ? DataType::kInt16 : DataType::kInt8,
                       chosen->values,
                       {recurrent->values.begin(), recurrent->values.end()},
                       chosen->scales,
                       recurrent->scales,
                       {}};
  if (!context.correct_bias) return result;
  const bool has_bias = node.inputs.size() > kLstmBias && node.inputs[kLstmBias].valid();
  for (size_t row = 0; row < rows; ++row) {
    const double bias =
        has_bias ? double{graph.tensor(node.inputs[kLstmBias]).values<float>()[row]} : 0.0;
    result.bias.push_back(static_cast<float>(bias - mean_error(*chosen, row, scaled, input_means) -
                                             mean_error(*recurrent, row, states, y->mean)));
  }
  return result;
}

}  // namespace durward
