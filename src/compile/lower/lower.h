// Lowering: from a node of the IR to a call of a reference kernel with everything that can be
// computed or refused ahead of time computed or refused. One file per kind of op.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/kernels/geometry.h"
#include "engine/kernels/requantize.h"
#include "graph/graph.h"

namespace durward {

// Where a node's tensors are during one run; an input that is left out is nullptr.
struct Operands {
  std::span<const std::byte* const> inputs;
  std::span<std::byte* const> outputs;
  std::byte* scratch = nullptr;  // at least scratch_bytes, aligned for double

  template <typename T>
  [[nodiscard]] const T* in(size_t i) const {
    return i < inputs.size() ? reinterpret_cast<const T*>(inputs[i]) : nullptr;
  }
  template <typename T>
  [[nodiscard]] T* out(size_t i = 0) const {
    return reinterpret_cast<T*>(outputs[i]);
  }
};

// A prepared node: cannot fail, allocates nothing, may run on several threads at once.
struct Kernel {
  std::function<void(const Operands&)> run;
  size_t scratch_bytes = 0;
};

// The kernel for a node. Errors: Unimplemented (no kernel for this op with these types),
// InvalidArgument (missing or unfitting quantisation parameters, an accumulator that could
// overflow), each naming the node.
[[nodiscard]] absl::StatusOr<Kernel> lower(const Graph& graph, NodeId id);

// A node while it is lowered.
struct LoweringContext {
  const Graph& graph;
  const Node& node;

  [[nodiscard]] bool has_input(size_t i) const {
    return i < node.inputs.size() && node.inputs[i].valid();
  }
  [[nodiscard]] const Tensor& input(size_t i) const { return graph.tensor(node.inputs[i]); }
  [[nodiscard]] const Tensor& output(size_t i = 0) const { return graph.tensor(node.outputs[i]); }
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
[[nodiscard]] FloatOutput float_output(Activation activation);

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
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Conv2D& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const DepthwiseConv2D& op,
                                              const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const FullyConnected& op,
                                              const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const MatMul& op, const LoweringContext& view);
// elementwise.cc
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Binary& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Unary& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const LeakyRelu& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Clip& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const HardSigmoid& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const PRelu& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const BatchNorm& op, const LoweringContext& view);
// reduction.cc
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Softmax& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const L2Normalize& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Pool2D& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Reduce& op, const LoweringContext& view);
// movement.cc
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Pad& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Concat& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Reshape& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Identity& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Transpose& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Broadcast& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Tile& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Slice& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Split& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Gather& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const DepthToSpace& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const SpaceToDepth& op, const LoweringContext& view);
// resize.cc
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Resize& op, const LoweringContext& view);
// quantize.cc
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Quantize& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Dequantize& op, const LoweringContext& view);
// Folded at import: reaching an executor is an error.
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const Cast& op, const LoweringContext& view);
[[nodiscard]] absl::StatusOr<Kernel> lower_op(const ShapeOf& op, const LoweringContext& view);

}  // namespace durward
