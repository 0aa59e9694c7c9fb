// Resize and Upsample  =>  Resize
#include <array>
#include <cmath>
#include <optional>

#include "formats/onnx/import_ops.h"

namespace durward {
namespace {

// Larger images than this are an error of the model, not a use.
constexpr int64_t kMaxSide = 1 << 16;

// One spatial dimension of a Resize node.
struct Side {
  int64_t in = 0, out = 0;
  double scale = 1;  // as the node gives it; out / in up to rounding
};

struct ResizeForm {
  std::string mode, coordinates, nearest;
};

// Where output element `x` lies in the input (ONNX, Resize, coordinate_transformation_mode).
// Empty for modes that the IR has nothing like.
std::optional<double> source_position(const std::string& coordinates, const Side& side, double x,
                                      double scale) {
  if (coordinates == "half_pixel") return (x + 0.5) / scale - 0.5;
  if (coordinates == "pytorch_half_pixel") return side.out > 1 ? (x + 0.5) / scale - 0.5 : 0.0;
  if (coordinates == "align_corners") {
    if (side.out == 1) return 0.0;
    return x * static_cast<double>(side.in - 1) / static_cast<double>(side.out - 1);
  }
  if (coordinates == "asymmetric") return x / scale;
  if (coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / scale;
  return std::nullopt;
}

double rounded(const std::string& nearest, double position) {
  if (nearest == "floor") return std::floor(position);
  if (nearest == "ceil") return std::ceil(position);
  if (nearest == "round_prefer_ceil") return std::floor(position + 0.5);
  return std::ceil(position - 0.5);  // round_prefer_floor
}

// The input elements that a nearest-neighbour Resize picks; empty where it is of no known form.
std::vector<int64_t> picks(const ResizeForm& form, const Side& side, double scale) {
  std::vector<int64_t> result;
  for (int64_t x = 0; x < side.out; ++x) {
    const auto position = source_position(form.coordinates, side, static_cast<double>(x), scale);
    if (!position) return {};
    const double last = static_cast<double>(side.in - 1);
    // The limits keep what float arithmetic leaves off a whole number on that number.
    const double exact = std::round(*position * 4096.0) / 4096.0;
    result.push_back(
        static_cast<int64_t>(std::min(std::max(rounded(form.nearest, exact), 0.0), last)));
  }
  return result;
}

struct NamedCoordinates {
  const char* name;
  ResizeCoordinates value;
};
constexpr std::array<NamedCoordinates, 3> kCoordinates = {
    {{"half_pixel", ResizeCoordinates::kHalfPixel},
     {"asymmetric", ResizeCoordinates::kAsymmetric},
     {"align_corners", ResizeCoordinates::kAlignCorners}}};

// The IR's nearest-neighbour form that picks the same elements on both sides.
std::optional<Resize> nearest_form(const ResizeForm& form, const Side& height, const Side& width) {
  const std::vector<int64_t> rows = picks(form, height, height.scale);
  const std::vector<int64_t> columns = picks(form, width, width.scale);
  if (rows.empty() || columns.empty()) return std::nullopt;
  const auto ratio = [](const Side& side) {
    return static_cast<double>(side.out) / static_cast<double>(side.in);
  };
  for (const bool same_form : {true, false}) {  // the model's own form first
    for (const NamedCoordinates& coordinates : kCoordinates) {
      for (const bool floor : {true, false}) {
        const ResizeForm candidate{"nearest", coordinates.name,
                                   floor ? "floor" : "round_prefer_floor"};
        const bool same = candidate.coordinates == form.coordinates;
        if (same != same_form) continue;
        if (picks(candidate, height, ratio(height)) == rows &&
            picks(candidate, width, ratio(width)) == columns) {
          return Resize{ResizeMode::kNearest, coordinates.value, height.out, width.out, floor};
        }
      }
    }
  }
  return std::nullopt;
}

std::optional<Resize> linear_form(const ResizeForm& form, const Side& height, const Side& width) {
  const auto exact = [](const Side& side) {
    return std::abs(side.scale * static_cast<double>(side.in) - static_cast<double>(side.out)) <
           1e-3;
  };
  const bool one = height.out == 1 || width.out == 1;
  const std::string name =
      form.coordinates == "pytorch_half_pixel" && !one ? "half_pixel" : form.coordinates;
  for (const NamedCoordinates& coordinates : kCoordinates) {
    if (name != coordinates.name) continue;
    // The IR knows no scale but out / in.
    if (coordinates.value != ResizeCoordinates::kAlignCorners && !(exact(height) && exact(width))) {
      return std::nullopt;
    }
    return Resize{ResizeMode::kLinear, coordinates.value, height.out, width.out, true};
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<Side>> sides_from_sizes(const NodeView& node, const Shape& shape,
                                                   const std::vector<int64_t>& sizes) {
  std::vector<Side> sides;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (sizes[i] < 1 || sizes[i] > kMaxSide || shape[i] < 1) {
      return node.invalid(absl::StrCat("cannot resize ", shape[i], " to ", sizes[i]));
    }
    sides.push_back(
        {shape[i], sizes[i], static_cast<double>(sizes[i]) / static_cast<double>(shape[i])});
  }
  return sides;
}

absl::StatusOr<std::vector<Side>> sides_from_scales(const NodeView& node, const Shape& shape,
                                                    const std::vector<float>& scales) {
  std::vector<Side> sides;
  for (size_t i = 0; i < shape.size(); ++i) {
    const double scaled = static_cast<double>(shape[i]) * static_cast<double>(scales[i]);
    if (!(scales[i] > 0) || !(scaled >= 1) || scaled > static_cast<double>(kMaxSide)) {
      return node.invalid(absl::StrCat("cannot resize ", shape[i], " by ", scales[i]));
    }
    sides.push_back(
        {shape[i], static_cast<int64_t>(std::floor(scaled)), static_cast<double>(scales[i])});
  }
  return sides;
}

// The values that the node gives, spread over all dimensions where `axes` (opset 18) names some.
template <typename T>
absl::StatusOr<std::vector<T>> for_all_dimensions(const NodeView& node, std::vector<T> values,
                                                  std::vector<T> all) {
  if (!node.has("axes")) {
    if (values.size() != all.size()) {
      return node.invalid(absl::StrCat(values.size(), " entries for ", all.size(), " dimensions"));
    }
    return values;
  }
  const std::vector<int64_t> axes = node.get_ints("axes");
  if (axes.size() != values.size()) return node.invalid("axes do not fit its sizes or scales");
  for (size_t i = 0; i < axes.size(); ++i) {
    DURWARD_ASSIGN_OR_RETURN(const int axis, front_axis(node, axes[i], all.size()));
    all[static_cast<size_t>(axis)] = values[i];
  }
  return all;
}

absl::StatusOr<std::vector<Side>> read_sides(Importer& importer, const NodeView& node,
                                             const Shape& shape) {
  // Upsample and the first Resize have (x, scales); since opset 11 (x, roi, scales, sizes).
  const bool old = node.op() == "Upsample" || node.opset() < 11;
  DURWARD_ASSIGN_OR_RETURN(const auto scales_input, importer.optional_input(node, old ? 1 : 2));
  DURWARD_ASSIGN_OR_RETURN(const auto sizes_input, importer.optional_input(node, 3));
  if (!old && sizes_input) {
    DURWARD_ASSIGN_OR_RETURN(auto sizes, importer.integers(node, *sizes_input));
    if (!sizes.empty()) {
      DURWARD_ASSIGN_OR_RETURN(sizes, for_all_dimensions<int64_t>(node, std::move(sizes), shape));
      return sides_from_sizes(node, shape, sizes);
    }
  }
  if (!scales_input) return node.invalid("it has neither scales nor sizes");
  DURWARD_ASSIGN_OR_RETURN(auto scales, importer.floats(node, *scales_input));
  const std::vector<float> ones(shape.size(), 1.0f);
  DURWARD_ASSIGN_OR_RETURN(scales, for_all_dimensions<float>(node, std::move(scales), ones));
  return sides_from_scales(node, shape, scales);
}

}  // namespace

absl::Status import_resize(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const Shape shape = importer.shape(x);
  if (shape.size() != 4) return node.unimplemented("only images (4 dimensions) can be resized");
  DURWARD_ASSIGN_OR_RETURN(const std::vector<Side> sides, read_sides(importer, node, shape));
  if (sides[0].in != sides[0].out || sides[1].in != sides[1].out) {
    return node.unimplemented("only height and width can be resized");
  }
  if (node.get_int("antialias", 0) != 0) {
    return node.unimplemented("antialias is not supported; resize without it");
  }
  if (node.get_string("keep_aspect_ratio_policy", "stretch") != "stretch") {
    return node.unimplemented("keep_aspect_ratio_policy must be 'stretch'");
  }
  const bool old = node.op() == "Upsample" || node.opset() < 11;
  const ResizeForm form{
      node.get_string("mode", "nearest"),
      old ? "asymmetric" : node.get_string("coordinate_transformation_mode", "half_pixel"),
      old ? "floor" : node.get_string("nearest_mode", "round_prefer_floor")};
  std::optional<Resize> op;
  const Side& height = sides[2];
  const Side& width = sides[3];
  if (form.mode == "nearest") {
    // ONNX Runtime rounds the first Resize up where it shrinks: the standard leaves it open.
    if (!old || (height.scale >= 1 && width.scale >= 1)) op = nearest_form(form, height, width);
  } else if (form.mode == "linear") {
    op = linear_form(form, height, width);
  }
  if (!op) {
    return node.unimplemented(absl::StrCat(
        "mode '", form.mode, "' with '", form.coordinates, "', '", form.nearest,
        "' and these scales is not supported; nearest and linear with half_pixel, align_corners or"
        " asymmetric and whole output sizes are"));
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId image, importer.in_order(x, kImageOrder));
  return importer.emit(node, *op, {image}, kImageOrder);
}

}  // namespace durward
