// The integer LSTM for vectors V of int32 and float of an instruction set. For the files that are
// compiled for an instruction set alone.
//
// The products with the input need no state: they are made for a block of steps at once. Those with
// the state are bound by reading the weights, all of them for each step.
#pragma once

#include "engine/kernels/lstm_int16/kernels.h"
#include "engine/kernels/lstm_int16/packing.h"

namespace durward {
namespace {

constexpr int64_t kLstmBlockSteps = 16;
constexpr int kLstmGates = 4;

// The place in x and y of the step that is taken as number `number`.
inline int64_t lstm_place(const RecurrentGeometry& g, int64_t number) {
  return g.reverse ? g.steps - 1 - number : number;
}

// A sequence's memory while it is computed: the inputs of a block of steps as int16, the high
// halves of wide ones behind the low ones; their gates in the order of the packed rows; two states.
struct LstmInt16Scratch {
  LstmInt16Scratch(const LstmInt16& lstm, const LstmInt16Packed& packed, int64_t lanes) {
    const int64_t rows = packed.blocks * lanes, states = packed.blocks / kLstmGates * lanes;
    inputs = 0;
    gates = aligned(inputs + (lstm.wide_input ? 2 : 1) * kLstmBlockSteps * packed.pairs * 4);
    cell = aligned(gates + kLstmBlockSteps * rows * 4);
    // A state as int16, and as bytes behind it.
    state = aligned(cell + states * 4);
    state_bytes = aligned(states * 4);
    bytes = state + 2 * state_bytes;
  }
  static int64_t aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }

  int64_t inputs, gates, cell, state, state_bytes, bytes;
};

template <typename V>
struct LstmInt16Steps {
  using Int = typename V::Int;
  using Float = typename V::Float;
  static constexpr int64_t kLanes = V::kLanes;
  static constexpr LstmInt16Packing kPacking = V::kPacking;

  static bool takes(const LstmInt16&) noexcept { return true; }
  static size_t packed_bytes(const LstmInt16& lstm) noexcept {
    return LstmInt16Packed(lstm.geometry, kPacking).bytes;
  }
  static void pack(const LstmInt16& lstm, std::byte* packed) noexcept {
    lstm_int16_pack(lstm, kPacking, packed);
  }
  static size_t scratch_bytes(const LstmInt16& lstm) noexcept {
    const LstmInt16Packed packed(lstm.geometry, kPacking);
    return static_cast<size_t>(LstmInt16Scratch(lstm, packed, kLanes).bytes);
  }
  static constexpr LstmInt16Kernel kernel(Isa isa) {
    return {isa, takes, packed_bytes, pack, scratch_bytes, run};
  }

  static void run(const LstmInt16& lstm, const std::byte* packed,
                  const LstmInt16Operands& operands) noexcept {
    const LstmInt16Steps steps(lstm, packed, operands);
    for (int64_t n = 0; n < lstm.geometry.batch; ++n) steps.run_sequence(n);
  }

 private:
  LstmInt16Steps(const LstmInt16& lstm, const std::byte* packed, const LstmInt16Operands& operands)
      : lstm_(lstm),
        geometry_(lstm.geometry),
        packed_(lstm.geometry, kPacking),
        operands_(operands),
        weights_(reinterpret_cast<const int16_t*>(packed + packed_.weights)),
        recurrent_(reinterpret_cast<const int8_t*>(packed + packed_.recurrent)),
        scales_(reinterpret_cast<const float*>(packed + packed_.scales)),
        offsets_(reinterpret_cast<const int32_t*>(packed + packed_.offsets)) {
    const LstmInt16Scratch scratch(lstm, packed_, kLanes);
    inputs_ = reinterpret_cast<int16_t*>(operands.scratch + scratch.inputs);
    gates_ = reinterpret_cast<float*>(operands.scratch + scratch.gates);
    cell_ = reinterpret_cast<int32_t*>(operands.scratch + scratch.cell);
    for (int64_t i = 0; i < 2; ++i) {
      states_[i] = operands.scratch + scratch.state + i * scratch.state_bytes;
    }
    state_bytes_ = scratch.state_bytes;
  }

  [[nodiscard]] int64_t rows() const { return packed_.blocks * kLanes; }
  [[nodiscard]] int64_t elements() const { return rows() / kLstmGates; }

