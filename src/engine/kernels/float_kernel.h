// How a float kernel for one instruction set presents itself to the session: as LayerKernel
// (layer_kernel.h) does for int8, for the layers whose sums are float. Each has the bits of the
// family's reference, NaNs aside: that a result is NaN is defined, which NaN it is is not.
//
// Sums have one order (docs/numerics.md), so the kernels compute output channels side by side, each
// in a lane of its own, and never contract a product and a sum.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/isa.h"

namespace durward {

// What one call works on, aligned for float; scratch to 64 bytes. Nothing outside the tensors is
// read or written.
struct FloatOperands {
  const float* input = nullptr;
  float* output = nullptr;  // does not overlap the input
  std::byte* scratch = nullptr;
};

template <typename Layer>
struct FloatKernel {
  Isa isa = Isa::kPortable;
  // Whether this kernel runs such a layer; the portable one takes everything.
  bool (*takes)(const Layer& layer) noexcept = nullptr;
  // Weights, bias and slopes in the kernel's own order, as LayerKernel has it.
  size_t (*packed_bytes)(const Layer& layer) noexcept = nullptr;
  void (*pack)(const Layer& layer, std::byte* packed) noexcept = nullptr;
  size_t (*scratch_bytes)(const Layer& layer) noexcept = nullptr;
  void (*run)(const Layer& layer, const std::byte* packed,
              const FloatOperands& operands) noexcept = nullptr;
};

}  // namespace durward
