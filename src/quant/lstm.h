// An Lstm to integers: how its input and its weights are held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/calibration.h"
#include "quant/layer_inputs.h"

namespace durward {

// Whether there is a kernel for this Lstm in integers: constant weights, states that begin with
// zeros, a cell that nothing reads.
[[nodiscard]] bool has_int16_kernel(const Graph& graph, NodeId id);

// What a hidden state has: 16 bits, scale 2^-15, zero point 0.
[[nodiscard]] QuantParams hidden_state_params();

struct QuantizedLstm {
  DataType input_type = DataType::kInt16;  // or int32
  QuantParams input;                       // one scale, or one for each channel
  // int8 or int16 [4 * hidden, inputs]. Row r stands for scale[r] * weights * (the channel's scale
  // of the input / the largest of them), so that channels of any size share an accumulator.
  DataType weights_type = DataType::kInt8;
  std::vector<int16_t> weights;
  std::vector<int8_t> recurrent;  // [4 * hidden, hidden]
  std::vector<float> weights_scales, recurrent_scales;
  std::vector<float> bias;  // [4 * hidden]; empty where it stays as it is
};

// What weights meet that meet each step of a sequence [steps, batch, channels], as an Lstm's do:
// those of its input meet that, those of its state what it returns. Inputs of 32 bits are taken in
// steps 2^11 times as large as theirs.
[[nodiscard]] PatchSource sequence_source(const Graph& graph, TensorId sequence);

struct LstmContext {
  bool input_is_state = false;  // the input is the hidden state of another quantised Lstm
  // Whether the mean error that the rounding of weights makes is taken out of the bias.
  bool correct_bias = false;
  // What the weights of the input and of the state meet, by which those of 8 bits are rounded
  // (quant/reconstruct.h); nullptr: to nearest.
  const PatchMoments* input = nullptr;
  const PatchMoments* state = nullptr;
};

// The input has 16 bits unless half of the values of half of its channels use fewer than 8 of
// them, then 32 with room for values 32 times as large as were seen. Its weights have 8 bits unless
// the mean square error that their rounding makes in the gates is more than twice that of the
// recurrent weights, which always have 8; then 16. Trained scales (Tensor::trained) are kept where
// every weight, its input's share included, is still a whole number of them up to the rounding of a
// float, and 16 bits are then taken where 8 do not hold it. Errors: InvalidArgument naming the node
// (constants that are not finite; a tensor without statistics).
[[nodiscard]] absl::StatusOr<QuantizedLstm> quantize_lstm(const Graph& graph, NodeId id,
                                                          const Calibration& calibration,
                                                          const LstmContext& context);

}  // namespace durward
