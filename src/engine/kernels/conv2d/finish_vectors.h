// conv2d_finish_*() of finish.h for vectors of one width. For the files that are compiled for an
// instruction set alone; `Vector` is Zmm or Ymm.
#pragma once

#include "engine/kernels/conv2d/finish.h"
#include "engine/kernels/x86_requantize.h"

namespace durward {
namespace {

static_assert(kGroupVectors == kNarrowed);

// Narrowing leaves 4 bytes of each vector in each lane of 128 bits; groups of fewer than
// kGroupVectors leave gaps, which these permutations of int32 close and open.
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

// Whether sums of two products with these cannot leave int32.
inline bool is_bounded(const FusedAdd& add) {
  constexpr float kBound = 1 << 21;
  return __builtin_fabsf(add.multiplier) < kBound &&
         __builtin_fabsf(add.addend_multiplier) < kBound;
}

// kPlain: the group has all its channels, and no step can leave int32. kSlopes: the multipliers may
// differ.
template <typename Vector, int kVectors, bool kPlain, bool kSlopes, bool kAdd>
void finish_pixels(const Conv2DFinish& finish, const Conv2DSums& tile) {
  constexpr int64_t kGroup = kGroupVectors * Vector::kLanes;
  constexpr bool kHasGaps = kVectors < kGroupVectors;
  const FusedAdd add = kAdd ? *finish.add : FusedAdd{};
  const Adder<Vector> adder(finish.range, add);
  const Int8Range<Vector> range(kAdd ? add.output : finish.range);
  const int64_t channels = finish.channels;
  const int64_t left = channels - tile.group * kGroup;
  const int64_t count = kPlain || left > kGroup ? kGroup : left;
  typename Vector::Float multiplier[kVectors], negative[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    multiplier[v] = Vector::load(finish.multiplier + tile.group * kGroup + v * Vector::kLanes);
    negative[v] = Vector::load(finish.negative + tile.group * kGroup + v * Vector::kLanes);
  }
  const int32_t* sums = tile.sums;
  const int8_t* addends = finish.addend;
  int8_t* output = finish.output;
  int64_t offset = tile.first * channels + tile.group * kGroup;
  const int64_t end = offset + tile.pixels * channels;
  for (; offset < end; offset += channels, sums += kGroup) {
    typename Vector::Float steps[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const auto sum = Vector::load(sums + v * Vector::kLanes);
      const auto exact = Vector::to_float(sum);
      steps[v] = kSlopes ? Vector::mul_by_sign(sum, exact, multiplier[v], negative[v])
                         : Vector::mul(exact, multiplier[v]);
    }
    if constexpr (kAdd) {
      auto addend = adder.unsigned_addend(Vector::load_bytes(addends + offset, count));
      if (kHasGaps) addend = Vector::permute32(addend, kGaps<Vector, kVectors>.open);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) steps[v] = adder.sum(steps[v], addend, v);
    }
    if constexpr (!kPlain) {
      for (auto& vector : steps) vector = range.clamp(vector);
    }
    auto bytes = range.narrow(steps);
    if (kHasGaps) bytes = Vector::permute32(bytes, kGaps<Vector, kVectors>.close);
    Vector::store_bytes(output + offset, bytes, count);
  }
}

// What takes everything.
template <typename Vector, int kVectors>
void finish_any(const Conv2DFinish& finish, const Conv2DSums& tile) {
  finish.add == nullptr ? finish_pixels<Vector, kVectors, false, true, false>(finish, tile)
                        : finish_pixels<Vector, kVectors, false, true, true>(finish, tile);
}

template <typename Vector>
bool is_plain(const Conv2DFinish& finish, const Conv2DSums& tile) {
  return (finish.flags & kConv2DBounded) != 0 &&
         (finish.add == nullptr || is_bounded(*finish.add)) &&
         (tile.group + 1) * kGroupVectors * Vector::kLanes <= finish.channels;
}

template <typename Vector>
void finish_plain(const Conv2DFinish& finish, const Conv2DSums& tile) {
  constexpr int kAll = kGroupVectors;
  const bool slopes = (finish.flags & kConv2DSlopes) != 0;
  if (finish.add == nullptr) {
    slopes ? finish_pixels<Vector, kAll, true, true, false>(finish, tile)
           : finish_pixels<Vector, kAll, true, false, false>(finish, tile);
  } else {
    slopes ? finish_pixels<Vector, kAll, true, true, true>(finish, tile)
           : finish_pixels<Vector, kAll, true, false, true>(finish, tile);
  }
}

template <typename Vector>
void finish_vectors(const Conv2DFinish& finish, const Conv2DSums& tile) {
  if (is_plain<Vector>(finish, tile)) return finish_plain<Vector>(finish, tile);
  switch (tile.vectors) {
    case 1:
      return finish_any<Vector, 1>(finish, tile);
    case 2:
      return finish_any<Vector, 2>(finish, tile);
    case 3:
      return finish_any<Vector, 3>(finish, tile);
    default:
      return finish_any<Vector, 4>(finish, tile);
  }
}

}  // namespace
}  // namespace durward
