// Export of convolutions, matrix products, pooling, resizing, and what trades size for channels.
#include <limits>

#include "base/checked.h"
#include "formats/tflite/export.h"
#include "formats/tflite/resize_indices.h"
#include "formats/tflite/windows.h"

namespace durward {
namespace {

using tflite::ActivationFunctionType;
using tflite::BuiltinOperator;

ActivationFunctionType fused_activation(Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return ActivationFunctionType::RELU;
    case Activation::kRelu6:
      return ActivationFunctionType::RELU6;
    case Activation::kNone:
    case Activation::kPRelu:
      break;
  }
  return ActivationFunctionType::NONE;
}

// How a window with explicit padding is said in TFLite: by SAME, by VALID, or by VALID behind a PAD
// of this much.
struct Placement {
  tflite::Padding padding = tflite::Padding::VALID;
  bool pad_first = false;
  Padding pad;
};

struct Axis {
  int64_t size, extent, stride, before, outputs;

  // Padding behind the last window is never read, so that it does not matter.
  [[nodiscard]] bool valid() const { return before == 0 && after() == 0; }
  [[nodiscard]] bool same() const {
    return before == same_padding(size, extent, stride).before &&
           outputs == (size - 1) / stride + 1;
  }
  [[nodiscard]] int64_t after() const {
    return std::max<int64_t>((outputs - 1) * stride + extent - size - before, 0);
  }
};

Placement place(const Axis& rows, const Axis& columns) {
  if (rows.valid() && columns.valid()) return {tflite::Padding::VALID, false, {}};
  if (rows.same() && columns.same()) return {tflite::Padding::SAME, false, {}};
  return {
      tflite::Padding::VALID, true, {rows.before, rows.after(), columns.before, columns.after()}};
}

// The node's input with height and width padded by `value` (zero where none is given).
absl::StatusOr<int32_t> padded_input(NodeExport& node, const Padding& pad,
                                     std::optional<float> value) {
  const Tensor& x = node.in();
  Shape shape = x.shape;
  shape[1] += pad.top + pad.bottom;
  shape[2] += pad.left + pad.right;
  DURWARD_ASSIGN_OR_RETURN(
      const int32_t paddings,
      node.parameters("/paddings", {0, 0, pad.top, pad.bottom, pad.left, pad.right, 0, 0}, {4, 2}));
  const int32_t padded = node.step("/padded", x.type, shape, x.quant);
  if (value) {
    node.add(BuiltinOperator::PADV2,
             {node.input(), paddings, node.scalar("/pad_value", *value, x.quant)}, {padded});
  } else {
    node.add(BuiltinOperator::PAD, {node.input(), paddings}, {padded});
  }
  return padded;
}

// TFLite's runtimes expect a bias where ours may be left out.
int32_t bias(NodeExport& node, int64_t outputs) {
  if (node.has(2)) return node.input(2);
  const std::vector<int32_t> zeros(static_cast<size_t>(outputs), 0);  // float zeros as well
  const auto data = std::as_bytes(std::span(zeros));
  if (!node.quantized()) return node.constant("/bias", DataType::kFloat32, {outputs}, data);
  QuantParams quant = *node.in(1).quant;
  for (float& scale : quant.scales) scale *= node.in().quant->scales[0];
  quant.zero_points.assign(quant.scales.size(), 0);
  if (quant.per_axis()) quant.axis = 0;
  return node.constant("/bias", DataType::kInt32, {outputs}, data, quant);
}

absl::Status check_layer(const NodeExport& node, Activation activation) {
  if (!node.quantized()) return absl::OkStatus();
  if (activation == Activation::kPRelu) {
    return node.unsupported(
        "has a fused PReLU, which no int8 operator of TFLite has, and which can be written in "
        "others "
        "only where its slopes are constants and weights and bias are quantised per channel");
  }
  if (node.in().type != DataType::kInt8 || node.in(1).type != DataType::kInt8 || !node.in().quant ||
      !node.in(1).quant) {
    return node.unsupported("has activations or weights that are not int8");
  }
  return absl::OkStatus();
}

// Adds the layer's operator with `emit(result)`, and a PRELU behind it for a fused PRelu.
template <typename Emit>
absl::Status with_activation(NodeExport& node, Activation activation, Emit emit) {
  if (activation != Activation::kPRelu) {
    emit(node.output());
    return absl::OkStatus();
  }
  const int32_t linear = node.step("/linear", {});
  emit(linear);
  return export_prelu(node, linear, 3);
}

template <typename Options, typename Conv>
absl::Status export_convolution(NodeExport& node, const Conv& op, BuiltinOperator code,
                                Options options) {
  DURWARD_RETURN_IF_ERROR(check_layer(node, op.activation));
  const Shape& x = node.in().shape;
  const Shape& weights = node.in(1).shape;
  const Shape& y = node.out().shape;
  const Placement placement =
      place({x[1], window_extent(weights[1], op.dilation_h), op.stride_h, op.padding.top, y[1]},
            {x[2], window_extent(weights[2], op.dilation_w), op.stride_w, op.padding.left, y[2]});
  int32_t image = node.input();
  if (placement.pad_first) {
    DURWARD_ASSIGN_OR_RETURN(image, padded_input(node, placement.pad, {}));
  }
  options.padding = placement.padding;
  options.stride_h = static_cast<int32_t>(op.stride_h);
  options.stride_w = static_cast<int32_t>(op.stride_w);
  options.dilation_h_factor = static_cast<int32_t>(op.dilation_h);
  options.dilation_w_factor = static_cast<int32_t>(op.dilation_w);
  options.fused_activation_function = fused_activation(op.activation);
  const int32_t bias_tensor = bias(node, y[3]);
  return with_activation(node, op.activation, [&](int32_t result) {
    node.add(code, {image, node.input(1), bias_tensor}, {result}, make_options(options));
  });
}

// MEAN over height and width. Unlike an int8 AVERAGE_POOL_2D, it requantises by itself, and XNNPACK
// runs it.
absl::Status export_global_mean(NodeExport& node) {
  DURWARD_ASSIGN_OR_RETURN(const int32_t axes, node.parameters("/axes", {1, 2}, {2}));
  tflite::ReducerOptionsT options;
  options.keep_dims = true;
  node.add(BuiltinOperator::MEAN, {node.input(), axes}, {node.output()}, make_options(options));
  return absl::OkStatus();
}

// Whether the reader's FULLY_CONNECTED would compute something else.
bool needs_convolution(const NodeExport& node) {
  if (node.ops() == TfliteOps::kCurrent || !node.quantized()) return false;
  const bool keeps_dimensions = node.in().shape.size() != 2;
  return node.in(1).quant->scales.size() > 1 ||
         (node.ops() == TfliteOps::kMicro2020 && keeps_dimensions);
}

// CONV_2D over images of one pixel, which has a scale per channel in every TFLite: the same bits.
absl::Status export_as_convolution(NodeExport& node, const FullyConnected& op) {
  const Tensor &x = node.in(), &weights = node.in(1), &y = node.out();
  const int64_t outputs = weights.shape[0], depth = weights.shape[1];
  const int64_t rows = elements(x.shape) / depth;
  const Shape pixels_in{rows, 1, 1, depth}, pixels_out{rows, 1, 1, outputs};
  const int32_t in = node.step("/pixels", x.type, pixels_in, x.quant);
  DURWARD_RETURN_IF_ERROR(add_reshape(node, node.input(), pixels_in, in));
  const int32_t kernel =
      node.constant("/kernel", weights.type, {outputs, 1, 1, depth}, *weights.data, weights.quant);
  tflite::Conv2DOptionsT options;
  options.padding = tflite::Padding::VALID;
  options.stride_h = options.stride_w = 1;
  options.fused_activation_function = fused_activation(op.activation);
  const int32_t out = node.step("/convolved", y.type, pixels_out, y.quant);
  node.add(BuiltinOperator::CONV_2D, {in, kernel, bias(node, outputs)}, {out},
           make_options(options));
  return add_reshape(node, out, y.shape, node.output());
}

}  // namespace