  void run_sequence(int64_t n) const {
    __builtin_memset(cell_, 0, static_cast<size_t>(elements()) * sizeof(int32_t));
    for (std::byte* state : states_) {
      __builtin_memset(state, 0, static_cast<size_t>(state_bytes_));
      V::clear_state(state, elements());
    }
    int64_t current = 0;
    for (int64_t first = 0; first < geometry_.steps; first += kLstmBlockSteps) {
      const int64_t left = geometry_.steps - first;
      const int64_t count = left < kLstmBlockSteps ? left : kLstmBlockSteps;
      take_inputs(n, first, count);
      multiply_inputs();
      for (int64_t i = 0; i < count; ++i, current = 1 - current) {
        run_step(gates_ + i * rows(), states_[current], states_[1 - current]);
        const int64_t at = lstm_place(geometry_, first + i) * geometry_.batch + n;
        __builtin_memcpy(operands_.output + at * geometry_.hidden, states_[1 - current],
                         static_cast<size_t>(geometry_.hidden) * sizeof(int16_t));
      }
    }
  }

  // Steps first..first+count-1 as int16; the block's other rows become zeros.
  void take_inputs(int64_t n, int64_t first, int64_t count) const {
    const int64_t length = 2 * packed_.pairs, plane = kLstmBlockSteps * length;
    const int64_t values = (lstm_.wide_input ? 2 : 1) * plane;
    __builtin_memset(inputs_, 0, static_cast<size_t>(values) * sizeof(int16_t));
    for (int64_t i = 0; i < count; ++i) {
      const int64_t at =
          (lstm_place(geometry_, first + i) * geometry_.batch + n) * geometry_.inputs;
      int16_t* to = inputs_ + i * length;
      if (!lstm_.wide_input) {
        __builtin_memcpy(to, operands_.input + at * 2, static_cast<size_t>(geometry_.inputs) * 2);
        continue;
      }
      const auto* from = reinterpret_cast<const int32_t*>(operands_.input) + at;
      for (int64_t k = 0; k < geometry_.inputs; ++k) {
        const auto low = static_cast<int16_t>(from[k] & 0xffff);
        const int32_t high = (from[k] >> 16) + (low < 0 ? 1 : 0);
        to[k] = low;
        to[plane + k] = static_cast<int16_t>(high < 32767 ? high : 32767);
      }
    }
  }

  void multiply_inputs() const {
    const int64_t plane = kLstmBlockSteps * 2 * packed_.pairs;
    for (int64_t block = 0; block < packed_.blocks; block += kLstmGates) {
      if (lstm_.wide_input) multiply_rows<true, false>(block, inputs_ + plane);
      if (lstm_.wide_input) {
        multiply_rows<false, true>(block, inputs_);
      } else {
        multiply_rows<false, false>(block, inputs_);
      }
    }
  }

  // The products of a block of gates with all rows of inputs, those of high halves first.
  template <bool kHigh, bool kBehindHigh>
  void multiply_rows(int64_t block, const int16_t* inputs) const {
    constexpr int kRows = V::kRows;
    const int64_t length = 2 * packed_.pairs;
    for (int64_t row = 0; row < kLstmBlockSteps; row += kRows) {
      Int sums[kRows][kLstmGates];
#pragma GCC unroll 4
      for (auto& of_row : sums) {
#pragma GCC unroll 4
        for (Int& sum : of_row) sum = V::zero();
      }
      const int16_t* weights = weights_ + block * length * kLanes;
      for (int64_t pair = 0; pair < packed_.pairs; ++pair) {
        const int16_t* x = inputs + row * length + 2 * pair;
        typename V::Weights gate[kLstmGates];
#pragma GCC unroll 4
        for (int g = 0; g < kLstmGates; ++g) {
          gate[g] = V::load_weights(weights + (g * packed_.pairs + pair) * 2 * kLanes);
        }
#pragma GCC unroll 4
        for (int r = 0; r < kRows; ++r) {
          const typename V::Pair values = V::load_pair(x + r * length);
#pragma GCC unroll 4
          for (int g = 0; g < kLstmGates; ++g) sums[r][g] = V::dot(sums[r][g], values, gate[g]);
        }
      }
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
        for (int g = 0; g < kLstmGates; ++g) {
          float* to = gates_ + (row + r) * rows() + (block + g) * kLanes;
          finish<kHigh, kBehindHigh>(sums[r][g], (block + g) * kLanes, to);
        }
      }
    }
  }

  template <bool kHigh, bool kBehindHigh>
  void finish(Int sum, int64_t at, float* to) const {
    const Float scale = V::load(scales_ + at);
    if constexpr (kHigh) {
      V::store(to, V::mul(V::to_float(sum), V::mul(scale, V::set(65536.0f))));
      return;
    }
    Float value = V::mul(V::to_float(sum), scale);
    if constexpr (kBehindHigh) value = V::add(V::load(to), value);
    V::store(to, V::add(value, V::load(scales_ + rows() + at)));
  }

