// The float depthwise convolution kernels that were built, one per instruction set.
#pragma once

#include <span>

#include "engine/kernels/depthwise/depthwise.h"
#include "engine/kernels/float_kernel.h"

namespace durward {

using DepthwiseFloatKernel = FloatKernel<DepthwiseFloat>;

// Slowest first; the first is the portable one.
[[nodiscard]] std::span<const DepthwiseFloatKernel> depthwise_float_kernels() noexcept;

#if defined(__x86_64__)
// Data, not functions: what an instruction set's file has runs only where the machine has it.
extern const DepthwiseFloatKernel kDepthwiseFloatAvx2, kDepthwiseFloatAvx512;
#elif defined(__aarch64__)
extern const DepthwiseFloatKernel kDepthwiseFloatNeon;
#endif

}  // namespace durward
