// The int8 depthwise convolution kernels that were built, one per instruction set.
#pragma once

#include <span>

#include "engine/kernels/depthwise/depthwise.h"
#include "engine/kernels/layer_kernel.h"

namespace durward {

using DepthwiseKernel = LayerKernel<DepthwiseInt8>;

// Slowest first; the first is the portable one.
[[nodiscard]] std::span<const DepthwiseKernel> depthwise_kernels() noexcept;

}  // namespace durward
