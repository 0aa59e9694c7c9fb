// Importers of what moves elements and computes nothing.
#include <algorithm>

#include "base/checked.h"
#include "formats/tflite/import.h"

namespace durward {
namespace {

// The one -1 in a target shape is what is left of the elements.
absl::StatusOr<Shape> resolve_target(const OpImport& op, const Shape& from, Shape target) {
  const auto free = std::find(target.begin(), target.end(), -1);
  if (free == target.end()) return target;
  *free = 1;
  const auto others = element_count(target);  // refuses another -1
  if (!others.ok()) return op.error("has an impossible target: ", others.status().message());
  if (*others == 0 || elements(from) % *others != 0) {
    return op.error("cannot divide ", elements(from), " elements by ", *others);
  }
  *free = elements(from) / *others;
  return target;
}

// `shape` with a 1 put in at `axis`.
Shape with_axis(Shape shape, int axis) {
  shape.insert(shape.begin() + axis, 1);
  return shape;
}

// Python's rule for a bound of a slice: from the end where negative, then into the range.
int64_t clamp_bound(int64_t bound, int64_t size, int64_t step) {
  if (bound < 0) bound += size;
  return step > 0 ? std::clamp<int64_t>(bound, 0, size) : std::clamp<int64_t>(bound, -1, size - 1);
}

}  // namespace

// (x, paddings [rank, 2], value?)
absl::Status import_pad(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int64_t> paddings, op.integers(1));
  const size_t rank = op.shape(x).size();
  if (paddings.size() != 2 * rank) {
    return op.error("has ", paddings.size(), " paddings for ", rank, " dimensions");
  }
  Pad pad;
  for (size_t d = 0; d < rank; ++d) {
    pad.before.push_back(paddings[2 * d]);
    pad.after.push_back(paddings[2 * d + 1]);
  }
  if (op.has(2)) {
    DURWARD_ASSIGN_OR_RETURN(const TensorId value, op.float_constant(2));
    if (elements(op.shape(value)) != 1) return op.error("takes one value to pad with");
    pad.value = op.tensor(value).values<float>()[0];
  }
  return op.emit(std::move(pad), {x});
}

absl::Status import_concatenation(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const auto* options, op.options<tflite::ConcatenationOptions>());
  DURWARD_ASSIGN_OR_RETURN(std::vector<TensorId> parts, op.inputs());
  if (parts.empty()) return op.error("has no inputs");
  DURWARD_ASSIGN_OR_RETURN(const int axis, op.axis(options->axis(), op.shape(parts[0]).size()));
  return op.emit(Concat{axis}, std::move(parts), options->fused_activation_function());
}

// (x, shape?); the shape is in the options where the input is left out.
absl::Status import_reshape(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  Shape target;
  if (op.has(1)) {
    DURWARD_ASSIGN_OR_RETURN(target, op.integers(1));
  } else {
    DURWARD_ASSIGN_OR_RETURN(const auto* options, op.options<tflite::ReshapeOptions>());
    if (options->new_shape() != nullptr) {
      target.assign(options->new_shape()->begin(), options->new_shape()->end());
    }
  }
  DURWARD_ASSIGN_OR_RETURN(target, resolve_target(op, op.shape(x), std::move(target)));
  return op.emit(Reshape{std::move(target)}, {x});
}

absl::Status import_squeeze(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  const Shape& from = op.shape(x);
  std::vector<bool> drop(from.size(), false);
  const auto* options = op.optional_options<tflite::SqueezeOptions>();
  if (options != nullptr && options->squeeze_dims() != nullptr &&
      options->squeeze_dims()->size() != 0) {
    for (const int32_t dimension : *options->squeeze_dims()) {
      DURWARD_ASSIGN_OR_RETURN(const int axis, op.axis(dimension, from.size()));
      drop[static_cast<size_t>(axis)] = true;
    }
  } else {
    for (size_t d = 0; d < from.size(); ++d) drop[d] = from[d] == 1;
  }
  Shape target;
  for (size_t d = 0; d < from.size(); ++d) {
    if (!drop[d]) target.push_back(from[d]);
  }
  return op.emit(Reshape{std::move(target)}, {x});
}

absl::Status import_expand_dims(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(const int64_t wanted, op.integer(1));
  DURWARD_ASSIGN_OR_RETURN(const int axis, op.axis(wanted, op.shape(x).size() + 1));
  return op.emit(Reshape{with_axis(op.shape(x), axis)}, {x});
}