absl::Status export_op(NodeExport& node, const Conv2D& op) {
  return export_convolution(node, op, BuiltinOperator::CONV_2D, tflite::Conv2DOptionsT{});
}

absl::Status export_op(NodeExport& node, const DepthwiseConv2D& op) {
  tflite::DepthwiseConv2DOptionsT options;
  options.depth_multiplier = static_cast<int32_t>(node.out().shape[3] / node.in().shape[3]);
  return export_convolution(node, op, BuiltinOperator::DEPTHWISE_CONV_2D, options);
}

absl::Status export_op(NodeExport& node, const FullyConnected& op) {
  DURWARD_RETURN_IF_ERROR(check_layer(node, op.activation));
  if (needs_convolution(node)) return export_as_convolution(node, op);
  tflite::FullyConnectedOptionsT options;
  options.keep_num_dims = node.in().shape.size() != 2;
  options.fused_activation_function = fused_activation(op.activation);
  const int32_t bias_tensor = bias(node, node.out().shape.back());
  return with_activation(node, op.activation, [&](int32_t result) {
    node.add(BuiltinOperator::FULLY_CONNECTED, {node.input(), node.input(1), bias_tensor}, {result},
             make_options(options));
  });
}

absl::Status export_op(NodeExport& node, const MatMul&) {
  node.add(BuiltinOperator::BATCH_MATMUL, {node.input(), node.input(1)}, {node.output()},
           make_options(tflite::BatchMatMulOptionsT{}));
  return absl::OkStatus();
}

