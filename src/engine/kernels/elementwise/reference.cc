#include <cmath>

#include "engine/kernels/elementwise/elementwise.h"

namespace durward {
namespace {

// Calls use(f) with the function as a callable of one T, so that a loop in `use` has no switch.
template <typename T, typename Use>
auto with_function(const UnaryFunction& function, const Use& use) {
  const T a = function.a, b = function.b;
  const auto clip = [](T x, T low, T high) { return x < low ? low : x > high ? high : x; };
  switch (function.kind) {
    case FloatUnary::kRelu:
      return use([](T x) { return x < 0 ? T{0} : x; });
    case FloatUnary::kRelu6:
      return use([=](T x) { return clip(x, 0, 6); });
    case FloatUnary::kAbs:
      return use([](T x) { return std::abs(x); });
    case FloatUnary::kNegate:
      return use([](T x) { return -x; });
    case FloatUnary::kSqrt:
      return use([](T x) { return std::sqrt(x); });
    case FloatUnary::kRsqrt:
      return use([](T x) { return 1 / std::sqrt(x); });
    case FloatUnary::kExp:
      return use([](T x) { return std::exp(x); });
    case FloatUnary::kLog:
      return use([](T x) { return std::log(x); });
    case FloatUnary::kSigmoid:
      return use([](T x) { return 1 / (1 + std::exp(-x)); });
    case FloatUnary::kTanh:
      return use([](T x) { return std::tanh(x); });
    case FloatUnary::kHardSwish:
      return use([=](T x) { return x * clip(x + 3, 0, 6) / 6; });
    case FloatUnary::kErf:
      return use([](T x) { return std::erf(x); });
    case FloatUnary::kFloor:
      return use([](T x) { return std::floor(x); });
    case FloatUnary::kCeil:
      return use([](T x) { return std::ceil(x); });
    case FloatUnary::kLeakyRelu:
      return use([=](T x) { return x < 0 ? a * x : x; });
    case FloatUnary::kClip:
      return use([=](T x) { return clip(x, a, b); });
    case FloatUnary::kHardSigmoid:
      break;
  }
  return use([=](T x) { return clip(a * x + b, 0, 1); });
}

}  // namespace

double evaluate(const UnaryFunction& function, double x) noexcept {
  return with_function<double>(function, [x](auto f) { return f(x); });
}

void unary_float(const UnaryFunction& function, int64_t count, const float* input,
                 float* output) noexcept {
  with_function<float>(function, [=](auto f) {
    for (int64_t i = 0; i < count; ++i) output[i] = f(input[i]);
  });
}

void lookup_int8(const int8_t* table, int64_t count, const int8_t* input, int8_t* output) noexcept {
  for (int64_t i = 0; i < count; ++i) output[i] = table[input[i] + 128];
}

void prelu_int8(const PReluInt8& prelu, const int8_t* input, int8_t* output) noexcept {
  for (int64_t r = 0; r < prelu.rows; ++r) {
    for (int64_t c = 0; c < prelu.channels; ++c) {
      const int64_t i = r * prelu.channels + c;
      const int32_t value = input[i] - prelu.input_zero_point;
      const float multiplier = value < 0 ? prelu.multiplier_negative[c] : prelu.multiplier[c];
      output[i] = requantize(value, multiplier, prelu.output);
    }
  }
}

void prelu_float(int64_t rows, int64_t channels, const float* slope, const float* input,
                 float* output) noexcept {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < channels; ++c) {
      const float value = input[r * channels + c];
      output[r * channels + c] = value < 0 ? value * slope[c] : value;
    }
  }
}

void scale_shift_float(int64_t rows, int64_t channels, int64_t inner, const float* scale,
                       const float* shift, const float* input, float* output) noexcept {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t i = 0; i < inner; ++i, ++input, ++output) *output = *input * scale[c] + shift[c];
    }
  }
}

}  // namespace durward
