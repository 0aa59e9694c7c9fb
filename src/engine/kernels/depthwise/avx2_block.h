// What column_strips.h asks of vectors, as far as AVX2 and AVX-VNNI do it alike: blocks of 32
// channels. Only files compiled for one of them include this.
#pragma once

#include "engine/kernels/depthwise/column_strips.h"
#include "engine/kernels/ymm.h"

namespace durward {
namespace {

struct Avx2Block {
  using Vector = Ymm;

 protected:
  static __m256i aligned(const void* from) {
    return _mm256_load_si256(static_cast<const __m256i*>(from));
  }
  // Stops GCC from summing products as a tree and from other orders for which 16 registers are too
  // few.
  static __m256i keep(__m256i sums) {
    __asm__("" : "+x"(sums));
    return sums;
  }
  static void put(std::byte* to, int vector, __m256i values) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to) + vector, values);
  }
};

}  // namespace
}  // namespace durward
