// The last step of everything that makes an int8, for vectors F of floats (floats_avx2.h says what
// they have): round_to_int8. For the files that are compiled for an instruction set alone.
#pragma once

#include "engine/kernels/requantize.h"

namespace durward {
namespace {

template <typename F>
class Int8Result {
 public:
  explicit Int8Result(const Int8Output& range)
      : low_(F::set(static_cast<float>(range.lowest - range.zero_point))),
        high_(F::set(static_cast<float>(range.highest - range.zero_point))),
        zero_point_(range.zero_point) {}

  // The first `count` of the steps, 1 to kLanes.
  void store(int8_t* to, typename F::Value steps, int64_t count) const {
    const auto clamped = F::min(F::max(steps, low_), high_);  // NaN becomes the lowest
    if (count == F::kLanes) {
      F::store_int8(to, clamped, zero_point_);
    } else {
      F::store_int8_first(to, clamped, zero_point_, count);
    }
  }

 private:
  typename F::Value low_, high_;
  int32_t zero_point_;
};

}  // namespace
}  // namespace durward