absl::Status import_transpose(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int64_t> perm, op.integers(1));
  Transpose transpose;
  for (const int64_t axis : perm) {
    DURWARD_ASSIGN_OR_RETURN(const int normalized, op.axis(axis, op.shape(x).size()));
    transpose.perm.push_back(normalized);
  }
  return op.emit(std::move(transpose), {x});
}

// (x, begin, size); a size of -1 is what is left.
absl::Status import_slice(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  Slice slice;
  DURWARD_ASSIGN_OR_RETURN(slice.begin, op.integers(1));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, op.integers(2));
  const Shape& shape = op.shape(x);
  if (slice.begin.size() != shape.size() || sizes.size() != shape.size()) {
    return op.error("has ", slice.begin.size(), " begins and ", sizes.size(), " sizes for ",
                    shape.size(), " dimensions");
  }
  slice.step.assign(shape.size(), 1);
  for (size_t d = 0; d < shape.size(); ++d) {
    const auto end = sizes[d] == -1 ? shape[d] : checked_add(slice.begin[d], sizes[d]);
    if (!end || *end < slice.begin[d]) {
      return op.error("has begin ", slice.begin[d], " and size ", sizes[d]);
    }
    slice.end.push_back(*end);
  }
  return op.emit(std::move(slice), {x});
}

// (x, begin, end, strides) with bit masks: take begin or end as open, or drop the dimension.
absl::Status import_strided_slice(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const auto* options, op.options<tflite::StridedSliceOptions>());
  if (options->ellipsis_mask() != 0 || options->new_axis_mask() != 0 || options->offset()) {
    return op.unsupported(
        "has an ellipsis, a new axis or offsets; give begin, end and stride of "
        "each dimension");
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  const Shape shape = op.shape(x);
  std::vector<int64_t> bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    DURWARD_ASSIGN_OR_RETURN(bounds[i], op.integers(i + 1));
    if (bounds[i].size() != bounds[0].size() || bounds[i].size() > shape.size()) {
      return op.error("has begin, end and strides that do not fit ", shape.size(), " dimensions");
    }
  }
  Slice slice;
  Shape kept;
  bool drops = false;
  for (size_t d = 0; d < shape.size(); ++d) {
    const uint32_t bit = uint32_t{1} << d;
    const auto masked = [bit](int32_t mask) { return (static_cast<uint32_t>(mask) & bit) != 0; };
    const int64_t size = shape[d];
    int64_t begin = 0, end = size, step = 1;
    bool drop = false;
    if (d < bounds[0].size()) {
      step = bounds[2][d];
      if (step == 0) return op.error("has a stride of 0");
      drop = masked(options->shrink_axis_mask());
      begin = masked(options->begin_mask()) ? (step > 0 ? 0 : size - 1)
                                            : clamp_bound(bounds[0][d], size, step);
      end = masked(options->end_mask()) ? (step > 0 ? size : -1)
                                        : clamp_bound(bounds[1][d], size, step);
      if (drop) {
        if (begin < 0 || begin >= size) return op.error("picks an index outside dimension ", d);
        step = 1;
        end = begin + 1;
      }
    }
    slice.begin.push_back(begin);
    slice.end.push_back(end);
    slice.step.push_back(step);
    drops = drops || drop;
    if (!drop) {
      const int64_t distance = step > 0 ? end - begin : begin - end;
      const int64_t stride = step > 0 ? step : -step;
      kept.push_back(distance > 0 ? (distance - 1) / stride + 1 : 0);
    }
  }
  if (!drops) return op.emit(std::move(slice), {x});
  DURWARD_ASSIGN_OR_RETURN(const TensorId sliced,
                           op.emit_step(std::move(slice), {x}, "/sliced", x));
  return op.emit(Reshape{std::move(kept)}, {sliced});
}

// (axis, x) into equal parts
absl::Status import_split(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const int64_t wanted, op.integer(0));
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(1));
  DURWARD_ASSIGN_OR_RETURN(const int axis, op.axis(wanted, op.shape(x).size()));
  const int64_t size = op.shape(x)[static_cast<size_t>(axis)];
  const auto parts = static_cast<int64_t>(op.output_count());
  if (size % parts != 0) return op.error("splits ", size, " into ", parts, " equal parts");
  return op.emit_all(Split{axis, std::vector<int64_t>(op.output_count(), size / parts)}, {x});
}

