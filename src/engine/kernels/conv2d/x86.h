// The convolution kernels for x86: how each instruction set wants a layer's constants packed, and
// the function that runs it.
//
// A convolution is a matrix product: a patch (the `depth` inputs under one output pixel) times the
// weights, plus the bias. Output channels lie in vectors of int32 accumulators, up to kGroupVectors
// of them in a group that is computed together.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/layer_kernel.h"

namespace durward {

inline constexpr int64_t kGroupVectors = 4;

// What an instruction set works on at once.
struct Conv2DTarget {
  int64_t lanes = 0;         // accumulators in a vector
  int64_t depth_unit = 0;    // products that one instruction adds to an accumulator
  int64_t value_bytes = 0;   // inputs and weights are multiplied as int8 or int16
  int32_t input_offset = 0;  // what is added to inputs before they are multiplied
  int64_t pixels = 0;        // output pixels computed together
  int64_t sum_buffers = 0;   // sets of accumulators in memory
};

// vpmaddwd takes int16 on both sides, vpdpbusd unsigned inputs, tdpbssd signed ones. AMX computes
// one set of accumulators while the one before is made into int8. (Not inline: no symbol that the
// linker could share.)
constexpr Conv2DTarget kConv2DAvx2{8, 2, 2, 0, 6, 1};
constexpr Conv2DTarget kConv2DAvxVnni{8, 4, 1, 128, 6, 1};
constexpr Conv2DTarget kConv2DAvx512Vnni{16, 4, 1, 128, 6, 1};
constexpr Conv2DTarget kConv2DAmx{16, 4, 1, 0, 16, 2};

// Flags of a packed layer.
constexpr int32_t kConv2DSlopes = 1;   // a channel's two multipliers differ
constexpr int32_t kConv2DBounded = 2;  // all are below 1: what int32 holds, it holds after scaling

// Where things lie in packed memory, in bytes from its start:
//   flags, an int32
//   bias, multiplier, multiplier_negative   [groups, kGroupVectors, lanes]
//   weights        [groups, depth / depth_unit, vectors of the group, lanes, depth_unit]
// The bias includes what the inputs' zero point and offset add. Channels of a group are dealt to
// its vectors so that narrowing four vectors of int32 to one of int8 within 128-bit lanes, as the
// pack instructions do it, leaves them in order.
struct Conv2DPacked {
  int64_t depth = 0;    // rounded up to depth_unit, zeros behind
  int64_t groups = 0;   // of kGroupVectors * lanes channels, the last one maybe of fewer vectors
  int64_t vectors = 0;  // in all groups together
  int64_t bias = 0, multiplier = 0, multiplier_negative = 0, weights = 0, bytes = 0;
};

[[nodiscard]] Conv2DPacked conv2d_packed(const Conv2DInt8& conv,
                                         const Conv2DTarget& target) noexcept;
void conv2d_pack(const Conv2DInt8& conv, const Conv2DTarget& target, std::byte* packed) noexcept;

// Scratch memory of a call: accumulators [sum_buffers, pixels, kGroupVectors, lanes], then the
// patches of a block of pixels.
struct Conv2DScratch {
  int64_t block_pixels = 0;  // a multiple of `pixels`
  int64_t patches = 0;       // where they begin
  int64_t bytes = 0;
};

[[nodiscard]] Conv2DScratch conv2d_scratch(const Conv2DInt8& conv,
                                           const Conv2DTarget& target) noexcept;

// LayerKernel::run of each. They take layers without groups.
void conv2d_run_avx2(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                     const LayerOperands& operands) noexcept;
void conv2d_run_avx_vnni(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                         const LayerOperands& operands) noexcept;
void conv2d_run_avx512_vnni(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                            const LayerOperands& operands) noexcept;
void conv2d_run_amx(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                    const LayerOperands& operands) noexcept;

}  // namespace durward