// TFLite's recurrent operators keep their state from one run to the next until someone resets it.
absl::Status export_op(NodeExport& node, const Lstm&) {
  return node.unsupported("has no form in TFLite that starts each run anew; export it to ONNX");
}
absl::Status export_op(NodeExport& node, const Gru&) {
  return node.unsupported("has no form in TFLite that starts each run anew; export it to ONNX");
}

absl::Status export_op(NodeExport& node, const Pool2D& op) {
  const Shape& x = node.in().shape;
  const Shape& y = node.out().shape;
  const bool average = op.kind == PoolKind::kAverage;
  const bool padding = op.padding != Padding{};
  const bool whole_image = !padding && op.kernel_h == x[1] && op.kernel_w == x[2];
  if (average && whole_image && node.quantized()) return export_global_mean(node);
  Placement placement = place({x[1], op.kernel_h, op.stride_h, op.padding.top, y[1]},
                              {x[2], op.kernel_w, op.stride_w, op.padding.left, y[2]});
  if (average && padding) {
    if (!op.count_padding && placement.pad_first) {
      return node.unsupported(
          "leaves its padding out of the mean, which TFLite does with SAME "
          "padding only");
    }
    if (op.count_padding) placement = {tflite::Padding::VALID, true, op.padding};
  }
  int32_t image = node.input();
  if (placement.pad_first) {
    // What no maximum is, or the zero that is counted.
    const auto value =
        average ? std::optional<float>() : std::optional(std::numeric_limits<float>::lowest());
    DURWARD_ASSIGN_OR_RETURN(image, padded_input(node, placement.pad, value));
  }
  tflite::Pool2DOptionsT options;
  options.padding = placement.padding;
  options.stride_h = static_cast<int32_t>(op.stride_h);
  options.stride_w = static_cast<int32_t>(op.stride_w);
  options.filter_height = static_cast<int32_t>(op.kernel_h);
  options.filter_width = static_cast<int32_t>(op.kernel_w);
  node.with_result(node.in().quant, [&](int32_t result) {
    node.add(average ? BuiltinOperator::AVERAGE_POOL_2D : BuiltinOperator::MAX_POOL_2D, {image},
             {result}, make_options(options));
  });
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const Resize& op) {
  const Shape& x = node.in().shape;
  DURWARD_ASSIGN_OR_RETURN(const int32_t size,
                           node.parameters("/size", {op.height, op.width}, {2}));
  if (op.mode == ResizeMode::kLinear) {
    tflite::ResizeBilinearOptionsT options;
    options.align_corners = op.coordinates == ResizeCoordinates::kAlignCorners;
    options.half_pixel_centers = op.coordinates == ResizeCoordinates::kHalfPixel;
    node.with_result(node.in().quant, [&](int32_t result) {
      node.add(BuiltinOperator::RESIZE_BILINEAR, {node.input(), size}, {result},
               make_options(options));
    });
    return absl::OkStatus();
  }
  const auto nearest = nearest_resize_to_tflite(op, x[1], x[2]);
  if (!nearest) {
    return node.unsupported("rounds coordinates as no mode of RESIZE_NEAREST_NEIGHBOR does");
  }
  tflite::ResizeNearestNeighborOptionsT options;
  options.align_corners = nearest->align_corners;
  options.half_pixel_centers = nearest->half_pixel;
  node.with_result(node.in().quant, [&](int32_t result) {
    node.add(BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, {node.input(), size}, {result},
             make_options(options));
  });
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const DepthToSpace& op) {
  tflite::DepthToSpaceOptionsT options;
  options.block_size = static_cast<int32_t>(op.block);
  int32_t x = node.input();
  if (op.crd) {
    // CRD keeps a block's positions next to each other, TFLite its channels: reorder them first.
    const int64_t area = op.block * op.block;
    const int64_t channels = node.out().shape[3];
    std::vector<int64_t> order;
    for (int64_t position = 0; position < area; ++position) {
      for (int64_t channel = 0; channel < channels; ++channel) {
        order.push_back(channel * area + position);
      }
    }
    DURWARD_ASSIGN_OR_RETURN(const int32_t indices,
                             node.parameters("/order", order, {area * channels}));
    tflite::GatherOptionsT gather;
    gather.axis = 3;
    x = node.step("/reordered", node.in().type, node.in().shape, node.in().quant);
    node.add(BuiltinOperator::GATHER, {node.input(), indices}, {x}, make_options(gather));
  }
  node.with_result(node.in().quant, [&](int32_t result) {
    node.add(BuiltinOperator::DEPTH_TO_SPACE, {x}, {result}, make_options(options));
  });
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const SpaceToDepth& op) {
  tflite::SpaceToDepthOptionsT options;
  options.block_size = static_cast<int32_t>(op.block);
  node.with_result(node.in().quant, [&](int32_t result) {
    node.add(BuiltinOperator::SPACE_TO_DEPTH, {node.input()}, {result}, make_options(options));
  });
  return absl::OkStatus();
}

}  // namespace durward
