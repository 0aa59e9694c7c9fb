// The int8 convolution kernels that were built, one per instruction set.
#pragma once

#include <span>

#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/layer_kernel.h"

namespace durward {

using Conv2DKernel = LayerKernel<Conv2DInt8>;

// Slowest first; the first is the portable one. A fully connected layer is a 1x1 convolution of
// [1, rows] pixels.
[[nodiscard]] std::span<const Conv2DKernel> conv2d_kernels() noexcept;

}  // namespace durward
