#include "engine/call_constants.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <type_traits>

#include "engine/call_visit.h"
#include "engine/kernels/resize/resize.h"

namespace durward {
namespace {

// Whether the accumulators of an int8 layer stay in int32: the largest input times the sum of each
// channel's weights, and the bias. `stride` is from one weight of a channel to the next.
const char* accumulators_problem(const CallOperands& operands, int64_t channels, int64_t depth,
                                 bool channel_last, int32_t input_zero_point) {
  const auto* weights = operands.in<int8_t>(1);
  const auto* bias = operands.in<int32_t>(2);
  const int64_t largest_input = std::max(127 - input_zero_point, input_zero_point + 128);
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t room = std::numeric_limits<int32_t>::max() - std::abs(int64_t{bias[c]});
    // Nearly always even the largest weights fit: the time to look at each is saved.
    if (depth * 128 * largest_input <= room) continue;
    int64_t sum = 0;
    const int8_t* first = weights + (channel_last ? c : c * depth);
    const int64_t step = channel_last ? channels : 1;
    for (int64_t k = 0; k < depth; ++k) sum += std::abs(int{first[k * step]});
    if (sum * largest_input > room) return "an accumulator could leave int32";
  }
  return nullptr;
}

// Whether sums of 16-bit values with rows of weights stay in int32, each with its bias. `bias` may
// be nullptr.
template <typename Weight>
const char* wide_sums_problem(const Weight* weights, int64_t rows, int64_t depth,
                              const int32_t* bias) {
  for (int64_t row = 0; row < rows; ++row) {
    int64_t sum = bias == nullptr ? 0 : std::abs(int64_t{bias[row]});
    for (int64_t k = 0; k < depth; ++k) {
      sum += std::abs(int64_t{weights[row * depth + k]}) * 32768;
    }
    if (sum > std::numeric_limits<int32_t>::max()) return "an accumulator could leave int32";
  }
  return nullptr;
}

const char* problem_of_lstm(const LstmInt16Call& c, const CallOperands& operands) {
  const int64_t rows = 4 * c.geometry.hidden, inputs = c.geometry.inputs;
  const char* weights = c.wide_weights
                            ? wide_sums_problem(operands.in<int16_t>(1), rows, inputs, nullptr)
                            : wide_sums_problem(operands.in<int8_t>(1), rows, inputs, nullptr);
  if (weights != nullptr) return weights;
  return wide_sums_problem(operands.in<int8_t>(2), rows, c.geometry.hidden, nullptr);
}

const char* taps_problem(const ResizeTap* taps, int64_t count, int64_t size) {
  for (int64_t i = 0; i < count; ++i) {
    if (taps[i].low < 0 || taps[i].low >= size || taps[i].high < 0 || taps[i].high >= size) {
      return "a resize reads outside the image";
    }
  }
  return nullptr;
}

template <typename Call>
const char* problem_of(const Call& c, const CallOperands& operands) {
  if constexpr (std::is_same_v<Call, Conv2DInt8Call>) {
    return accumulators_problem(operands, c.geometry.window.out_c, c.geometry.depth(), false,
                                c.input_zero_point);
  } else if constexpr (std::is_same_v<Call, DepthwiseInt8Call>) {
    return accumulators_problem(operands, c.window.out_c, c.window.kernel_h * c.window.kernel_w,
                                true, c.input_zero_point);
  } else if constexpr (std::is_same_v<Call, LstmInt16Call>) {
    return problem_of_lstm(c, operands);
  } else if constexpr (std::is_same_v<Call, FullyConnectedInt16Call>) {
    return wide_sums_problem(operands.in<int8_t>(1), c.out, c.in, operands.in<int32_t>(2));
  } else if constexpr (std::is_same_v<Call, ResizeNearestCall> ||
                       std::is_same_v<Call, ResizeLinearFloatCall> ||
                       std::is_same_v<Call, ResizeLinearInt8Call>) {
    const char* rows = taps_problem(operands.in<ResizeTap>(1), c.out_h, c.in_h);
    return rows != nullptr ? rows : taps_problem(operands.in<ResizeTap>(2), c.out_w, c.in_w);
  } else {
    return nullptr;
  }
}

}  // namespace

const char* constants_problem(const KernelCall& call, const CallOperands& operands) {
  return visit_call(call, [&operands](const auto& c) { return problem_of(c, operands); });
}

}  // namespace durward
