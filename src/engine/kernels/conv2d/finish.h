// From int32 accumulators to int8, a group of channels of a pixel at a time: requantisation with
// one multiplier per sign, and the fused Add. For the files that are compiled for an instruction
// set alone; `Vector` is Zmm or Ymm.
#pragma once

#include <immintrin.h>

#include "engine/kernels/conv2d/x86.h"

namespace durward {
namespace {

// Narrowing leaves 4 bytes of each vector in each lane of 128 bits, in the order of the channels;
// groups of fewer than kGroupVectors leave gaps, which these permutations of int32 close and open.
template <typename Vector, int kVectors>
struct Gaps {
  alignas(64) int32_t close[Vector::kLanes] = {};
  alignas(64) int32_t open[Vector::kLanes] = {};

  constexpr Gaps() {
    for (int lane = 0; lane < Vector::kLanes / 4; ++lane) {
      for (int v = 0; v < kVectors; ++v) {
        close[lane * kVectors + v] = lane * 4 + v;
        open[lane * 4 + v] = lane * kVectors + v;
      }
    }
  }
};

template <typename Vector, int kVectors>
constexpr Gaps<Vector, kVectors> kGaps;

// What makes steps of the output into its int8. The upper bound is where int8 saturates: values are
// moved up by `shift` and back.
template <typename Vector>
struct Range {
  using Float = typename Vector::Float;
  using Int = typename Vector::Int;

  Float low, high;
  Int zero_point;     // int32, plus shift
  Int lowest, shift;  // int8

  explicit Range(const Int8Output& output)
      : low(Vector::set(static_cast<float>(output.lowest - output.zero_point))),
        high(Vector::set(static_cast<float>(output.highest - output.zero_point))),
        zero_point(Vector::set32(output.zero_point + 127 - output.highest)),
        lowest(Vector::set8(output.lowest + 127 - output.highest)),
        shift(Vector::set8(127 - output.highest)) {}

  // NaN becomes the lower bound: max and min give their second operand then.
  Float clamp(Float steps) const { return Vector::min(Vector::max(steps, low), high); }

  // Rounds, adds the zero point and clamps steps below 2^31 - 256.
  template <int kVectors>
  Int narrow(const Float (&steps)[kVectors]) const {
    Int result[kGroupVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kGroupVectors; ++v) {
      result[v] = v < kVectors ? Vector::add32(Vector::to_int(steps[v % kVectors]), zero_point)
                               : Vector::zero();
    }
    const Int bytes = Vector::narrow16(Vector::narrow32(result[0], result[1]),
                                       Vector::narrow32(result[2], result[3]));
    return Vector::sub8(Vector::max8(bytes, lowest), shift);
  }
};

// Steps of the layer's output and the fused Add's other operand to steps of the sum.
template <typename Vector>
struct Adder {
  using Float = typename Vector::Float;
  using Int = typename Vector::Int;
  static constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23: a unit of 1 in its last place

  Range<Vector> result;
  Float rounder, unrounder;  // + one - the other: rounds, and moves to the Add's zero point
  Float multiplier, addend_multiplier;
  Int flip;               // int8 to unsigned
  Int addend_zero_point;  // of the unsigned addend

  Adder(const Int8Output& output, const FusedAdd& add)
      : result(output),
        rounder(Vector::set(kRounder)),
        unrounder(Vector::set(kRounder - static_cast<float>(output.zero_point - add.zero_point))),
        multiplier(Vector::set(add.multiplier)),
        addend_multiplier(Vector::set(add.addend_multiplier)),
        flip(Vector::set8(128)),
        addend_zero_point(Vector::set32(add.addend_zero_point + 128)) {}

  Int unsigned_addend(Int addend) const { return Vector::xor8(addend, flip); }

  // `addend` is unsigned and has the bytes of vector v at 4 * v of each lane of 128 bits.
  Float sum(Float steps, Int addend, int v) const {
    const Float rounded = Vector::sub(Vector::add(result.clamp(steps), rounder), unrounder);
    const int32_t byte = static_cast<int32_t>(0x80808000) + 4 * v;  // one and three zeros
    const __m128i control = _mm_setr_epi32(byte, byte + 1, byte + 2, byte + 3);
    const Int other = Vector::sub32(Vector::shuffle8(addend, control), addend_zero_point);
    return Vector::add(Vector::mul(rounded, multiplier),
                       Vector::mul(Vector::to_float(other), addend_multiplier));
  }
};

// Whether sums of two products with these cannot leave int32.
inline bool is_bounded(const FusedAdd& add) {
  constexpr float kBound = 1 << 21;
  return __builtin_fabsf(add.multiplier) < kBound &&
         __builtin_fabsf(add.addend_multiplier) < kBound;
}

// Where a layer's results come from and go to.
template <typename Vector>
struct Finish {
  const float* multiplier;  // [groups, kGroupVectors, lanes]
  const float* negative;
  const int8_t* addend;
  int8_t* output;
  int64_t channels;
  bool slopes;   // the multipliers differ
  bool bounded;  // steps cannot leave int32
  bool adds;
  Adder<Vector> adder;
  Range<Vector> range;

