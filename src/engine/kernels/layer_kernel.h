// How a kernel for one instruction set presents itself to the session: the same five functions for
// every family that has weights. Each has the bits of the family's reference.
//
// Files that are compiled for an instruction set include no header with inline functions of
// external linkage and use none of the standard library's templates: the linker may keep their copy
// for the whole program, and it would stop an older processor.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/isa.h"
#include "engine/kernels/requantize.h"

namespace durward {

// An Add of the layer's int8 result and a tensor of the same shape, fused behind the layer: the
// layer requantises to int8 with its own output parameters, then
// output = round_to_int8((result - zero_point) * multiplier
//                        + (addend - addend_zero_point) * addend_multiplier),
// two float products and a sum, each rounded once, as add_int8 has it.
struct FusedAdd {
  int32_t zero_point = 0, addend_zero_point = 0;
  float multiplier = 0, addend_multiplier = 0;
  Int8Output output;
};

// What one call works on. Nothing needs alignment but scratch (64 bytes); nothing outside the
// tensors is read or written.
struct LayerOperands {
  const int8_t* input = nullptr;
  const int8_t* addend = nullptr;  // read where a FusedAdd is given
  int8_t* output = nullptr;        // overlaps neither
  std::byte* scratch = nullptr;    // at least scratch_bytes
};

template <typename Layer>
struct LayerKernel {
  Isa isa = Isa::kPortable;
  // Whether this kernel runs such a layer; the portable one takes everything.
  bool (*takes)(const Layer& layer) noexcept = nullptr;
  // Weights, bias and multipliers in the kernel's own order, made once at load. packed_bytes may be
  // 0; `packed` is aligned to 64 bytes. What pack wrote does not depend on the window's batch,
  // heights, widths and padding: run takes any of them, as bands of rows need it.
  size_t (*packed_bytes)(const Layer& layer) noexcept = nullptr;
  void (*pack)(const Layer& layer, std::byte* packed) noexcept = nullptr;
  size_t (*scratch_bytes)(const Layer& layer) noexcept = nullptr;
  // The result of the family's reference function, then `add` unless it is nullptr.
  void (*run)(const Layer& layer, const std::byte* packed, const FusedAdd* add,
              const LayerOperands& operands) noexcept = nullptr;
};

}  // namespace durward
