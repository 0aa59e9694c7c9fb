// The weights of an integer LSTM in the order in which vectors of an instruction set take them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/lstm_int16/lstm_int16.h"

namespace durward {

struct LstmInt16Packing {
  int64_t lanes = 1;  // int32 in a vector
  // Products that a vector's lane sums up at once: of an input's weights 2 (or 2 vectors of one
  // each), of a recurrent weight's `recurrent_depth`.
  int64_t recurrent_depth = 2;
  bool by_lane = true;  // whether what is summed up lies side by side in a lane
  // Whether the state is taken as bytes, the high ones with 128 added.
  bool offset_state = false;
};

// Rows of weights are taken in blocks of `lanes` elements, four for the gates i, f, g, o of the
// same elements. What is missing at the ends are zeros.
struct LstmInt16Packed {
  LstmInt16Packed(const RecurrentGeometry& geometry, const LstmInt16Packing& packing);

  int64_t blocks = 0;    // of rows, a multiple of 4
  int64_t pairs = 0;     // of inputs
  int64_t groups = 0;    // of `recurrent_depth` elements of the state
  size_t weights = 0;    // int16 [blocks, pairs, lanes, 2] from the start of what is packed
  size_t recurrent = 0;  // int8 [blocks, groups, lanes, recurrent_depth]
  size_t scales = 0;     // float [3, blocks, lanes]
  size_t offsets = 0;    // int32 [blocks, lanes]: what the sums with the state begin with
  size_t bytes = 0;
};

void lstm_int16_pack(const LstmInt16& lstm, const LstmInt16Packing& packing, std::byte* packed);

}  // namespace durward
