// Ops that move elements: all but Gather are strided copies, with a table where int8 scales differ.
#include <array>
#include <utility>

#include "compile/lower/lower.h"

namespace durward {
namespace {

// A table for the elements of `input` where it has other parameters than `output`, else empty.
absl::StatusOr<std::vector<int8_t>> table_between(const LoweringContext& view, const Tensor& input,
                                                  const Tensor& output) {
  if (input.type != output.type) return view.no_kernel();
  if (input.type != DataType::kInt8 || input.quant == output.quant) return std::vector<int8_t>{};
  DURWARD_ASSIGN_OR_RETURN(const Int8Params from, int8_params(view, input));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params to, int8_params(view, output));
  return rescale_table(from, to);
}

absl::StatusOr<StridedCopy> make_copy(const LoweringContext& view, const Shape& dims,
                                      const std::vector<int64_t>& from,
                                      const std::vector<int64_t>& to, int64_t first_from,
                                      int64_t first_to) {
  DURWARD_ASSIGN_OR_RETURN(const LoopNest nest, loop_nest(view, dims, from, to));
  return StridedCopy{nest, first_from, first_to, size_of(view.output().type)};
}

LoweredCall copy_call(const StridedCopy& copy, Operand from, const std::vector<int8_t>& table,
                      TensorId to) {
  return {
      CopyCall{copy}, {std::move(from), table.empty() ? Operand{} : constant_operand(table)}, to};
}

// One move from input 0 to output 0, by table where their parameters differ.
absl::StatusOr<LoweredCalls> move_once(const LoweringContext& view, const Shape& dims,
                                       const std::vector<int64_t>& from,
                                       const std::vector<int64_t>& to, int64_t first_from = 0) {
  DURWARD_ASSIGN_OR_RETURN(const auto table, table_between(view, view.input(0), view.output()));
  DURWARD_ASSIGN_OR_RETURN(const StridedCopy copy, make_copy(view, dims, from, to, first_from, 0));
  return LoweredCalls{copy_call(copy, view.operand(0), table, view.node.outputs[0])};
}

absl::StatusOr<LoweredCalls> copy_all(const LoweringContext& view) {
  const Shape flat{elements(view.output().shape)};
  return move_once(view, flat, {1}, {1});
}

// (n, h, w, c) -> a permutation of the six axes that a block rearrangement has.
absl::StatusOr<LoweredCalls> move_blocks(const LoweringContext& view, const Shape& dims,
                                         const std::array<size_t, 6>& output_order) {
  const std::vector<int64_t> from = row_major_strides(dims);
  Shape output_dims;
  std::vector<int64_t> permuted;
  for (const size_t axis : output_order) {
    output_dims.push_back(dims[axis]);
    permuted.push_back(from[axis]);
  }
  return move_once(view, output_dims, permuted, row_major_strides(output_dims));
}

}  // namespace

absl::StatusOr<LoweredCalls> lower_op(const Reshape&, const LoweringContext& view) {
  return copy_all(view);
}
absl::StatusOr<LoweredCalls> lower_op(const Identity&, const LoweringContext& view) {
  return copy_all(view);
}

absl::StatusOr<LoweredCalls> lower_op(const Transpose& op, const LoweringContext& view) {
  const std::vector<int64_t> own = row_major_strides(view.input(0).shape);
  std::vector<int64_t> from;
  for (const int axis : op.perm) from.push_back(own[static_cast<size_t>(axis)]);
  const Shape& out = view.output().shape;
  return move_once(view, out, from, row_major_strides(out));
}

absl::StatusOr<LoweredCalls> lower_op(const Broadcast&, const LoweringContext& view) {
  const Shape& out = view.output().shape;
  return move_once(view, out, broadcast_strides(view.input(0).shape, out), row_major_strides(out));
}

absl::StatusOr<LoweredCalls> lower_op(const Tile& op, const LoweringContext& view) {
  const Shape& in = view.input(0).shape;
  const std::vector<int64_t> own = row_major_strides(in);
  Shape dims;
  std::vector<int64_t> from;
  for (size_t i = 0; i < in.size(); ++i) {
    dims.insert(dims.end(), {op.repeats[i], in[i]});
    from.insert(from.end(), {0, own[i]});
  }
  return move_once(view, dims, from, row_major_strides(dims));
}

absl::StatusOr<LoweredCalls> lower_op(const Slice& op, const LoweringContext& view) {
  std::vector<int64_t> from = row_major_strides(view.input(0).shape);
  int64_t first = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    first += op.begin[i] * from[i];
    from[i] *= op.step[i];
  }
  const Shape& out = view.output().shape;
  return move_once(view, out, from, row_major_strides(out), first);
}

absl::StatusOr<LoweredCalls> lower_op(const DepthToSpace& op, const LoweringContext& view) {
  const Shape& in = view.input(0).shape;
  const int64_t depth = in[3] / (op.block * op.block);
  if (op.crd)
    return move_blocks(view, {in[0], in[1], in[2], depth, op.block, op.block}, {0, 1, 4, 2, 5, 3});
  return move_blocks(view, {in[0], in[1], in[2], op.block, op.block, depth}, {0, 1, 3, 2, 4, 5});
}