// (x, sizes, axis); one size may be -1
absl::Status import_split_v(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(std::vector<int64_t> sizes, op.integers(1));
  DURWARD_ASSIGN_OR_RETURN(const int64_t wanted, op.integer(2));
  DURWARD_ASSIGN_OR_RETURN(const int axis, op.axis(wanted, op.shape(x).size()));
  int64_t rest = op.shape(x)[static_cast<size_t>(axis)];
  for (const int64_t size : sizes) {
    if (size < -1 || size > rest) return op.error("has a part of size ", size);
    rest -= std::max<int64_t>(size, 0);
  }
  const auto free = std::find(sizes.begin(), sizes.end(), -1);
  if (free != sizes.end()) *free = rest;
  return op.emit_all(Split{axis, std::move(sizes)}, {x});
}

absl::Status import_gather(OpImport& op) {
  const auto* options = op.optional_options<tflite::GatherOptions>();
  if (options != nullptr && options->batch_dims() != 0) {
    return op.unsupported("gathers with batch dimensions; 0 of them are supported");
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(const TensorId indices, op.input(1));
  DURWARD_ASSIGN_OR_RETURN(const int axis,
                           op.axis(options == nullptr ? 0 : options->axis(), op.shape(x).size()));
  return op.emit(Gather{axis}, {x, indices});
}

// Inputs of one shape become slices of a new axis.
absl::Status import_pack(OpImport& op) {
  const auto* options = op.optional_options<tflite::PackOptions>();
  DURWARD_ASSIGN_OR_RETURN(std::vector<TensorId> parts, op.inputs());
  if (parts.empty()) return op.error("has no inputs");
  DURWARD_ASSIGN_OR_RETURN(const int axis, op.axis(options == nullptr ? 0 : options->axis(),
                                                   op.shape(parts[0]).size() + 1));
  for (size_t i = 0; i < parts.size(); ++i) {
    DURWARD_ASSIGN_OR_RETURN(parts[i],
                             op.emit_step(Reshape{with_axis(op.shape(parts[i]), axis)}, {parts[i]},
                                          absl::StrCat("/part_", i), parts[i]));
  }
  return op.emit(Concat{axis}, std::move(parts));
}

// Slices of an axis, the axis dropped.
absl::Status import_unpack(OpImport& op) {
  const auto* options = op.optional_options<tflite::UnpackOptions>();
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  const Shape shape = op.shape(x);
  DURWARD_ASSIGN_OR_RETURN(const int axis,
                           op.axis(options == nullptr ? 0 : options->axis(), shape.size()));
  if (shape[static_cast<size_t>(axis)] != static_cast<int64_t>(op.output_count())) {
    return op.error("unpacks ", shape[static_cast<size_t>(axis)], " slices into ",
                    op.output_count(), " outputs");
  }
  Shape target = shape;
  target.erase(target.begin() + axis);
  for (size_t i = 0; i < op.output_count(); ++i) {
    Slice slice{std::vector<int64_t>(shape.size(), 0), shape, Shape(shape.size(), 1)};
    slice.begin[static_cast<size_t>(axis)] = static_cast<int64_t>(i);
    slice.end[static_cast<size_t>(axis)] = static_cast<int64_t>(i) + 1;
    DURWARD_ASSIGN_OR_RETURN(const TensorId part,
                             op.emit_step(std::move(slice), {x}, absl::StrCat("/slice_", i), x));
    DURWARD_RETURN_IF_ERROR(op.emit_output(i, Reshape{target}, {part}));
  }
  return absl::OkStatus();
}

// Shapes are static, so that this is a constant.
absl::Status import_shape(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  const Shape& shape = op.shape(x);
  const bool wide = op.source_output().type == tflite::TensorType::INT64;
  std::vector<int32_t> narrow;
  for (const int64_t dimension : shape) {
    if (!wide && dimension > INT32_MAX) return op.error("has a dimension above int32");
    narrow.push_back(static_cast<int32_t>(dimension));
  }
  const auto bytes = wide ? std::as_bytes(std::span<const int64_t>(shape))
                          : std::as_bytes(std::span<const int32_t>(narrow));
  op.alias(op.add_constant("", wide ? DataType::kInt64 : DataType::kInt32,
                           {static_cast<int64_t>(shape.size())}, {bytes.begin(), bytes.end()}));
  return absl::OkStatus();
}

absl::Status import_broadcast_to(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(Shape shape, op.integers(1));
  return op.emit(Broadcast{std::move(shape)}, {x});
}

absl::Status import_tile(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(std::vector<int64_t> repeats, op.integers(1));
  return op.emit(Tile{std::move(repeats)}, {x});
}

}  // namespace durward
