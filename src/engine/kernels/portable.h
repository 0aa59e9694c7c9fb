// The reference functions as kernels: what every machine has, and what the others must equal.
#pragma once

#include <cstddef>

#include "engine/kernels/binary/binary.h"
#include "engine/kernels/layer_kernel.h"

namespace durward {

// output = output fused-added with addend, `count` elements, in place.
inline void run_fused_add(const FusedAdd& add, const int8_t* addend, int8_t* output,
                          int64_t count) noexcept {
  AddInt8 parameters;
  parameters.loop.dims[0] = count;
  parameters.loop.stride_a[0] = parameters.loop.stride_b[0] = 1;
  parameters.zero_point_a = add.zero_point;
  parameters.zero_point_b = add.addend_zero_point;
  parameters.multiplier_a = add.multiplier;
  parameters.multiplier_b = add.addend_multiplier;
  parameters.output = add.output;
  add_int8(parameters, output, addend, output);
}

}  // namespace durward
