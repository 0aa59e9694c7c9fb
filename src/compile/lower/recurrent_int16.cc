// Lstm in integers (kernels/lstm_int16): multipliers, tables, and what is refused.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "compile/lower/lower.h"
#include "engine/kernels/lstm_int16/lstm_int16.h"
#include "engine/kernels/lstm_int16/tables.h"

namespace durward {
namespace {

constexpr size_t kInputWeights = 1, kStateWeights = 2, kGateBias = 3;

// The values of sigmoid and tanh between which the kernel draws straight lines.
std::vector<int16_t> gate_tables() {
  std::vector<int16_t> tables(2 * kGateTableEntries);
  lstm_int16_tables(tables.data());
  return tables;
}

// The largest of the input's scales: where it has one for each channel, the weights have the rest.
absl::StatusOr<float> input_scale(const LoweringContext& view) {
  const Tensor& x = view.input(0);
  if (!x.quant || (x.quant->per_axis() && x.quant->axis != 2)) {
    return view.invalid("its input needs one scale, or one for each channel");
  }
  const std::vector<int32_t>& zero_points = x.quant->zero_points;
  if (std::any_of(zero_points.begin(), zero_points.end(), [](int32_t z) { return z != 0; })) {
    return view.invalid("its input must have zero point 0");
  }
  return *std::max_element(x.quant->scales.begin(), x.quant->scales.end());
}

template <typename Weight>
absl::Status check_sums(const LoweringContext& view, const Tensor& weights) {
  const auto values = weights.values<Weight>();
  const auto rows = static_cast<size_t>(weights.shape[0]);
  const size_t depth = values.size() / rows;
  for (size_t row = 0; row < rows; ++row) {
    int64_t sum = 0;
    for (size_t k = 0; k < depth; ++k) sum += std::abs(int64_t{values[row * depth + k]});
    if (sum > 65535) {
      return view.invalid(absl::StrCat("the accumulator of row ", row, " of '", weights.name,
                                       "' could leave int32: keep this layer in float"));
    }
  }
  return absl::OkStatus();
}

// Row by row, the scale of the products with input `index` in steps of a gate.
absl::StatusOr<std::vector<float>> gate_scales(const LoweringContext& view, size_t index,
                                               float scale) {
  const Tensor& weights = view.input(index);
  if (!weights.constant() || !weights.quant || weights.quant->axis != 0) {
    return view.invalid("its weights must be constant, with a scale for each row");
  }
  DURWARD_RETURN_IF_ERROR(weights.type == DataType::kInt16 ? check_sums<int16_t>(view, weights)
                                                           : check_sums<int8_t>(view, weights));
  std::vector<float> scales;
  for (const float of_row : weights.quant->scales) {
    scales.push_back(std::ldexp(of_row * scale, kGateBits));
    if (!std::isfinite(scales.back())) return view.invalid("a row has no finite multiplier");
  }
  return scales;
}

// In steps of a gate; zeros where there is none.
absl::StatusOr<std::vector<float>> gate_bias(const LoweringContext& view, int64_t rows) {
  std::vector<float> steps(static_cast<size_t>(rows));
  if (!view.has_input(kGateBias)) return steps;
  const Tensor& bias = view.input(kGateBias);
  if (!bias.constant()) return view.invalid("its bias must be constant");
  const auto values = bias.values<float>();
  for (size_t i = 0; i < steps.size(); ++i) steps[i] = std::ldexp(values[i], kGateBits);
  return steps;
}

}  // namespace

absl::StatusOr<LoweredCall> lower_lstm_int16(const RecurrentGeometry& geometry,
                                             const LoweringContext& view) {
  if (view.has_input(4) || view.has_input(5) || view.node.outputs.size() > 2) {
    return view.invalid("in integers it begins with zeros and does not return its cell");
  }
  const QuantParams state{{std::ldexp(1.0f, -kHiddenBits)}, {0}, -1};
  for (const TensorId id : view.node.outputs) {
    if (view.graph.tensor(id).quant != state) {
      return view.invalid("its hidden state must have the scale 2^-15 and zero point 0");
    }
  }
  DURWARD_ASSIGN_OR_RETURN(const float of_x, input_scale(view));
  DURWARD_ASSIGN_OR_RETURN(std::vector<float> scales, gate_scales(view, kInputWeights, of_x));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> bias, gate_bias(view, 4 * geometry.hidden));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> of_state,
                           gate_scales(view, kStateWeights, state.scales[0]));
  scales.insert(scales.end(), bias.begin(), bias.end());
  scales.insert(scales.end(), of_state.begin(), of_state.end());
  const LstmInt16Call call{geometry, view.input(0).type == DataType::kInt32,
                           view.input(kInputWeights).type == DataType::kInt16};
  return LoweredCall{call,
                     {view.operand(0), view.operand(kInputWeights), view.operand(kStateWeights),
                      constant_operand(scales), constant_operand(gate_tables())},
                     view.node.outputs[0]};
}

}  // namespace durward