  Finish(const Conv2DInt8& conv, const std::byte* packed, const Conv2DPacked& layout,
         const FusedAdd* add, const LayerOperands& operands)
      : multiplier(reinterpret_cast<const float*>(packed + layout.multiplier)),
        negative(reinterpret_cast<const float*>(packed + layout.multiplier_negative)),
        addend(operands.addend),
        output(operands.output),
        channels(conv.geometry.window.out_c),
        slopes((*reinterpret_cast<const int32_t*>(packed) & kConv2DSlopes) != 0),
        bounded((*reinterpret_cast<const int32_t*>(packed) & kConv2DBounded) != 0 &&
                (add == nullptr || is_bounded(*add))),
        adds(add != nullptr),
        adder(conv.output, adds ? *add : FusedAdd{}),
        range(adds ? add->output : conv.output) {}
};

// Makes sums [pixels, kGroupVectors, lanes] of one group of channels into int8, from output pixel
// `first` on. Not inlined, so that each variant is there once.
template <typename Vector, int kVectors, bool kSlopes, bool kBounded, bool kAdd>
[[gnu::noinline]] void finish_group(const Finish<Vector>& finish, const int32_t* sums,
                                    int64_t first, int64_t pixels, int64_t group) {
  constexpr int64_t kGroup = kGroupVectors * Vector::kLanes;
  constexpr bool kHasGaps = kVectors < kGroupVectors;
  const int64_t channels = finish.channels;
  const int64_t left = channels - group * kGroup;
  const int64_t count = left < kGroup ? left : kGroup;
  typename Vector::Float multiplier[kVectors], negative[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    multiplier[v] = Vector::load(finish.multiplier + group * kGroup + v * Vector::kLanes);
    negative[v] = Vector::load(finish.negative + group * kGroup + v * Vector::kLanes);
  }
  int64_t offset = first * channels + group * kGroup;
  for (int64_t p = 0; p < pixels; ++p, sums += kGroup, offset += channels) {
    typename Vector::Float steps[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const auto sum = Vector::load(sums + v * Vector::kLanes);
      const auto exact = Vector::to_float(sum);
      steps[v] = kSlopes ? Vector::mul_by_sign(sum, exact, multiplier[v], negative[v])
                         : Vector::mul(exact, multiplier[v]);
    }
    if constexpr (kAdd) {
      auto addend = finish.adder.unsigned_addend(Vector::load_bytes(finish.addend + offset, count));
      if (kHasGaps) addend = Vector::permute32(addend, kGaps<Vector, kVectors>.open);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) steps[v] = finish.adder.sum(steps[v], addend, v);
    }
    if constexpr (!kBounded) {
      for (auto& vector : steps) vector = finish.range.clamp(vector);
    }
    auto bytes = finish.range.narrow(steps);
    if (kHasGaps) bytes = Vector::permute32(bytes, kGaps<Vector, kVectors>.close);
    Vector::store_bytes(finish.output + offset, bytes, count);
  }
}

template <typename Vector, int kVectors, bool kAdd>
inline void finish_group(const Finish<Vector>& finish, const int32_t* sums, int64_t first,
                         int64_t pixels, int64_t group) {
  if (!finish.bounded) {
    return finish_group<Vector, kVectors, true, false, kAdd>(finish, sums, first, pixels, group);
  }
  return finish.slopes
             ? finish_group<Vector, kVectors, true, true, kAdd>(finish, sums, first, pixels, group)
             : finish_group<Vector, kVectors, false, true, kAdd>(finish, sums, first, pixels,
                                                                 group);
}

template <typename Vector, int kVectors>
inline void finish_group(const Finish<Vector>& finish, const int32_t* sums, int64_t first,
                         int64_t pixels, int64_t group) {
  return finish.adds ? finish_group<Vector, kVectors, true>(finish, sums, first, pixels, group)
                     : finish_group<Vector, kVectors, false>(finish, sums, first, pixels, group);
}

}  // namespace
}  // namespace durward
