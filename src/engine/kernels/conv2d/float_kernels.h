// The float convolution kernels that were built, one per instruction set.
#pragma once

#include <span>

#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/float_kernel.h"

namespace durward {

using Conv2DFloatKernel = FloatKernel<Conv2DFloat>;

// Slowest first; the first is the portable one. A fully connected layer is a 1x1 convolution of
// [1, rows] pixels: fully_connected_float adds in the same order.
[[nodiscard]] std::span<const Conv2DFloatKernel> conv2d_float_kernels() noexcept;

#if defined(__x86_64__)
// Data, not functions: what an instruction set's file has runs only where the machine has it.
extern const Conv2DFloatKernel kConv2DFloatAvx2, kConv2DFloatAvx512;
#elif defined(__aarch64__)
extern const Conv2DFloatKernel kConv2DFloatNeon;
#endif

}  // namespace durward
