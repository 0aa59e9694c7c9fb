// Shapes of convolutions, matrix products, pooling and the ops that trade height and width for
// channels or size. The window formula is ONNX's and TFLite's:
// out = floor((in + padding - (dilation * (kernel - 1) + 1)) / stride) + 1.
#include <algorithm>

#include "base/checked.h"
#include "graph/shape_inference.h"

namespace durward::graph_detail {
namespace {

struct Window {
  int64_t size, kernel, stride, dilation, pad_before, pad_after;
};

absl::StatusOr<int64_t> window_count(const TypedNode& node, const char* what, const Window& w) {
  if (w.kernel < 1 || w.stride < 1 || w.dilation < 1) {
    return node.error(what, ": kernel ", w.kernel, ", stride ", w.stride, " and dilation ",
                      w.dilation, " must all be at least 1");
  }
  if (w.pad_before < 0 || w.pad_after < 0) {
    return node.error(what, ": padding ", w.pad_before, " and ", w.pad_after,
                      " must not be negative");
  }
  const auto padding = checked_add(w.pad_before, w.pad_after);
  const auto padded = padding ? checked_add(w.size, *padding) : std::nullopt;
  const auto span = checked_mul(w.dilation, w.kernel - 1);
  if (!padded || !span || *padded > kMaxElements) {
    return node.error(what, ": padding or kernel are too large");
  }
  if (*padded <= *span) {
    return node.error(what, ": the kernel covers ", *span, " + 1, the padded input only ", *padded);
  }
  return (*padded - *span - 1) / w.stride + 1;
}

absl::Status check_image(const TypedNode& node) {
  if (node.rank() != 4) return node.error("input must be [N,H,W,C]");
  return absl::OkStatus();
}

// Weights, bias and slope of a layer with `outputs` output channels.
absl::Status check_parameters(const TypedNode& node, int64_t outputs, Activation activation) {
  if (is_float(node.type())) {
    if (node.type(1) != node.type()) {
      return node.error("weights must be ", std::string(to_string(node.type())), " like the input");
    }
  } else if (node.type() == DataType::kInt8 || node.type() == DataType::kUInt8 ||
             node.type() == DataType::kInt16) {
    if (node.type(1) != DataType::kInt8 && node.type(1) != DataType::kUInt8) {
      return node.error("weights of a quantised layer must be int8 or uint8");
    }
  } else {
    return node.error("is not defined on ", std::string(to_string(node.type())));
  }
  if (node.has(2)) {
    if (node.shape(2) != Shape{outputs}) {
      return node.error("bias must have shape ", outputs, ", has ", to_string(node.shape(2)));
    }
    const bool fits = is_float(node.type())
                          ? node.type(2) == node.type()
                          : node.type(2) == DataType::kInt32 || node.type(2) == DataType::kInt64;
    if (!fits)
      return node.error("a bias of type ", std::string(to_string(node.type(2))), " does not fit");
  }
  if (activation == Activation::kPRelu) {
    if (!node.has(2) || !node.has(3)) {
      return node.error("a fused PRelu needs a bias and a slope");
    }
    if (node.shape(3) != Shape{outputs} || !is_float(node.type(3))) {
      return node.error("slope must be float with shape ", outputs);
    }
  }
  return absl::OkStatus();
}

template <typename Layer>
InferredTypes infer_convolution(const TypedNode& node, const Layer& op, int64_t outputs) {
  const Shape& x = node.shape();
  const Shape& weights = node.shape(1);
  DURWARD_RETURN_IF_ERROR(check_parameters(node, outputs, op.activation));
  DURWARD_ASSIGN_OR_RETURN(const int64_t height,
                           window_count(node, "height",
                                        {x[1], weights[1], op.stride_h, op.dilation_h,
                                         op.padding.top, op.padding.bottom}));
  DURWARD_ASSIGN_OR_RETURN(const int64_t width,
                           window_count(node, "width",
                                        {x[2], weights[2], op.stride_w, op.dilation_w,
                                         op.padding.left, op.padding.right}));
  return std::vector<TensorType>{{node.type(), {x[0], height, width, outputs}}};
}

}  // namespace

InferredTypes infer(const TypedNode& node, const Conv2D& op) {
  DURWARD_RETURN_IF_ERROR(check_image(node));
  if (node.rank(1) != 4) return node.error("weights must be [O,KH,KW,I/groups]");
  const int64_t channels = node.shape()[3];
  const int64_t outputs = node.shape(1)[0];
  if (op.groups < 1 || channels % op.groups != 0 || outputs % op.groups != 0) {
    return node.error("groups ", op.groups, " must divide ", channels, " input and ", outputs,
                      " output channels");
  }
  if (node.shape(1)[3] != channels / op.groups) {
    return node.error("weights must have ", channels / op.groups,
                      " channels (input channels / groups), have ", node.shape(1)[3]);
  }
  return infer_convolution(node, op, outputs);
}

InferredTypes infer(const TypedNode& node, const DepthwiseConv2D& op) {
  DURWARD_RETURN_IF_ERROR(check_image(node));
  if (node.rank(1) != 4 || node.shape(1)[0] != 1) {
    return node.error("weights must be [1,KH,KW,C*multiplier]");
  }
  const int64_t channels = node.shape()[3];
  const int64_t outputs = node.shape(1)[3];
  if (channels < 1 || outputs % channels != 0) {
    return node.error("the ", outputs,
                      " channels of the weights must be a multiple of the input's ", channels);
  }
  return infer_convolution(node, op, outputs);
}

InferredTypes infer(const TypedNode& node, const FullyConnected& op) {
  if (node.rank() < 1) return node.error("input must have at least one dimension");
  if (node.rank(1) != 2) return node.error("weights must be [O,I]");
  if (node.shape(1)[1] != node.shape().back()) {
    return node.error("weights take ", node.shape(1)[1], " inputs, the input has ",
                      node.shape().back());
  }
  const int64_t outputs = node.shape(1)[0];
  DURWARD_RETURN_IF_ERROR(check_parameters(node, outputs, op.activation));
  Shape shape = node.shape();
  shape.back() = outputs;
  return std::vector<TensorType>{{node.type(), std::move(shape)}};
}

InferredTypes infer(const TypedNode& node, const MatMul&) {
  const Shape& a = node.shape();
  const Shape& b = node.shape(1);
  if (a.size() < 2 || b.size() < 2) return node.error("both inputs must be matrices");
  if (node.type() != node.type(1)) return node.error("inputs must be of one type");
  if (a.back() != b[b.size() - 2]) {
    return node.error("the inner dimensions ", a.back(), " and ", b[b.size() - 2], " differ");
  }
  auto shape = broadcast_shape({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2});
  if (!shape) return node.error("the batch dimensions do not broadcast");
  shape->push_back(a[a.size() - 2]);
  shape->push_back(b.back());
  return std::vector<TensorType>{{node.type(), *std::move(shape)}};
}

InferredTypes infer(const TypedNode& node, const Pool2D& op) {
  DURWARD_RETURN_IF_ERROR(check_image(node));
  // A window that lay in the padding alone would have no maximum and no mean.
  const Padding& padding = op.padding;
  if (std::max(padding.top, padding.bottom) >= op.kernel_h ||
      std::max(padding.left, padding.right) >= op.kernel_w) {
    return node.error("padding must be smaller than the kernel of ", op.kernel_h, "x", op.kernel_w);
  }
  const Shape& x = node.shape();
  DURWARD_ASSIGN_OR_RETURN(const int64_t height, window_count(node, "height",
                                                              {x[1], op.kernel_h, op.stride_h, 1,
                                                               padding.top, padding.bottom}));
  DURWARD_ASSIGN_OR_RETURN(const int64_t width, window_count(node, "width",
                                                             {x[2], op.kernel_w, op.stride_w, 1,
                                                              padding.left, padding.right}));
  return std::vector<TensorType>{{node.type(), {x[0], height, width, x[3]}}};
}

InferredTypes infer(const TypedNode& node, const DepthToSpace& op) {
  DURWARD_RETURN_IF_ERROR(check_image(node));
  const Shape& x = node.shape();
  const auto area = checked_mul(op.block, op.block);
  if (op.block < 1 || !area || x[3] % *area != 0) {
    return node.error("block ", op.block, " squared must divide the ", x[3], " channels");
  }
  const auto height = checked_mul(x[1], op.block);
  const auto width = checked_mul(x[2], op.block);
  if (!height || !width) return node.error("block ", op.block, " is too large");
  return std::vector<TensorType>{{node.type(), {x[0], *height, *width, x[3] / *area}}};
}

InferredTypes infer(const TypedNode& node, const SpaceToDepth& op) {
  DURWARD_RETURN_IF_ERROR(check_image(node));
  const Shape& x = node.shape();
  if (op.block < 1 || x[1] % op.block != 0 || x[2] % op.block != 0) {
    return node.error("block ", op.block, " must divide height and width");
  }
  const auto area = checked_mul(op.block, op.block);
  const auto channels = area ? checked_mul(x[3], *area) : std::nullopt;
  if (!channels) return node.error("block ", op.block, " is too large");
  return std::vector<TensorType>{
      {node.type(), {x[0], x[1] / op.block, x[2] / op.block, *channels}}};
}

InferredTypes infer(const TypedNode& node, const Resize& op) {
  DURWARD_RETURN_IF_ERROR(check_image(node));
  const Shape& x = node.shape();
  if (op.height < 1 || op.width < 1) {
    return node.error("target ", op.height, "x", op.width, " must be at least 1x1");
  }
  if (x[1] < 1 || x[2] < 1) return node.error("an empty image cannot be resized");
  return std::vector<TensorType>{{node.type(), {x[0], op.height, op.width, x[3]}}};
}

}  // namespace durward::graph_detail
