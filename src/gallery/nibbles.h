// Scalar products of int8 vectors with vectors of four-bit values, two of which are in a byte: the
// arithmetic of a gallery's search. All kernels give the same whole numbers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/kernels/isa.h"
#include "gallery/huge_pages.h"

namespace durward {

inline constexpr Isa kFastestIsa = Isa::kNeonI8mm;  // the last of all

// Values are taken in chunks of 128: byte j of a chunk holds value j in its lower four bits and
// value 64 + j in its upper ones, each plus 8. What is missing of the last chunk is zero.
inline constexpr int kNibbleChunk = 128;

[[nodiscard]] constexpr int padded_dims(int dims) {
  return (dims + kNibbleChunk - 1) / kNibbleChunk * kNibbleChunk;
}

using NibblePlane = std::vector<uint8_t, HugePageAllocator<uint8_t>>;

// Appends the halves of values in -119..119, whose number is a multiple of 128.
void append_nibbles(std::span<const int8_t> values, NibblePlane& high, NibblePlane& low);

struct NibbleProbe {
  std::vector<int8_t> values;  // a multiple of 128
  int32_t sum = 0;             // of the values
  float norm = 0;              // their length
  float inverse_norm = 0;
};

// dots[i] = the product of the probe with row i of `plane`, rows of padded_dims / 2 bytes.
using NibbleDots = void (*)(const NibbleProbe& probe, const uint8_t* plane, int64_t rows,
                            int32_t* dots);

struct NibbleKernel {
  Isa isa;
  NibbleDots dots;
};

// Those that this was built for, the portable one first.
[[nodiscard]] std::span<const NibbleKernel> nibble_kernels();
// The last of them that is no higher than `highest` and that this machine has.
[[nodiscard]] const NibbleKernel& fastest_nibble_kernel(Isa highest);

void nibble_dots_portable(const NibbleProbe& probe, const uint8_t* plane, int64_t rows,
                          int32_t* dots);
void nibble_dots_avx2(const NibbleProbe& probe, const uint8_t* plane, int64_t rows, int32_t* dots);
void nibble_dots_avx512_vnni(const NibbleProbe& probe, const uint8_t* plane, int64_t rows,
                             int32_t* dots);
void nibble_dots_neon_dotprod(const NibbleProbe& probe, const uint8_t* plane, int64_t rows,
                              int32_t* dots);

}  // namespace durward
