// kernels/requantize.h and FusedAdd of kernels/layer_kernel.h for vectors of int32 accumulators.
// For the files that are compiled for an instruction set alone; `Vector` is Zmm or Ymm.
//
// Up to four vectors of accumulators narrow to one of int8 by packing within lanes of 128 bits: in
// lane l of 128 bits vector v holds channels 16 * l + 4 * v and the 3 after it, so that the bytes
// come out in the order of the channels. With fewer than four the bytes have gaps.
#pragma once

#include <immintrin.h>

#include "engine/kernels/layer_kernel.h"

namespace durward {
namespace {

constexpr int kNarrowed = 4;  // vectors

// What makes steps of an output into its int8. The upper bound is where int8 saturates: values are
// moved up by `shift` and back. Port 0 of a processor, which converts and multiplies vectors of 512
// bits alone, has no part in int32 additions, but in those of int16 that saturate and in minima.
template <typename Vector>
class Int8Range {
 public:
  using Float = typename Vector::Float;
  using Int = typename Vector::Int;

  explicit Int8Range(const Int8Output& output)
      : low_(Vector::set(static_cast<float>(output.lowest - output.zero_point))),
        high_(Vector::set(static_cast<float>(output.highest - output.zero_point))),
        zero_point_(Vector::set32(output.zero_point + 127 - output.highest)),
        lowest_(Vector::set8(output.lowest + 127 - output.highest)),
        shift_(Vector::set8(127 - output.highest)) {}

  // NaN becomes the lower bound: max and min give their second operand then.
  Float clamp(Float steps) const { return Vector::min(Vector::max(steps, low_), high_); }

  // Rounds, adds the zero point and clamps steps of magnitudes below 2^31 - 256.
  template <int kVectors>
  Int narrow(const Float (&steps)[kVectors]) const {
    Int rounded[kNarrowed];
#pragma GCC unroll 4
    for (int v = 0; v < kNarrowed; ++v) {
      rounded[v] = v < kVectors ? Vector::add32(Vector::to_int(steps[v % kVectors]), zero_point_)
                                : Vector::zero();
    }
    const Int bytes = Vector::narrow16(Vector::narrow32(rounded[0], rounded[1]),
                                       Vector::narrow32(rounded[2], rounded[3]));
    return Vector::sub8(Vector::max8(bytes, lowest_), shift_);
  }

 private:
  Float low_, high_;    // of the steps
  Int zero_point_;      // int32, plus shift
  Int lowest_, shift_;  // int8; the lowest plus shift
};

// Steps of the layer's output and the fused Add's other operand to steps of the sum.
template <typename Vector>
class Adder {
 public:
  using Float = typename Vector::Float;
  using Int = typename Vector::Int;

  Adder(const Int8Output& output, const FusedAdd& add)
      : output_(output),
        rounder_(Vector::set(kRounder)),
        unrounder_(Vector::set(kRounder - static_cast<float>(output.zero_point - add.zero_point))),
        multiplier_(Vector::set(add.multiplier)),
        addend_multiplier_(Vector::set(add.addend_multiplier)),
        flip_(Vector::set8(128)),
        addend_zero_point_(Vector::set32(add.addend_zero_point + 128)) {}

  // Makes an int8 addend what sum() takes.
  Int unsigned_addend(Int addend) const { return Vector::xor8(addend, flip_); }

  // `addend` has the bytes of vector v at 4 * v of each lane of 128 bits.
  Float sum(Float steps, Int addend, int v) const {
    const Float rounded = Vector::sub(Vector::add(output_.clamp(steps), rounder_), unrounder_);
    const int32_t byte = static_cast<int32_t>(0x80808000) + 4 * v;  // one and three zeros
    const __m128i control = _mm_setr_epi32(byte, byte + 1, byte + 2, byte + 3);
    const Int other = Vector::sub32(Vector::shuffle8(addend, control), addend_zero_point_);
    return Vector::add(Vector::mul(rounded, multiplier_),
                       Vector::mul(Vector::to_float(other), addend_multiplier_));
  }

 private:
  static constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23: a unit of 1 in its last place

  Int8Range<Vector> output_;
  Float rounder_, unrounder_;  // + one - the other: rounds, and moves to the Add's zero point
  Float multiplier_, addend_multiplier_;
  Int flip_;               // int8 to unsigned
  Int addend_zero_point_;  // of the unsigned addend
};

}  // namespace
}  // namespace durward
