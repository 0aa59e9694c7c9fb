#include "formats/onnx/window.h"

#include <algorithm>

namespace durward {
namespace {

// No window of a real model comes near; beyond it sums could overflow.
constexpr int64_t kMaxExtent = int64_t{1} << 24;

absl::Status check_list(const NodeView& node, std::string_view name,
                        const std::vector<int64_t>& values, size_t size, int64_t least) {
  if (values.size() != size) {
    return node.invalid(
        absl::StrCat(std::string(name), " has ", values.size(), " entries, not ", size));
  }
  for (const int64_t value : values) {
    if (value < least || value > kMaxExtent) {
      return node.invalid(
          absl::StrCat(std::string(name), " ", value, " is not in ", least, "..", kMaxExtent));
    }
  }
  return absl::OkStatus();
}

// Padding so that the output has ceil(size / stride) elements; the odd one goes to the end for
// SAME_UPPER and to the beginning for SAME_LOWER.
std::pair<int64_t, int64_t> same_padding(int64_t size, int64_t kernel, int64_t stride,
                                         int64_t dilation, bool upper) {
  const int64_t out = (size + stride - 1) / stride;
  const int64_t needed = (out - 1) * stride + (kernel - 1) * dilation + 1;
  const int64_t total = std::max<int64_t>(0, needed - size);
  const int64_t smaller = total / 2;
  return upper ? std::pair{smaller, total - smaller} : std::pair{total - smaller, smaller};
}

}  // namespace

absl::StatusOr<Window> read_window(const NodeView& node, const Shape& x,
                                   const std::vector<int64_t>& kernel) {
  if (x.size() != 3 && x.size() != 4) {
    return node.unimplemented(absl::StrCat("its input has ", x.size(),
                                           " dimensions; 1-D and 2-D windows (3 and 4) are"
                                           " supported"));
  }
  const size_t dimensions = x.size() - 2;
  std::vector<int64_t> size = node.get_ints("kernel_shape", kernel);
  if (!kernel.empty() && size != kernel) {
    return node.invalid("kernel_shape differs from the shape of the weights");
  }
  const std::vector<int64_t> ones(dimensions, 1);
  std::vector<int64_t> stride = node.get_ints("strides", ones);
  std::vector<int64_t> dilation = node.get_ints("dilations", ones);
  std::vector<int64_t> pads = node.get_ints("pads", std::vector<int64_t>(2 * dimensions, 0));
  DURWARD_RETURN_IF_ERROR(check_list(node, "kernel_shape", size, dimensions, 1));
  DURWARD_RETURN_IF_ERROR(check_list(node, "strides", stride, dimensions, 1));
  DURWARD_RETURN_IF_ERROR(check_list(node, "dilations", dilation, dimensions, 1));
  DURWARD_RETURN_IF_ERROR(check_list(node, "pads", pads, 2 * dimensions, 0));

  const std::string auto_pad = node.get_string("auto_pad", "NOTSET");
  if (auto_pad == "VALID") {
    std::fill(pads.begin(), pads.end(), 0);
  } else if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    for (size_t i = 0; i < dimensions; ++i) {
      if (x[i + 2] > kMaxExtent) return node.invalid("its input is too large");
      std::tie(pads[i], pads[i + dimensions]) =
          same_padding(x[i + 2], size[i], stride[i], dilation[i], auto_pad == "SAME_UPPER");
    }
  } else if (auto_pad != "NOTSET" && !auto_pad.empty()) {
    return node.invalid(absl::StrCat("auto_pad '", auto_pad, "' is not a value of the standard"));
  }

  Window window;
  const size_t last = dimensions - 1;
  window.kernel_w = size[last];
  window.stride_w = stride[last];
  window.dilation_w = dilation[last];
  window.padding.left = pads[last];
  window.padding.right = pads[last + dimensions];
  if (dimensions == 2) {
    window.kernel_h = size[0];
    window.stride_h = stride[0];
    window.dilation_h = dilation[0];
    window.padding.top = pads[0];
    window.padding.bottom = pads[2];
  }
  return window;
}

absl::StatusOr<TensorId> image_of(Importer& importer, const NodeView& node,
                                  const ImportedValue& x) {
  const Shape shape = importer.shape(x);
  if (shape.size() == 4) return importer.in_order(x, kImageOrder);
  DURWARD_ASSIGN_OR_RETURN(const TensorId signal, importer.in_order(x, kSignalOrder));
  return importer.step(node, "as_image", Reshape{{shape[0], 1, shape[2], shape[1]}}, {signal});
}

absl::Status emit_windowed(Importer& importer, const NodeView& node, size_t rank, Op op,
                           std::vector<TensorId> inputs) {
  if (rank == 4) return importer.emit(node, std::move(op), std::move(inputs), kImageOrder);
  DURWARD_ASSIGN_OR_RETURN(const TensorId image,
                           importer.step(node, "image", std::move(op), std::move(inputs)));
  const Shape shape = importer.graph().tensor(image).shape;
  return importer.emit(node, Reshape{{shape[0], shape[2], shape[3]}}, {image}, kSignalOrder);
}

}  // namespace durward