  void run_step(const float* gates, const std::byte* state, std::byte* next) const {
    int64_t block = 0;
    for (; block + V::kStateGroups * kLstmGates <= packed_.blocks;
         block += V::kStateGroups * kLstmGates) {
      run_elements<V::kStateGroups>(block, gates, state, next);
    }
    for (; block < packed_.blocks; block += kLstmGates) {
      run_elements<1>(block, gates, state, next);
    }
  }

  // kGroups vectors of elements, whose gates are the blocks from `block` on.
  template <int kGroups>
  void run_elements(int64_t block, const float* gates, const std::byte* state,
                    std::byte* next) const {
    constexpr int kBlocks = kGroups * kLstmGates;
    Int sums[kBlocks];
    V::template multiply_state<kBlocks>(
        state, elements(), packed_.groups,
        recurrent_ + block * packed_.groups * kLanes * kPacking.recurrent_depth,
        offsets_ + block * kLanes, sums);
#pragma GCC unroll 4
    for (int group = 0; group < kGroups; ++group) {
      const int64_t first = block + group * kLstmGates;
      Int gate[kLstmGates];
#pragma GCC unroll 4
      for (int g = 0; g < kLstmGates; ++g) {
        const int64_t at = (first + g) * kLanes;
        const Float of_state =
            V::mul(V::to_float(sums[group * kLstmGates + g]), V::load(scales_ + 2 * rows() + at));
        gate[g] = round(V::add(V::load(gates + at), of_state));
      }
      const int64_t element = first / kLstmGates * kLanes;
      V::store_state(next, elements(), element, next_hidden(gate, cell_ + element));
    }
  }

  // A NaN becomes the lowest.
  static Int round(Float value) {
    return V::to_int(V::min(V::max(value, V::set(-32768.0f)), V::set(32767.0f)));
  }

  static Int function(const int16_t* table, Int gate) {
    const Int place = V::add32(gate, V::set32(32768));
    const Int rest = V::and32(place, V::set32((1 << kGateStepBits) - 1));
    const Int ends = V::gather_pairs(table, V::template shift_right<kGateStepBits>(place));
    const Int sum = V::interpolate(ends, rest, 1 << kGateStepBits);
    return V::template shift_right<kGateStepBits>(
        V::add32(sum, V::set32(1 << (kGateStepBits - 1))));
  }

  // c = (f * c + i * g * 2^8 + 2^14) >> 15 without leaving int32: with c = c1 * 2^15 + c0 and
  // i * g = p1 * 2^7 + p0 it is f * c1 + p1 + ((f * c0 + p0 * 2^8 + 2^14) >> 15).
  static Int next_cell(Int cell, Int input, Int forget, Int candidate) {
    const Int product = V::mul32(input, candidate);
    const Int high = V::add32(V::mul32(forget, V::template shift_right<15>(cell)),
                              V::template shift_right<7>(product));
    const Int rest = V::template shift_left<8>(V::and32(product, V::set32(127)));
    const Int low = V::add32(V::mul32(forget, V::and32(cell, V::set32(32767))),
                             V::add32(rest, V::set32(1 << 14)));
    const Int next = V::add32(high, V::template shift_right<15>(low));
    return V::min32(V::max32(next, V::set32(-kCellLimit)), V::set32(kCellLimit - 1));
  }

  Int next_hidden(const Int (&gate)[kLstmGates], int32_t* cell) const {
    const int16_t *sigmoid = lstm_.tables, *tanh = lstm_.tables + kGateTableEntries;
    const Int input = function(sigmoid, gate[0]);
    const Int forget = function(sigmoid, gate[1]);
    const Int candidate = function(tanh, gate[2]);
    const Int shown = function(sigmoid, gate[3]);
    const Int next = next_cell(V::load(cell), input, forget, candidate);
    V::store(cell, next);
    const Int rounded = V::template shift_right<12>(V::add32(next, V::set32(1 << 11)));
    const Int clamped = V::min32(V::max32(rounded, V::set32(-32768)), V::set32(32767));
    const Int product = V::mul32(shown, function(tanh, clamped));
    const Int hidden = V::template shift_right<15>(V::add32(product, V::set32(1 << 14)));
    return V::min32(hidden, V::set32(32767));
  }

  const LstmInt16& lstm_;
  const RecurrentGeometry& geometry_;
  LstmInt16Packed packed_;
  LstmInt16Operands operands_;
  const int16_t* weights_;
  const int8_t* recurrent_;
  const float* scales_;
  const int32_t* offsets_;
  int16_t* inputs_;
  float* gates_;
  int32_t* cell_;
  std::byte* states_[2];
  int64_t state_bytes_;
};

}  // namespace
}  // namespace durward
