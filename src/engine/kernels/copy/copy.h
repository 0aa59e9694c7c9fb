// Movement of elements without arithmetic: transpose, slice, pad, concatenation, broadcasting,
// tiling, splitting and space/depth rearrangement are all one strided copy; and gathering by index.
#pragma once

#include <cstdint>

#include "engine/kernels/geometry.h"

namespace durward {

// output[b] = input[a] over the nest: stride_a and first_a are the input's, the others the
// output's, all in elements of `element_bytes` (1, 2, 4 or 8).
struct StridedCopy {
  LoopNest loop;
  int64_t first_a = 0, first_b = 0;
  int64_t element_bytes = 1;
};

void strided_copy(const StridedCopy& copy, const void* input, void* output) noexcept;
// The same with output[b] = table[input[a] + 128], as lookup_int8: a copy to another scale.
void lookup_copy(const StridedCopy& copy, const int8_t* table, const int8_t* input,
                 int8_t* output) noexcept;

// Fills `count` elements of `element_bytes` with the one at `value`.
void fill(const void* value, int64_t element_bytes, int64_t count, void* output) noexcept;

// output[outer, i, inner] = input[outer, indices[i], inner]; a negative index counts from the end,
// and one outside the axis reads as the nearest inside.
struct Gathering {
  int64_t outer = 1, axis = 1, indices = 1;
  int64_t inner_bytes = 1;
};
void gather(const Gathering& geometry, const void* input, const int64_t* indices,
            void* output) noexcept;
void gather(const Gathering& geometry, const void* input, const int32_t* indices,
            void* output) noexcept;

}  // namespace durward
