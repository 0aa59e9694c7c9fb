// Ops that move elements or change the shape.
#include <limits>

#include "formats/onnx/exporter.h"

namespace durward {
namespace {

std::vector<int64_t> onnx_list(const std::vector<int64_t>& per_dimension,
                               const Permutation& order) {
  return permuted(per_dimension, order);
}

Permutation input_order(const Exporter& exporter, const Node& node) {
  return common_order(exporter, {node.inputs[0]}, exporter.shape(node.inputs[0]).size());
}

}  // namespace

absl::Status export_op(Exporter& exporter, const Node& node, const Pad& op) {
  const Permutation order = input_order(exporter, node);
  const std::string wanted = exporter.result_name(node.outputs[0]);
  std::vector<int64_t> pads = onnx_list(op.before, order);
  const std::vector<int64_t> after = onnx_list(op.after, order);
  pads.insert(pads.end(), after.begin(), after.end());
  const std::string amounts = exporter.integers(wanted + "_pads", pads);
  std::string value;
  if (op.value != 0) value = exporter.float_scalar(wanted + "_value", op.value);
  return exporter.store(
      node, exporter.add("Pad", wanted, {exporter.value(node.inputs[0], order), amounts, value}),
      order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Concat& op) {
  const size_t rank = exporter.shape(node.outputs[0]).size();
  const Permutation order = common_order(exporter, node.inputs, rank);
  std::vector<std::string> inputs;
  for (const TensorId input : node.inputs) inputs.push_back(exporter.value(input, order));
  const std::string name =
      exporter.add("Concat", exporter.result_name(node.outputs[0]), std::move(inputs));
  exporter.attribute("axis", int64_t{onnx_axis(order, op.axis)});
  return exporter.store(node, name, order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Reshape& op) {
  const TensorId x = node.inputs[0], y = node.outputs[0];
  if (!exporter.flattened_image(y).empty()) {
    const std::string wanted = exporter.result_name(y);
    const std::string shape = exporter.integers(wanted + "_shape", op.shape);
    return exporter.store(
        node, exporter.add("Reshape", wanted, {exporter.value(x, kNchwOrder), shape}), {0, 1});
  }
  const ExportedValue result = exporter.reshaped(x, op.shape);
  return exporter.store(node, result.name, result.order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Transpose& op) {
  const TensorId x = node.inputs[0], y = node.outputs[0];
  // Dimension i of y is dimension perm[i] of x: the same value, read in another order.
  const Permutation before = input_order(exporter, node);
  const Permutation new_place = inverse(op.perm);
  Permutation order;
  for (const int dimension : before) order.push_back(new_place[static_cast<size_t>(dimension)]);
  if (exporter.constant(x)) return exporter.store(node, exporter.value(x, before), order);
  exporter.alias(y, x, order);
  return absl::OkStatus();
}

absl::Status export_op(Exporter& exporter, const Node& node, const Broadcast& op) {
  Shape padded = exporter.shape(node.inputs[0]);
  padded.insert(padded.begin(), op.shape.size() - padded.size(), 1);
  const ExportedValue full = exporter.reshaped(node.inputs[0], padded);
  const std::string wanted = exporter.result_name(node.outputs[0]);
  const std::string shape = exporter.integers(wanted + "_shape", onnx_list(op.shape, full.order));
  return exporter.store(node, exporter.add("Expand", wanted, {full.name, shape}), full.order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Tile& op) {
  const Permutation order = input_order(exporter, node);
  const std::string wanted = exporter.result_name(node.outputs[0]);
  const std::string repeats = exporter.integers(wanted + "_repeats", onnx_list(op.repeats, order));
  return exporter.store(
      node, exporter.add("Tile", wanted, {exporter.value(node.inputs[0], order), repeats}), order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Slice& op) {
  const Permutation order = input_order(exporter, node);
  const std::string wanted = exporter.result_name(node.outputs[0]);
  std::vector<int64_t> end = onnx_list(op.end, order);
  for (int64_t& bound : end) {
    // One before the first element; ONNX would count -1 from the back.
    if (bound < 0) bound = std::numeric_limits<int64_t>::min();
  }
  std::vector<int64_t> axes;
  for (size_t i = 0; i < order.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  return exporter.store(
      node,
      exporter.add(
          "Slice", wanted,
          {exporter.value(node.inputs[0], order),
           exporter.integers(wanted + "_starts", onnx_list(op.begin, order)),
           exporter.integers(wanted + "_ends", end), exporter.integers(wanted + "_axes", axes),
           exporter.integers(wanted + "_steps", onnx_list(op.step, order))}),
      order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Split& op) {
  const Permutation order = input_order(exporter, node);
  const std::string input = exporter.value(node.inputs[0], order);
  const std::string sizes =
      exporter.integers(exporter.result_name(node.outputs[0]) + "_sizes", op.sizes);
  std::vector<std::string> names{
      exporter.add("Split", exporter.result_name(node.outputs[0]), {input, sizes})};
  exporter.attribute("axis", int64_t{onnx_axis(order, op.axis)});
  for (size_t i = 1; i < node.outputs.size(); ++i) {
    names.push_back(exporter.another_output(exporter.result_name(node.outputs[i])));
  }
  for (size_t i = 0; i < names.size(); ++i) exporter.store(node.outputs[i], names[i], order);
  return absl::OkStatus();
}

absl::Status export_op(Exporter& exporter, const Node& node, const Gather& op) {
  const TensorId x = node.inputs[0], indices = node.inputs[1];
  const Permutation plain = identity_permutation(exporter.shape(x).size());
  const std::string name =
      exporter.add("Gather", exporter.result_name(node.outputs[0]),
                   {exporter.value(x, plain),
                    exporter.value(indices, identity_permutation(exporter.shape(indices).size()))});
  exporter.attribute("axis", int64_t{op.axis});
  return exporter.store(node, name, identity_permutation(exporter.shape(node.outputs[0]).size()));
}

absl::Status export_op(Exporter& exporter, const Node& node, const ShapeOf&) {
  return exporter.store(
      node,
      exporter.integers(exporter.result_name(node.outputs[0]), exporter.shape(node.inputs[0])),
      {0});
}

absl::Status export_op(Exporter& exporter, const Node& node, const DepthToSpace& op) {
  const std::string name = exporter.add("DepthToSpace", exporter.result_name(node.outputs[0]),
                                        {exporter.value(node.inputs[0], kNchwOrder)});
  exporter.attribute("blocksize", op.block);
  exporter.attribute("mode", std::string(op.crd ? "CRD" : "DCR"));
  return exporter.store(node, name, kNchwOrder);
}

absl::Status export_op(Exporter& exporter, const Node& node, const SpaceToDepth& op) {
  const std::string name = exporter.add("SpaceToDepth", exporter.result_name(node.outputs[0]),
                                        {exporter.value(node.inputs[0], kNchwOrder)});
  exporter.attribute("blocksize", op.block);
  return exporter.store(node, name, kNchwOrder);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Resize& op) {
  const std::string wanted = exporter.result_name(node.outputs[0]);
  const std::string sizes =
      exporter.integers(wanted + "_sizes", permuted(exporter.shape(node.outputs[0]), kNchwOrder));
  const std::string name =
      exporter.add("Resize", wanted, {exporter.value(node.inputs[0], kNchwOrder), "", "", sizes});
  std::string coordinates = "half_pixel";
  if (op.coordinates == ResizeCoordinates::kAlignCorners) coordinates = "align_corners";
  if (op.coordinates == ResizeCoordinates::kAsymmetric) coordinates = "asymmetric";
  exporter.attribute("coordinate_transformation_mode", coordinates);
  const bool nearest = op.mode == ResizeMode::kNearest;
  exporter.attribute("mode", std::string(nearest ? "nearest" : "linear"));
  if (nearest) {
    exporter.attribute("nearest_mode",
                       std::string(op.round_floor ? "floor" : "round_prefer_floor"));
  }
  return exporter.store(node, name, kNchwOrder);
}

}  // namespace durward
