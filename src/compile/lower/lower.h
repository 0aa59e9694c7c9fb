// Lowering: from a node of the IR to kernel calls (engine/kernel_call.h) with everything that can
// be computed or refused ahead of time computed or refused. One file per kind of op. Whoever runs
// or stores the calls places the tensors.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/kernel_call.h"
#include "graph/graph.h"

namespace durward {

// What a call reads: a tensor of the graph, which may be a constant of it, bytes made by lowering
// (multipliers, tables), or what an earlier call of the same node left for it; an operand that is
// none of these is left out.
struct Operand {
  TensorId tensor;
  Buffer constant;
  int call = -1;  // the earlier call's number, from 0
};

struct LoweredCall {
  KernelCall call;
  std::vector<Operand> inputs;  // in the order that the call's comment gives
  TensorId output;              // invalid where later calls of the node alone read the result
  DataType result_type = DataType::kFloat32;  // of such a result, and its elements
  int64_t result_elements = 0;
};
using LoweredCalls = std::vector<LoweredCall>;

// The calls that compute a node, to be made in this order; none where its outputs are empty.
// Errors: Unimplemented (no kernel for this op with these types), InvalidArgument (missing or
// unfitting quantisation parameters, an accumulator that could overflow), each naming the node.
[[nodiscard]] absl::StatusOr<LoweredCalls> lower(const Graph& graph, NodeId id);

// Values made by lowering as an operand.
template <typename T>
[[nodiscard]] Operand constant_operand(const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {{}, std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end())};
}

// A node while it is lowered.
struct LoweringContext {
  const Graph& graph;
  const Node& node;

  [[nodiscard]] bool has_input(size_t i) const {
    return i < node.inputs.size() && node.inputs[i].valid();
  }
  [[nodiscard]] const Tensor& input(size_t i) const { return graph.tensor(node.inputs[i]); }
  [[nodiscard]] const Tensor& output(size_t i = 0) const { return graph.tensor(node.outputs[i]); }
  // The node's input i, left out where the node leaves it out.
  [[nodiscard]] Operand operand(size_t i) const {
    return {has_input(i) ? node.inputs[i] : TensorId{}, nullptr};
  }
  // A node that is one call.
  [[nodiscard]] LoweredCalls call(const KernelCall& kernel_call, std::vector<Operand> inputs) const;
  [[nodiscard]] bool is(DataType type) const {
    return input(0).type == type && output().type == type;
  }
  [[nodiscard]] absl::Status invalid(std::string_view problem) const;
  // No kernel for the element types that this node has.
  [[nodiscard]] absl::Status no_kernel() const;
};

// Scale and zero point of an int8 activation.
struct Int8Params {
  float scale = 1;
  int32_t zero_point = 0;
  bool operator==(const Int8Params&) const = default;
};
[[nodiscard]] absl::StatusOr<Int8Params> int8_params(const LoweringContext& view,
                                                     const Tensor& tensor);

// The zero point and clamping range of an int8 output with a fused ReLU or ReLU6.
[[nodiscard]] Int8Output int8_output(const Int8Params& output, Activation activation);
[[nodiscard]] FloatRange float_range(Activation activation);

// A loop nest over dims, neighbouring dimensions joined where both operands allow it.
// InvalidArgument above kMaxLoopRank dimensions.
[[nodiscard]] absl::StatusOr<LoopNest> loop_nest(const LoweringContext& view, const Shape& dims,
                                                 const std::vector<int64_t>& stride_a,
                                                 const std::vector<int64_t>& stride_b);
[[nodiscard]] std::vector<int64_t> row_major_strides(const Shape& shape);
// The strides of `shape` seen as the broadcast shape `to`: 0 where it repeats.
[[nodiscard]] std::vector<int64_t> broadcast_strides(const Shape& shape, const Shape& to);
// [outer, length, inner] around an axis, negative from the end.
[[nodiscard]] AxisGeometry around_axis(const Shape& shape, int axis);

// The 256 outputs of a function of one int8 element; see lookup_int8.
[[nodiscard]] std::vector<int8_t> make_table(const Int8Params& input, const Int8Params& output,
                                             const std::function<double(double)>& function);
// A copy of int8 data that takes over other parameters, by table where they differ.
[[nodiscard]] std::vector<int8_t> rescale_table(const Int8Params& input, const Int8Params& output);

// convolution.cc
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Conv2D& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const DepthwiseConv2D& op,
                                                    const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const FullyConnected& op,
                                                    const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const MatMul& op, const LoweringContext& view);
// elementwise.cc
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Binary& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Unary& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const LeakyRelu& op,
                                                    const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Clip& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const HardSigmoid& op,
                                                    const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const PRelu& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const BatchNorm& op,
                                                    const LoweringContext& view);
// reduction.cc
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Softmax& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const L2Normalize& op,
                                                    const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Pool2D& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Reduce& op, const LoweringContext& view);
// recurrent.cc
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Lstm& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Gru& op, const LoweringContext& view);
// recurrent_int16.cc: the call that computes an Lstm's first output.
[[nodiscard]] absl::StatusOr<LoweredCall> lower_lstm_int16(const RecurrentGeometry& geometry,
                                                           const LoweringContext& view);
// movement.cc
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Pad& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Concat& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Reshape& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Identity& op,
                                                    const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Transpose& op,
                                                    const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Broadcast& op,
                                                    const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Tile& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Slice& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Split& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Gather& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const DepthToSpace& op,
                                                    const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const SpaceToDepth& op,
                                                    const LoweringContext& view);
// resize.cc
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Resize& op, const LoweringContext& view);
// quantize.cc
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Quantize& op,
                                                    const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Dequantize& op,
                                                    const LoweringContext& view);
// Folded at import: reaching an executor is an error.
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const Cast& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<LoweredCalls> lower_op(const ShapeOf& op, const LoweringContext& view);

}  // namespace durward
