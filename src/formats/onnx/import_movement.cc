// Ops that copy elements: the ONNX axes and per-axis lists are put in the order of storage.
#include <algorithm>
#include <limits>

#include "base/checked.h"
#include "formats/onnx/import_ops.h"

namespace durward {
namespace {

// One entry per stored dimension from one per ONNX dimension.
std::vector<int64_t> stored_list(const std::vector<int64_t>& per_dimension,
                                 const Permutation& order) {
  std::vector<int64_t> result;
  for (const int dimension : order) {
    result.push_back(per_dimension[static_cast<size_t>(dimension)]);
  }
  return result;
}

struct Range {
  int64_t begin = 0, end = 0, step = 1;
};

// A slice of `size` elements with ONNX's (numpy's) rules for negative and too large bounds.
Range normalised(int64_t begin, int64_t end, int64_t step, int64_t size) {
  const auto from_front = [size](int64_t i) { return i < 0 ? i + size : i; };
  if (step > 0) {
    const int64_t first = std::clamp<int64_t>(from_front(begin), 0, size);
    return {first, std::max(first, std::clamp<int64_t>(from_front(end), 0, size)), step};
  }
  const int64_t first = std::clamp<int64_t>(from_front(begin), -1, size - 1);
  return {first, std::min(first, std::clamp<int64_t>(from_front(end), -1, size - 1)), step};
}

// Pad in mode "reflect"  =>  for each padded axis a Concat of x and slices of it backwards, without
// the element at the edge.
absl::Status emit_reflection(Importer& importer, const NodeView& node, const ImportedValue& x,
                             const std::vector<int64_t>& before,
                             const std::vector<int64_t>& after) {
  TensorId result = x.tensor;
  for (size_t axis = 0; axis < before.size(); ++axis) {
    const Shape shape = importer.graph().tensor(result).shape;
    const int64_t size = shape[axis];
    if (before[axis] >= size || after[axis] >= size) {
      return node.invalid(absl::StrCat("it reflects ", std::max(before[axis], after[axis]),
                                       " elements of an axis of ", size));
    }
    // From element `first` on backwards.
    const auto backwards = [&](int64_t first, int64_t count) {
      Slice slice{Shape(shape.size(), 0), shape, Shape(shape.size(), 1)};
      slice.begin[axis] = first;
      slice.end[axis] = first - count;
      slice.step[axis] = -1;
      return importer.step(node, "reflected", std::move(slice), {result});
    };
    std::vector<TensorId> parts;
    if (before[axis] > 0) {
      DURWARD_ASSIGN_OR_RETURN(parts.emplace_back(), backwards(before[axis], before[axis]));
    }
    parts.push_back(result);
    if (after[axis] > 0) {
      DURWARD_ASSIGN_OR_RETURN(parts.emplace_back(), backwards(size - 2, after[axis]));
    }
    if (parts.size() == 1) continue;
    DURWARD_ASSIGN_OR_RETURN(
        result, importer.step(node, "padded", Concat{static_cast<int>(axis)}, std::move(parts)));
  }
  return importer.alias(node, {result, x.order});
}

}  // namespace

absl::Status import_concat(Importer& importer, const NodeView& node) {
  std::vector<ImportedValue> values;
  for (int i = 0; i < node.proto().input_size(); ++i) {
    DURWARD_ASSIGN_OR_RETURN(ImportedValue value, importer.input(node, i));
    values.push_back(std::move(value));
  }
  if (values.empty()) return node.invalid("it has no input");
  const Permutation order = result_order(importer, values);
  std::vector<TensorId> inputs;
  for (const ImportedValue& value : values) {
    if (value.order.size() != order.size()) {
      return node.invalid("its inputs differ in their number of dimensions");
    }
    DURWARD_ASSIGN_OR_RETURN(const TensorId input, importer.in_order(value, order));
    inputs.push_back(input);
  }
  DURWARD_ASSIGN_OR_RETURN(const int axis, front_axis(node, node.get_int("axis", 0), order.size()));
  if (inputs.size() == 1) return importer.alias(node, values[0]);
  const Concat op{stored_axis({inputs[0], order}, axis)};
  return importer.emit(node, op, std::move(inputs), order);
}

absl::Status import_split(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(const int axis,
                           front_axis(node, node.get_int("axis", 0), x.order.size()));
  DURWARD_ASSIGN_OR_RETURN(std::vector<int64_t> sizes, importer.integers_from(node, "split", 1));
  const int64_t size = importer.shape(x)[static_cast<size_t>(axis)];
  const int64_t parts = node.proto().output_size();
  if (parts == 0) return node.invalid("it has no output");
  if (sizes.empty()) {  // equal parts; since opset 18 the last one may be smaller
    const int64_t part = (size + parts - 1) / parts;
    if (part * parts != size && node.opset() < 18) {
      return node.invalid(absl::StrCat("cannot split ", size, " into ", parts, " equal parts"));
    }
    for (int64_t i = 0; i < parts; ++i) {
      sizes.push_back(std::clamp<int64_t>(size - i * part, 0, part));
    }
  }
  if (static_cast<int64_t>(sizes.size()) != parts) {
    return node.invalid(absl::StrCat(sizes.size(), " sizes for ", parts, " outputs"));
  }
  return importer.emit(node, Split{stored_axis(x, axis), std::move(sizes)}, {x.tensor}, x.order);
}

absl::Status import_slice(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const Shape shape = importer.shape(x);
  // Attributes before opset 10, inputs since.
  DURWARD_ASSIGN_OR_RETURN(const auto begins, importer.integers_from(node, "starts", 1));
  DURWARD_ASSIGN_OR_RETURN(const auto ends, importer.integers_from(node, "ends", 2));
  DURWARD_ASSIGN_OR_RETURN(auto axes, importer.integers_from(node, "axes", 3));
  DURWARD_ASSIGN_OR_RETURN(auto steps, importer.integers_from(node, "steps", 4));
  if (axes.empty()) {
    for (size_t i = 0; i < begins.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  }
  if (steps.empty()) steps.assign(begins.size(), 1);
  if (ends.size() != begins.size() || axes.size() != begins.size() ||
      steps.size() != begins.size()) {
    return node.invalid("starts, ends, axes and steps differ in length");
  }
  std::vector<int64_t> begin(shape.size(), 0), end(shape), step(shape.size(), 1);
  for (size_t i = 0; i < begins.size(); ++i) {
    DURWARD_ASSIGN_OR_RETURN(const int axis, front_axis(node, axes[i], shape.size()));
    const auto at = static_cast<size_t>(axis);
    // INT64_MIN has no negative and is no step that a tensor could need.
    if (steps[i] == 0 || steps[i] == std::numeric_limits<int64_t>::min()) {
      return node.invalid(absl::StrCat("step ", steps[i], " is not allowed"));
    }
    const Range range = normalised(begins[i], ends[i], steps[i], shape[at]);
    begin[at] = range.begin;
    end[at] = range.end;
    step[at] = range.step;
  }
  return importer.emit(
      node,
      Slice{stored_list(begin, x.order), stored_list(end, x.order), stored_list(step, x.order)},
      {x.tensor}, x.order);
}

absl::Status import_pad(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const std::string mode = node.get_string("mode", "constant");
  const size_t rank = x.order.size();
  // Attributes before opset 11, inputs since.
  DURWARD_ASSIGN_OR_RETURN(const auto pads, importer.integers_from(node, "pads", 1));
  float value = node.get_float("value", 0.0f);
  DURWARD_ASSIGN_OR_RETURN(const auto value_input, importer.optional_input(node, 2));
  if (node.opset() >= 11 && value_input) {
    DURWARD_ASSIGN_OR_RETURN(const auto values, importer.floats(node, *value_input));
    if (values.size() != 1) return node.invalid("the padding value should be a scalar");
    value = values[0];
  }
  std::vector<int64_t> listed;  // the axes that `pads` is about; an input since opset 18
  DURWARD_ASSIGN_OR_RETURN(const auto axes_input, importer.optional_input(node, 3));
  if (axes_input) {
    DURWARD_ASSIGN_OR_RETURN(listed, importer.integers(node, *axes_input));
  } else {
    for (size_t i = 0; i < rank; ++i) listed.push_back(static_cast<int64_t>(i));
  }
  if (pads.size() != 2 * listed.size()) {
    return node.invalid(absl::StrCat(pads.size(), " paddings for ", listed.size(), " dimensions"));
  }
  std::vector<int64_t> before(rank, 0), after(rank, 0);
  for (size_t i = 0; i < listed.size(); ++i) {
    DURWARD_ASSIGN_OR_RETURN(const int axis, front_axis(node, listed[i], rank));
    before[static_cast<size_t>(axis)] = pads[i];
    after[static_cast<size_t>(axis)] = pads[i + listed.size()];
  }
  const auto negative = [](int64_t pad) { return pad < 0; };
  const auto zero = [](int64_t pad) { return pad == 0; };
  if (std::any_of(pads.begin(), pads.end(), negative)) {
    return node.unimplemented("negative padding is not supported; use Slice");
  }
  if (std::all_of(pads.begin(), pads.end(), zero)) return importer.alias(node, x);
  if (mode == "reflect") {
    return emit_reflection(importer, node, x, stored_list(before, x.order),
                           stored_list(after, x.order));
  }
  if (mode != "constant") {
    return node.unimplemented(
        absl::StrCat("mode '", mode, "' is not supported; 'constant' and 'reflect' are"));
  }
  return importer.emit(node, Pad{stored_list(before, x.order), stored_list(after, x.order), value},
                       {x.tensor}, x.order);
}

absl::Status import_expand(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue shape, importer.input(node, 1));
  DURWARD_ASSIGN_OR_RETURN(Shape target, importer.integers(node, shape));
  Shape padded = importer.shape(x);
  const size_t rank = std::max(padded.size(), target.size());
  if (rank > kMaxRank) return node.unimplemented("more than 8 dimensions are not supported");
  padded.insert(padded.begin(), rank - padded.size(), 1);
  target.insert(target.begin(), rank - target.size(), 1);
  for (size_t i = 0; i < rank; ++i) {  // ONNX's Expand broadcasts both ways
    if (target[i] == 1) target[i] = padded[i];
    if (target[i] < 0 || (padded[i] != 1 && padded[i] != target[i])) {
      return node.invalid(
          absl::StrCat("cannot expand ", to_string(padded), " to ", to_string(target)));
    }
  }
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue full, importer.reshape(x, padded));
  if (target == padded) return importer.alias(node, full);
  return importer.emit(node, Broadcast{permuted(target, full.order)}, {full.tensor}, full.order);
}

