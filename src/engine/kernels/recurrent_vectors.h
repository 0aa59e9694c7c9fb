// What the vector kernels of recurrent layers share. For the files that are compiled for an
// instruction set alone.
//
// The products are those of a float convolution of [1, rows] pixels, whose kernel has the bits of
// fully_connected_float: with the input for a block of steps at once, with the state step by step.
#pragma once

#include "engine/kernels/conv2d/float_kernels.h"
#include "engine/kernels/geometry.h"

namespace durward {
namespace {

// Rows of gates that are computed at once: more would only take more memory.
constexpr int64_t kBlockRows = 24;

inline int64_t block_steps(const RecurrentGeometry& g) {
  const int64_t wanted = (kBlockRows + g.batch - 1) / g.batch;
  return wanted < g.steps ? wanted : g.steps;
}

// The first step of a block in x and y.
inline int64_t block_begin(const RecurrentGeometry& g, int64_t first, int64_t count) {
  return g.reverse ? g.steps - first - count : first;
}

inline Conv2DFloat product_of(int64_t rows, int64_t in, int64_t out, const float* weights,
                              const float* bias) {
  Conv2DFloat product{{}, weights, bias, {}};
  WindowGeometry& w = product.geometry.window;
  w.in_w = w.out_w = rows;
  w.in_c = in;
  w.out_c = out;
  return product;
}

// Packed weights lie one behind another, each at a multiple of a vector.
inline size_t packed_size(const Conv2DFloatKernel& kernel, const Conv2DFloat& product) {
  return (kernel.packed_bytes(product) + 63) / 64 * 64;
}

inline void copy_state(const float* state, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = state == nullptr ? 0.0f : state[i];
}

// Whole vectors, and the elements that are left.
template <typename F>
typename F::Value load_lanes(const float* from, int64_t left) {
  return left >= F::kLanes ? F::load(from) : F::load_first(from, left);
}
template <typename F>
void store_lanes(float* to, typename F::Value value, int64_t left) {
  if (left >= F::kLanes) return F::store(to, value);
  F::store_first(to, value, left);
}

}  // namespace
}  // namespace durward
