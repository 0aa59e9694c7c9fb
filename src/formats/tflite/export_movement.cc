// Export of what moves elements and computes nothing. The quantisation stays the input's.
#include <algorithm>

#include "formats/tflite/export.h"

namespace durward {
namespace {

using tflite::BuiltinOperator;

std::vector<int64_t> widened(const std::vector<int>& values) {
  return {values.begin(), values.end()};
}

Shape vector_shape(size_t length) { return {static_cast<int64_t>(length)}; }

// An operator with the node's input and int32 parameters.
absl::Status move(NodeExport& node, BuiltinOperator code,
                  const std::vector<std::vector<int64_t>>& parameters,
                  const tflite::BuiltinOptionsUnion& options = {}) {
  std::vector<int32_t> inputs{node.input()};
  for (size_t i = 0; i < parameters.size(); ++i) {
    DURWARD_ASSIGN_OR_RETURN(const int32_t tensor,
                             node.parameters(absl::StrCat("/parameter_", i), parameters[i],
                                             vector_shape(parameters[i].size())));
    inputs.push_back(tensor);
  }
  node.with_result(node.in().quant,
                   [&](int32_t result) { node.add(code, inputs, {result}, options); });
  return absl::OkStatus();
}

}  // namespace

absl::Status export_reshape(NodeExport& node, const Shape& shape) {
  tflite::ReshapeOptionsT options;
  options.new_shape.assign(shape.begin(), shape.end());
  // A scalar's shape has no elements, which a constant tensor cannot hold: the options say it.
  if (shape.empty()) return move(node, BuiltinOperator::RESHAPE, {}, make_options(options));
  return move(node, BuiltinOperator::RESHAPE, {shape}, make_options(options));
}

absl::Status add_reshape(NodeExport& node, int32_t from, const Shape& shape, int32_t to) {
  tflite::ReshapeOptionsT options;
  options.new_shape.assign(shape.begin(), shape.end());
  DURWARD_ASSIGN_OR_RETURN(
      const int32_t size,
      node.parameters(absl::StrCat("/shape_", to), shape, {static_cast<int64_t>(shape.size())}));
  node.add(BuiltinOperator::RESHAPE, {from, size}, {to}, make_options(options));
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const Reshape& op) {
  return export_reshape(node, op.shape);
}

absl::Status export_op(NodeExport& node, const Pad& op) {
  std::vector<int64_t> paddings;
  for (size_t d = 0; d < op.before.size(); ++d) {
    paddings.push_back(op.before[d]);
    paddings.push_back(op.after[d]);
  }
  DURWARD_ASSIGN_OR_RETURN(
      const int32_t tensor,
      node.parameters("/paddings", paddings, {static_cast<int64_t>(op.before.size()), 2}));
  const auto& quant = node.in().quant;
  node.with_result(quant, [&](int32_t result) {
    if (op.value == 0.0f) {
      node.add(BuiltinOperator::PAD, {node.input(), tensor}, {result});
    } else {
      node.add(BuiltinOperator::PADV2,
               {node.input(), tensor, node.scalar("/pad_value", op.value, quant)}, {result});
    }
  });
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const Concat& op) {
  std::vector<int32_t> parts;
  for (size_t i = 0; i < node.input_count(); ++i) {
    parts.push_back(node.input_with(i, node.out().quant));
  }
  tflite::ConcatenationOptionsT options;
  options.axis = op.axis;
  node.add(BuiltinOperator::CONCATENATION, std::move(parts), {node.output()},
           make_options(options));
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const Transpose& op) {
  return move(node, BuiltinOperator::TRANSPOSE, {widened(op.perm)});
}

absl::Status export_op(NodeExport& node, const Broadcast& op) {
  return move(node, BuiltinOperator::BROADCAST_TO, {op.shape});
}

absl::Status export_op(NodeExport& node, const Tile& op) {
  return move(node, BuiltinOperator::TILE, {op.repeats});
}

absl::Status export_op(NodeExport& node, const Slice& op) {
  const bool contiguous = std::ranges::all_of(op.step, [](int64_t step) { return step == 1; });
  if (contiguous) {
    return move(node, BuiltinOperator::SLICE, {op.begin, node.out().shape});
  }
  tflite::StridedSliceOptionsT options;
  for (size_t d = 0; d < op.end.size(); ++d) {
    // -1 would count from the end; here it is one before the first element.
    if (op.end[d] < 0) options.end_mask |= 1 << d;
  }
  return move(node, BuiltinOperator::STRIDED_SLICE, {op.begin, op.end, op.step},
              make_options(options));
}

absl::Status export_op(NodeExport& node, const Split& op) {
  for (size_t i = 0; i < node.output_count(); ++i) {
    if (node.out(i).quant != node.in().quant) {
      return node.unsupported("requantises its parts, which TFLite's SPLIT does not");
    }
  }
  std::vector<int32_t> outputs;
  for (size_t i = 0; i < node.output_count(); ++i) outputs.push_back(node.output(i));
  const auto parts = static_cast<int32_t>(outputs.size());
  DURWARD_ASSIGN_OR_RETURN(const int32_t axis, node.parameters("/axis", {op.axis}, {}));
  if (std::ranges::count(op.sizes, op.sizes[0]) == parts) {
    tflite::SplitOptionsT options;
    options.num_splits = parts;
    node.add(BuiltinOperator::SPLIT, {axis, node.input()}, std::move(outputs),
             make_options(options));
    return absl::OkStatus();
  }
  tflite::SplitVOptionsT options;
  options.num_splits = parts;
  DURWARD_ASSIGN_OR_RETURN(const int32_t sizes,
                           node.parameters("/sizes", op.sizes, vector_shape(op.sizes.size())));
  node.add(BuiltinOperator::SPLIT_V, {node.input(), sizes, axis}, std::move(outputs),
           make_options(options));
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const Gather& op) {
  tflite::GatherOptionsT options;
  options.axis = op.axis;
  node.with_result(node.in().quant, [&](int32_t result) {
    node.add(BuiltinOperator::GATHER, {node.input(), node.input(1)}, {result},
             make_options(options));
  });
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const ShapeOf&) {
  tflite::ShapeOptionsT options;
  options.out_type = tflite::TensorType::INT64;
  node.add(BuiltinOperator::SHAPE, {node.input()}, {node.output()}, make_options(options));
  return absl::OkStatus();
}

// Nothing but a name, which only a port needs.
absl::Status export_op(NodeExport& node, const Identity&) {
  if (node.graph().is_output(node.output_id()) || node.in().quant != node.out().quant) {
    return export_reshape(node, node.out().shape);
  }
  node.alias(node.input());
  return absl::OkStatus();
}

}  // namespace durward
