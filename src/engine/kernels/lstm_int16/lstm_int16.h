// The long short-term memory in integers: a hidden state of 16 bits, weights of 8 (those of the
// input of 16 where they have to be), a cell of 32. docs/numerics.md says why it is this one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/geometry.h"

namespace durward {

// What the integers stand for: a hidden state h / 2^15, a gate before its function g / 2^11, a cell
// c / 2^23.
inline constexpr int kHiddenBits = 15, kGateBits = 11, kCellBits = 23;
// A cell is kept within -2^30 and 2^30 - 1, so within 128 on either side.
inline constexpr int32_t kCellLimit = 1 << 30;

// A function of a gate g is a table of its values * 2^15 at every 64th g, with straight lines
// between them: with k = (g + 2^15) / 64 and r = (g + 2^15) mod 64,
//   (table[k] * (64 - r) + table[k + 1] * r + 32) >> 6
inline constexpr int kGateStepBits = 6;
inline constexpr int64_t kGateTableEntries = (1 << (16 - kGateStepBits)) + 1;

// For each step and sequence, with `row` the row of weights of a gate's element:
//   x:  an int16, or where `wide_input` an int32, taken as two int16:
//       low = the last 16 bits of x, with sign; high = min((x - low) / 2^16, 2^15 - 1)
//   in = float32(sum of x * weights) * scales[row], or where `wide_input`
//        float32(sum of high * weights) * (scales[row] * 2^16)
//        + float32(sum of low * weights) * scales[row]
//   g  = in + bias[row] + float32(sum of h * recurrent) * recurrent_scales[row], from the left,
//        each product and sum rounded to float; clamped to -2^15..2^15 - 1 (a NaN to the lowest),
//        rounded to the nearest integer, ties to even
//   i, f, o = sigmoid(g), g = tanh(g), by table
//   c  = (f * c + i * g * 2^8 + 2^14) >> 15, kept within kCellLimit
//   h  = min((o * tanh(min(max((c + 2^11) >> 12, -2^15), 2^15 - 1)) + 2^14) >> 15, 2^15 - 1)
// The caller guarantees that no row of weights has magnitudes that sum up to more than 2^16 - 1, so
// that no sum leaves int32. A sequence sees nothing of the others in the batch.
struct LstmInt16 {
  RecurrentGeometry geometry;
  bool wide_input = false;
  bool wide_weights = false;
  const void* weights = nullptr;      // int8, or int16 where wide: [4 * hidden, inputs], i, f, g, o
  const int8_t* recurrent = nullptr;  // [4 * hidden, hidden]
  const float* scales = nullptr;      // [3, 4 * hidden]: of x, the bias, of h, all in steps of g
  const int16_t* tables = nullptr;    // [2, kGateTableEntries]: sigmoid, tanh
};

struct LstmInt16Operands {
  const std::byte* input = nullptr;  // [steps, batch, inputs] int16, or int32 where wide
  int16_t* output = nullptr;         // [steps, batch, hidden]
  std::byte* scratch = nullptr;      // aligned to 64 bytes
};

[[nodiscard]] size_t lstm_int16_scratch_bytes(const RecurrentGeometry& geometry);
void lstm_int16(const LstmInt16& lstm, const LstmInt16Operands& operands) noexcept;

}  // namespace durward
