// activate() of requantize.h for vectors F of channels: what the float kernels end with. For the
// files that are compiled for an instruction set alone.
#pragma once

#include "engine/kernels/requantize.h"

namespace durward {
namespace {

template <typename F>
struct FloatActivation {
  using Value = typename F::Value;
  explicit FloatActivation(const FloatOutput& output)
      : min(F::set(output.min)), max(F::set(output.max)), has_slopes(output.slope != nullptr) {}

  // NaN passes through: it is the second operand.
  [[nodiscard]] Value clamp(Value value) const { return F::min(max, F::max(min, value)); }
  [[nodiscard]] static Value prelu(Value value, Value slope) {
    return F::if_negative(value, F::mul(value, slope), value);
  }

  Value min, max;
  bool has_slopes;
};

}  // namespace
}  // namespace durward
