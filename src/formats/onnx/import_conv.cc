// Conv  =>  Conv2D or DepthwiseConv2D, in NHWC with the weights as the IR wants them.
#include "formats/onnx/import_ops.h"
#include "formats/onnx/window.h"

namespace durward {
namespace {

constexpr int64_t kMaxGroups = int64_t{1} << 24;

Conv2D conv2d(const Window& window, int64_t groups) {
  return {.stride_h = window.stride_h,
          .stride_w = window.stride_w,
          .dilation_h = window.dilation_h,
          .dilation_w = window.dilation_w,
          .padding = window.padding,
          .groups = groups};
}

DepthwiseConv2D depthwise(const Window& window) {
  return {.stride_h = window.stride_h,
          .stride_w = window.stride_w,
          .dilation_h = window.dilation_h,
          .dilation_w = window.dilation_w,
          .padding = window.padding};
}

}  // namespace

absl::Status import_conv(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(ImportedValue weights, importer.input(node, 1));
  DURWARD_ASSIGN_OR_RETURN(const auto bias, importer.optional_input(node, 2));
  const Shape x_shape = importer.shape(x);
  Shape shape = importer.shape(weights);
  if (shape.size() != x_shape.size() || shape.size() < 3) {
    return node.invalid(absl::StrCat("input ", to_string(x_shape), " and weights ",
                                     to_string(shape), " do not fit"));
  }
  DURWARD_ASSIGN_OR_RETURN(const Window window,
                           read_window(node, x_shape, {shape.begin() + 2, shape.end()}));
  if (!importer.constant_weight(weights)) {
    return node.unimplemented("its weights are computed from the data; they must be constant");
  }
  const int64_t groups = node.get_int("group", 1);
  if (groups < 1 || groups > kMaxGroups || shape[0] % groups != 0 ||
      x_shape[1] != shape[1] * groups) {
    return node.invalid(absl::StrCat("input ", to_string(x_shape), ", weights ", to_string(shape),
                                     " and group ", groups, " do not fit"));
  }
  if (shape.size() == 3) {  // [O,I,K] -> [O,I,1,K]
    shape.insert(shape.begin() + 2, 1);
    DURWARD_ASSIGN_OR_RETURN(weights, importer.reshape(weights, shape));
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId image, image_of(importer, node, x));
  const bool is_depthwise = groups > 1 && shape[1] == 1;
  // [O,I,KH,KW] -> [1,KH,KW,O] or [O,KH,KW,I]
  const Permutation order = is_depthwise ? Permutation{1, 2, 3, 0} : Permutation{0, 2, 3, 1};
  DURWARD_ASSIGN_OR_RETURN(const TensorId kernel, importer.in_order(weights, order));
  std::vector<TensorId> inputs{image, kernel};
  if (bias) inputs.push_back(bias->tensor);
  return emit_windowed(importer, node, x_shape.size(),
                       is_depthwise ? Op(depthwise(window)) : Op(conv2d(window, groups)),
                       std::move(inputs));
}

}  // namespace durward
