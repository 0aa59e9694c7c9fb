// Ops that move elements: all but Gather are strided copies, with a table where int8 scales differ.
#include <absl/strings/str_cat.h>

#include <array>
#include <cmath>
#include <cstring>

#include "compile/lower/lower.h"
#include "engine/kernels/copy/copy.h"
#include "engine/kernels/elementwise/elementwise.h"

namespace durward {
namespace {

// The copies of one node: each from one input to one output.
struct Move {
  StridedCopy copy;
  size_t input = 0, output = 0;
};

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

// One move from input 0 to output 0 with equal parameters or a table after it.
absl::StatusOr<Kernel> move_once(const LoweringContext& view, const Shape& dims,
                                 const std::vector<int64_t>& from, const std::vector<int64_t>& to,
                                 int64_t first_from = 0) {
  DURWARD_ASSIGN_OR_RETURN(auto table, table_between(view, view.input(0), view.output()));
  DURWARD_ASSIGN_OR_RETURN(const StridedCopy copy, make_copy(view, dims, from, to, first_from, 0));
  const int64_t count = elements(view.output().shape);
  return Kernel{[=, table = std::move(table)](const Operands& o) {
                  strided_copy(copy, o.inputs[0], o.outputs[0]);
                  if (table.empty()) return;
                  lookup_int8(table.data(), count, o.out<int8_t>(), o.out<int8_t>());
                },
                0};
}

absl::StatusOr<Kernel> copy_all(const LoweringContext& view) {
  const Shape flat{elements(view.output().shape)};
  return move_once(view, flat, {1}, {1});
}

// (n, h, w, c) -> a permutation of the six axes that a block rearrangement has.
absl::StatusOr<Kernel> move_blocks(const LoweringContext& view, const Shape& dims,
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

absl::StatusOr<Kernel> lower_op(const Reshape&, const LoweringContext& view) {
  return copy_all(view);
}
absl::StatusOr<Kernel> lower_op(const Identity&, const LoweringContext& view) {
  return copy_all(view);
}

absl::StatusOr<Kernel> lower_op(const Transpose& op, const LoweringContext& view) {
  const std::vector<int64_t> own = row_major_strides(view.input(0).shape);
  std::vector<int64_t> from;
  for (const int axis : op.perm) from.push_back(own[static_cast<size_t>(axis)]);
  const Shape& out = view.output().shape;
  return move_once(view, out, from, row_major_strides(out));
}

absl::StatusOr<Kernel> lower_op(const Broadcast&, const LoweringContext& view) {
  const Shape& out = view.output().shape;
  return move_once(view, out, broadcast_strides(view.input(0).shape, out), row_major_strides(out));
}

absl::StatusOr<Kernel> lower_op(const Tile& op, const LoweringContext& view) {
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

absl::StatusOr<Kernel> lower_op(const Slice& op, const LoweringContext& view) {
  std::vector<int64_t> from = row_major_strides(view.input(0).shape);
  int64_t first = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    first += op.begin[i] * from[i];
    from[i] *= op.step[i];
  }
  const Shape& out = view.output().shape;
  return move_once(view, out, from, row_major_strides(out), first);
}

absl::StatusOr<Kernel> lower_op(const DepthToSpace& op, const LoweringContext& view) {
  const Shape& in = view.input(0).shape;
  const int64_t depth = in[3] / (op.block * op.block);
  if (op.crd)
    return move_blocks(view, {in[0], in[1], in[2], depth, op.block, op.block}, {0, 1, 4, 2, 5, 3});
  return move_blocks(view, {in[0], in[1], in[2], op.block, op.block, depth}, {0, 1, 3, 2, 4, 5});
}

absl::StatusOr<Kernel> lower_op(const SpaceToDepth& op, const LoweringContext& view) {
  const Shape& in = view.input(0).shape;
  return move_blocks(view, {in[0], in[1] / op.block, op.block, in[2] / op.block, op.block, in[3]},
                     {0, 1, 3, 2, 4, 5});
}

absl::StatusOr<Kernel> lower_op(const Pad& op, const LoweringContext& view) {
  const Tensor& input = view.input(0);
  const Tensor& output = view.output();
  DURWARD_ASSIGN_OR_RETURN(auto table, table_between(view, input, output));
  const std::vector<int64_t> to = row_major_strides(output.shape);
  int64_t first = 0;
  for (size_t i = 0; i < to.size(); ++i) first += op.before[i] * to[i];
  DURWARD_ASSIGN_OR_RETURN(
      const StridedCopy copy,
      make_copy(view, input.shape, row_major_strides(input.shape), to, 0, first));
  std::array<std::byte, 4> value{};
  // What the padding is before the table, if there is one, turns it into the output's scale.
  if (output.type == DataType::kInt8) {
    DURWARD_ASSIGN_OR_RETURN(const Int8Params in, int8_params(view, input));
    const int8_t padding = round_to_int8(op.value / in.scale, {in.zero_point, -128, 127});
    std::memcpy(value.data(), &padding, sizeof(padding));
  } else if (output.type == DataType::kFloat32) {
    std::memcpy(value.data(), &op.value, sizeof(op.value));
  } else {
    return view.no_kernel();
  }
  const int64_t count = elements(output.shape);
  const bool empty = elements(input.shape) == 0;
  return Kernel{[=, table = std::move(table)](const Operands& o) {
                  fill(value.data(), copy.element_bytes, count, o.outputs[0]);
                  if (!empty) strided_copy(copy, o.inputs[0], o.outputs[0]);
                  if (table.empty()) return;
                  lookup_int8(table.data(), count, o.out<int8_t>(), o.out<int8_t>());
                },
                0};
}

absl::StatusOr<Kernel> lower_op(const Concat& op, const LoweringContext& view) {
  const Tensor& output = view.output();
  const std::vector<int64_t> to = row_major_strides(output.shape);
  const size_t axis =
      static_cast<size_t>(op.axis < 0 ? op.axis + static_cast<int>(output.shape.size()) : op.axis);
  struct Part {
    Move move;
    int64_t count = 0;
    std::vector<int8_t> table;
  };
  std::vector<Part> parts;
  int64_t position = 0;
  size_t scratch = 0;
  for (size_t i = 0; i < view.node.inputs.size(); ++i) {
    const Tensor& input = view.input(i);
    DURWARD_ASSIGN_OR_RETURN(auto table, table_between(view, input, output));
    DURWARD_ASSIGN_OR_RETURN(
        const StridedCopy copy,
        make_copy(view, input.shape, row_major_strides(input.shape), to, 0, position * to[axis]));
    position += input.shape[axis];
    const int64_t count = elements(input.shape);
    if (count == 0) continue;
    if (!table.empty()) scratch = std::max(scratch, static_cast<size_t>(count));
    parts.push_back({{copy, i, 0}, count, std::move(table)});
  }
  return Kernel{[parts = std::move(parts)](const Operands& o) {
                  for (const Part& part : parts) {
                    const void* source = o.inputs[part.move.input];
                    if (!part.table.empty()) {
                      auto* rescaled = reinterpret_cast<int8_t*>(o.scratch);
                      lookup_int8(part.table.data(), part.count, o.in<int8_t>(part.move.input),
                                  rescaled);
                      source = rescaled;
                    }
                    strided_copy(part.move.copy, source, o.outputs[0]);
                  }
                },
                scratch};
}

absl::StatusOr<Kernel> lower_op(const Split& op, const LoweringContext& view) {
  const Tensor& input = view.input(0);
  const std::vector<int64_t> from = row_major_strides(input.shape);
  const size_t axis =
      static_cast<size_t>(op.axis < 0 ? op.axis + static_cast<int>(input.shape.size()) : op.axis);
  std::vector<Move> moves;
  int64_t position = 0;
  for (size_t i = 0; i < view.node.outputs.size(); ++i) {
    const Tensor& output = view.output(i);
    if (output.type != input.type || output.quant != input.quant) {
      return view.invalid("all outputs need the input's type, scale and zero point");
    }
    DURWARD_ASSIGN_OR_RETURN(const StridedCopy copy,
                             make_copy(view, output.shape, from, row_major_strides(output.shape),
                                       position * from[axis], 0));
    moves.push_back({copy, 0, i});
    position += op.sizes[i];
  }
  return Kernel{[moves = std::move(moves)](const Operands& o) {
                  for (const Move& move : moves) {
                    strided_copy(move.copy, o.inputs[0], o.outputs[move.output]);
                  }
                },
                0};
}

absl::StatusOr<Kernel> lower_op(const Gather& op, const LoweringContext& view) {
  const Tensor& input = view.input(0);
  const Tensor& indices = view.input(1);
  if (input.type != view.output().type || input.quant != view.output().quant) {
    return view.invalid("the output needs the input's type, scale and zero point");
  }
  const AxisGeometry around = around_axis(input.shape, op.axis);
  const Gathering geometry{around.outer, around.length, elements(indices.shape),
                           around.inner * size_of(input.type)};
  if (indices.type == DataType::kInt64) {
    return Kernel{
        [=](const Operands& o) { gather(geometry, o.inputs[0], o.in<int64_t>(1), o.outputs[0]); },
        0};
  }
  if (indices.type != DataType::kInt32) return view.no_kernel();
  return Kernel{
      [=](const Operands& o) { gather(geometry, o.inputs[0], o.in<int32_t>(1), o.outputs[0]); }, 0};
}

}  // namespace durward
