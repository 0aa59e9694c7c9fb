// The int8 depthwise convolution kernels that were built, one per instruction set.
#pragma once

#include <span>

#include "engine/kernels/depthwise/depthwise.h"
#include "engine/kernels/layer_kernel.h"

namespace durward {

using DepthwiseKernel = LayerKernel<DepthwiseInt8>;

// Slowest first; the first is the portable one.
[[nodiscard]] std::span<const DepthwiseKernel> depthwise_kernels() noexcept;

#if defined(__x86_64__)
// Data, not functions: what an instruction set's file has runs only where the machine has it.
extern const DepthwiseKernel kDepthwiseAvx2, kDepthwiseAvxVnni, kDepthwiseAvx512Vnni;
#endif

}  // namespace durward
