// The convolution with instructions that multiply vectors of 4-byte words (four int8 or two int16)
// and add the products of each word to an int32. For the files that are compiled for an instruction
// set alone.
//
// Arch has Vector (Zmm or Ymm), Copy (as patches.h wants it), kTarget, kFinish (one of finish.h),
// kVectorsAtOnce: vectors of channels whose sums stay in registers for kTarget.pixels pixels, and
//   static Int dot(Int sum, Int inputs, Int weights)
#pragma once

#include "engine/kernels/conv2d/finish.h"
#include "engine/kernels/conv2d/patches.h"

namespace durward {
namespace {

constexpr int64_t kWord = 4;  // bytes

// The constants for one group of channels, or part of its vectors.
struct Group {
  const std::byte* weights;  // [words, row]
  const int32_t* bias;
  int64_t words;  // of a patch
  int64_t row;    // bytes of weights per word of a patch
};

// sums [kPatches, kGroupVectors, lanes] = bias + patches * weights, for kVectors of the vectors.
// Its sums take nearly all registers: inlined, they would compete with the caller's values.
template <typename Arch, int kPatches, int kVectors>
[[gnu::noinline]] void accumulate(const Group& group, const std::byte* patches, int32_t* sums) {
  using Vector = typename Arch::Vector;
  typename Vector::Int sum[kPatches][kVectors];
#pragma GCC unroll 8
  for (int p = 0; p < kPatches; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[p][v] = Vector::load(group.bias + v * Vector::kLanes);
  }
  const std::byte* weights = group.weights;
  const int64_t patch = group.words * kWord;
  for (int64_t k = 0; k < group.words; ++k, patches += kWord, weights += group.row) {
    typename Vector::Int weight[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      weight[v] = Vector::load(reinterpret_cast<const int32_t*>(weights) + v * Vector::kLanes);
    }
#pragma GCC unroll 8
    for (int p = 0; p < kPatches; ++p) {
      int32_t word;
      __builtin_memcpy(&word, patches + p * patch, sizeof(word));
      const auto inputs = Vector::set32(word);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sum[p][v] = Arch::dot(sum[p][v], inputs, weight[v]);
    }
  }
#pragma GCC unroll 8
  for (int p = 0; p < kPatches; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      Vector::store(sums + (p * kGroupVectors + v) * Vector::kLanes, sum[p][v]);
    }
  }
}

template <typename Arch, int kVectors>
void accumulate(const Group& group, const std::byte* patches, int64_t count, int32_t* sums) {
  static_assert(Arch::kTarget.pixels == 6);
  switch (count) {
    case 1:
      return accumulate<Arch, 1, kVectors>(group, patches, sums);
    case 2:
      return accumulate<Arch, 2, kVectors>(group, patches, sums);
    case 3:
      return accumulate<Arch, 3, kVectors>(group, patches, sums);
    case 4:
      return accumulate<Arch, 4, kVectors>(group, patches, sums);
    case 5:
      return accumulate<Arch, 5, kVectors>(group, patches, sums);
    default:
      return accumulate<Arch, 6, kVectors>(group, patches, sums);
  }
}

// All of a group's vectors, kVectorsAtOnce at a time.
template <typename Arch, int kVectors>
void accumulate_group(const Group& group, const std::byte* patches, int64_t count, int32_t* sums) {
  constexpr int kFirst = kVectors < Arch::kVectorsAtOnce ? kVectors : Arch::kVectorsAtOnce;
  accumulate<Arch, kFirst>(group, patches, count, sums);
  if constexpr (kVectors > kFirst) {
    constexpr int64_t kDone = kFirst * Arch::Vector::kLanes;
    const Group rest{group.weights + kDone * kWord, group.bias + kDone, group.words, group.row};
    accumulate_group<Arch, kVectors - kFirst>(rest, patches, count, sums + kDone);
  }
}

// As many pixels as are computed together, but no remainder of a few that would leave the
// multipliers idle.
inline int64_t next_pixels(int64_t left, int64_t together) {
  if (left <= together) return left;
  return left < 2 * together ? (left + 1) / 2 : together;
}

struct Block {
  const std::byte* patches;
  int64_t first, count;  // output pixels
};

// What the blocks of a call have in common.
struct Layer {
  Conv2DFinish finish;
  Conv2DPacked layout;
  const std::byte* packed;
  int32_t* sums;
};

template <typename Arch, int kVectors>
void run_group(const Layer& layer, const Block& block, int64_t index) {
  constexpr int64_t kGroup = kGroupVectors * Arch::Vector::kLanes;
  const Conv2DPacked& layout = layer.layout;
  const int64_t words = layout.depth / Arch::kTarget.depth_unit;
  const Group group{layer.packed + layout.weights + index * kGroup * words * kWord,
                    reinterpret_cast<const int32_t*>(layer.packed + layout.bias) + index * kGroup,
                    words, kVectors * Arch::Vector::kLanes * kWord};
  int64_t pixels = 0;
  for (int64_t done = 0; done < block.count; done += pixels) {
    pixels = next_pixels(block.count - done, Arch::kTarget.pixels);
    accumulate_group<Arch, kVectors>(group, block.patches + done * words * kWord, pixels,
                                     layer.sums);
    Arch::kFinish(layer.finish, {layer.sums, block.first + done, pixels, index, kVectors});
  }
}

template <typename Arch>
void run_block(const Layer& layer, const Block& block) {
  for (int64_t g = 0; g < layer.layout.groups; ++g) {
    switch (layer.layout.vectors - g * kGroupVectors) {
      case 1:
        run_group<Arch, 1>(layer, block, g);
        break;
      case 2:
        run_group<Arch, 2>(layer, block, g);
        break;
      case 3:
        run_group<Arch, 3>(layer, block, g);
        break;
      default:
        run_group<Arch, 4>(layer, block, g);
    }
  }
}

// LayerKernel::run.
template <typename Arch>
inline void run_products(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                         const LayerOperands& operands) {
  using Value = typename Arch::Copy::Value;
  const WindowGeometry& w = conv.geometry.window;
  const Conv2DPacked layout = conv2d_packed(conv, Arch::kTarget);
  const Conv2DScratch scratch = conv2d_scratch(conv, Arch::kTarget);
  const Layer layer{finish_of(conv, packed, layout, add, operands), layout, packed,
                    reinterpret_cast<int32_t*>(operands.scratch)};
  std::byte* patches = operands.scratch + scratch.patches;
  const int64_t pixels = w.batch * w.out_h * w.out_w;
  for (int64_t first = 0; first < pixels; first += scratch.block_pixels) {
    const int64_t left = pixels - first;
    const int64_t count = left < scratch.block_pixels ? left : scratch.block_pixels;
    copy_patches<typename Arch::Copy>(conv, operands.input, first, count, layout.depth,
                                      reinterpret_cast<Value*>(patches));
    run_block<Arch>(layer, {patches, first, count});
  }
}

}  // namespace
}  // namespace durward