absl::Status import_tile(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue input, importer.input(node, 1));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int64_t> repeats, importer.integers(node, input));
  if (repeats.size() != x.order.size()) {
    return node.invalid(
        absl::StrCat(repeats.size(), " repeats for ", x.order.size(), " dimensions"));
  }
  return importer.emit(node, Tile{stored_list(repeats, x.order)}, {x.tensor}, x.order);
}

absl::Status import_gather(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue indices, importer.input(node, 1));
  DURWARD_ASSIGN_OR_RETURN(const int axis,
                           front_axis(node, node.get_int("axis", 0), x.order.size()));
  DURWARD_ASSIGN_OR_RETURN(const TensorId plain, importer.plain(indices));
  // The dimensions of the indices take the place of the gathered one.
  const auto added = static_cast<int>(indices.order.size());
  Permutation order;
  for (const int dimension : x.order) {
    if (dimension == axis) {
      for (int i = 0; i < added; ++i) order.push_back(axis + i);
    } else {
      order.push_back(dimension < axis ? dimension : dimension + added - 1);
    }
  }
  return importer.emit(node, Gather{stored_axis(x, axis)}, {x.tensor, plain}, order);
}

absl::Status import_depth_to_space(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  if (x.order.size() != 4) return node.invalid("its input should have 4 dimensions");
  const std::string mode = node.get_string("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") return node.invalid("mode should be DCR or CRD");
  DURWARD_ASSIGN_OR_RETURN(const TensorId image, importer.in_order(x, kImageOrder));
  return importer.emit(node, DepthToSpace{node.get_int("blocksize", 0), mode == "CRD"}, {image},
                       kImageOrder);
}

absl::Status import_space_to_depth(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  if (x.order.size() != 4) return node.invalid("its input should have 4 dimensions");
  DURWARD_ASSIGN_OR_RETURN(const TensorId image, importer.in_order(x, kImageOrder));
  return importer.emit(node, SpaceToDepth{node.get_int("blocksize", 0)}, {image}, kImageOrder);
}

}  // namespace durward