absl::StatusOr<LoweredCalls> lower_op(const SpaceToDepth& op, const LoweringContext& view) {
  const Shape& in = view.input(0).shape;
  return move_blocks(view, {in[0], in[1] / op.block, op.block, in[2] / op.block, op.block, in[3]},
                     {0, 1, 3, 2, 4, 5});
}

absl::StatusOr<LoweredCalls> lower_op(const Pad& op, const LoweringContext& view) {
  const Tensor& input = view.input(0);
  const Tensor& output = view.output();
  DURWARD_ASSIGN_OR_RETURN(const auto table, table_between(view, input, output));
  const std::vector<int64_t> to = row_major_strides(output.shape);
  int64_t first = 0;
  for (size_t i = 0; i < to.size(); ++i) first += op.before[i] * to[i];
  DURWARD_ASSIGN_OR_RETURN(
      const StridedCopy copy,
      make_copy(view, input.shape, row_major_strides(input.shape), to, 0, first));
  Operand value;
  if (output.type == DataType::kInt8) {
    // Rounded to the input's scale first, then rescaled as the elements are.
    DURWARD_ASSIGN_OR_RETURN(const Int8Params in, int8_params(view, input));
    const int8_t padding = round_to_int8(op.value / in.scale, {in.zero_point, -128, 127});
    value = constant_operand(
        std::vector<int8_t>{table.empty() ? padding : table[static_cast<size_t>(padding + 128)]});
  } else if (output.type == DataType::kFloat32) {
    value = constant_operand(std::vector<float>{op.value});
  } else {
    return view.no_kernel();
  }
  LoweredCalls calls =
      view.call(FillCall{copy.element_bytes, elements(output.shape)}, {std::move(value)});
  if (elements(input.shape) > 0) {
    calls.push_back(copy_call(copy, view.operand(0), table, view.node.outputs[0]));
  }
  return calls;
}

absl::StatusOr<LoweredCalls> lower_op(const Concat& op, const LoweringContext& view) {
  const Tensor& output = view.output();
  const std::vector<int64_t> to = row_major_strides(output.shape);
  const size_t axis =
      static_cast<size_t>(op.axis < 0 ? op.axis + static_cast<int>(output.shape.size()) : op.axis);
  LoweredCalls calls;
  int64_t position = 0;
  for (size_t i = 0; i < view.node.inputs.size(); ++i) {
    const Tensor& input = view.input(i);
    DURWARD_ASSIGN_OR_RETURN(const auto table, table_between(view, input, output));
    DURWARD_ASSIGN_OR_RETURN(
        const StridedCopy copy,
        make_copy(view, input.shape, row_major_strides(input.shape), to, 0, position * to[axis]));
    position += input.shape[axis];
    if (elements(input.shape) == 0) continue;
    calls.push_back(copy_call(copy, view.operand(i), table, view.node.outputs[0]));
  }
  return calls;
}

absl::StatusOr<LoweredCalls> lower_op(const Split& op, const LoweringContext& view) {
  const Tensor& input = view.input(0);
  const std::vector<int64_t> from = row_major_strides(input.shape);
  const size_t axis =
      static_cast<size_t>(op.axis < 0 ? op.axis + static_cast<int>(input.shape.size()) : op.axis);
  LoweredCalls calls;
  int64_t position = 0;
  for (size_t i = 0; i < view.node.outputs.size(); ++i) {
    const Tensor& output = view.output(i);
    if (output.type != input.type || output.quant != input.quant) {
      return view.invalid("all outputs need the input's type, scale and zero point");
    }
    DURWARD_ASSIGN_OR_RETURN(const StridedCopy copy,
                             make_copy(view, output.shape, from, row_major_strides(output.shape),
                                       position * from[axis], 0));
    position += op.sizes[i];
    if (elements(output.shape) == 0) continue;
    calls.push_back(copy_call(copy, view.operand(0), {}, view.node.outputs[i]));
  }
  return calls;
}

absl::StatusOr<LoweredCalls> lower_op(const Gather& op, const LoweringContext& view) {
  const Tensor& input = view.input(0);
  const Tensor& indices = view.input(1);
  if (input.type != view.output().type || input.quant != view.output().quant) {
    return view.invalid("the output needs the input's type, scale and zero point");
  }
  if (indices.type != DataType::kInt32 && indices.type != DataType::kInt64) {
    return view.no_kernel();
  }
  const AxisGeometry around = around_axis(input.shape, op.axis);
  const Gathering geometry{around.outer, around.length, elements(indices.shape),
                           around.inner * size_of(input.type)};
  return view.call(GatherCall{geometry, indices.type == DataType::kInt64},
                   {view.operand(0), view.operand(1)});
}

}  // namespace durward
