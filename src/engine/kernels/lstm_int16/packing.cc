#include "engine/kernels/lstm_int16/packing.h"

#include <cstring>

namespace durward {
namespace {

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Where element `k` of a lane's row is, `depth` of them summed up at once.
int64_t packed_place(const LstmInt16Packing& packing, int64_t depth, int64_t block, int64_t lane,
                     int64_t k, int64_t groups) {
  const int64_t group = (block * groups + k / depth) * packing.lanes * depth;
  return packing.by_lane ? group + lane * depth + k % depth
                         : group + k % depth * packing.lanes + lane;
}

}  // namespace

LstmInt16Packed::LstmInt16Packed(const RecurrentGeometry& g, const LstmInt16Packing& packing)
    : blocks(4 * divide_up(g.hidden, packing.lanes)),
      pairs(divide_up(g.inputs, 2)),
      groups(divide_up(g.hidden, packing.recurrent_depth)) {
  const auto add = [this](size_t& place, int64_t count) {
    place = bytes;
    bytes += static_cast<size_t>(divide_up(count, 64) * 64);
  };
  const int64_t rows = blocks * packing.lanes;
  add(weights, rows * pairs * 4);
  add(recurrent, rows * groups * packing.recurrent_depth);
  add(scales, 3 * rows * 4);
  add(offsets, rows * 4);
}

void lstm_int16_pack(const LstmInt16& lstm, const LstmInt16Packing& packing, std::byte* packed) {
  const RecurrentGeometry& g = lstm.geometry;
  const LstmInt16Packed to(g, packing);
  std::memset(packed, 0, to.bytes);
  auto* weights = reinterpret_cast<int16_t*>(packed + to.weights);
  auto* recurrent = reinterpret_cast<int8_t*>(packed + to.recurrent);
  auto* scales = reinterpret_cast<float*>(packed + to.scales);
  auto* offsets = reinterpret_cast<int32_t*>(packed + to.offsets);
  const int64_t rows = 4 * g.hidden, packed_rows = to.blocks * packing.lanes;
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t gate = row / g.hidden, element = row % g.hidden;
    const int64_t block = element / packing.lanes * 4 + gate, lane = element % packing.lanes;
    for (int64_t k = 0; k < g.inputs; ++k) {
      const int64_t from = row * g.inputs + k;
      weights[packed_place(packing, 2, block, lane, k, to.pairs)] =
          lstm.wide_weights ? static_cast<const int16_t*>(lstm.weights)[from]
                            : static_cast<const int8_t*>(lstm.weights)[from];
    }
    uint32_t sum = 0;
    for (int64_t k = 0; k < g.hidden; ++k) {
      const int8_t weight = lstm.recurrent[row * g.hidden + k];
      recurrent[packed_place(packing, packing.recurrent_depth, block, lane, k, to.groups)] = weight;
      sum += static_cast<uint32_t>(int32_t{weight});
    }
    const int64_t at = block * packing.lanes + lane;
    for (int64_t kind = 0; kind < 3; ++kind) {
      scales[kind * packed_rows + at] = lstm.scales[kind * rows + row];
    }
    // 128 * 2^8 for each weight, modulo 2^32 as the sums are.
    if (packing.offset_state) offsets[at] = static_cast<int32_t>(0u - sum * 32768u);
  }
}

}  // namespace durward
