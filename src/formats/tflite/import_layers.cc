// Importers of convolutions, matrix products, pooling, and what trades size for channels.
#include "formats/tflite/import.h"
#include "formats/tflite/resize_indices.h"
#include "formats/tflite/windows.h"

namespace durward {
namespace {

using tflite::BuiltinOperator;

struct WindowSize {
  int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h = 1, dilation_w = 1;
};

absl::StatusOr<Padding> explicit_padding(const OpImport& op, tflite::Padding padding,
                                         const Shape& image, const WindowSize& window) {
  if (image.size() != 4) return op.error("takes an image [N,H,W,C]");
  for (const int64_t value : {window.kernel_h, window.kernel_w, window.stride_h, window.stride_w,
                              window.dilation_h, window.dilation_w, image[1], image[2]}) {
    if (value < 1 || value > INT32_MAX) {
      return op.error("has the size, stride, dilation or image extent ", value);
    }
  }
  if (padding == tflite::Padding::VALID) return Padding{};
  if (padding != tflite::Padding::SAME) {
    return op.error("has the padding ", static_cast<int>(padding),
                    "; 0 (SAME) and 1 (VALID) exist");
  }
  const WindowPadding rows =
      same_padding(image[1], window_extent(window.kernel_h, window.dilation_h), window.stride_h);
  const WindowPadding columns =
      same_padding(image[2], window_extent(window.kernel_w, window.dilation_w), window.stride_w);
  return Padding{rows.before, rows.after, columns.before, columns.after};
}

struct LayerInputs {
  TensorId x, weights;
  std::vector<TensorId> all;  // x, weights and the bias if there is one
};

absl::StatusOr<LayerInputs> layer_inputs(OpImport& op, size_t weights_rank) {
  LayerInputs layer;
  DURWARD_ASSIGN_OR_RETURN(layer.x, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(layer.weights, op.input(1));
  DURWARD_ASSIGN_OR_RETURN(const TensorId bias, op.optional_input(2));
  if (op.shape(layer.weights).size() != weights_rank) {
    return op.error("takes weights of ", weights_rank, " dimensions");
  }
  layer.all = {layer.x, layer.weights};
  if (bias.valid()) layer.all.push_back(bias);
  return layer;
}

}  // namespace

absl::Status import_conv_2d(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const auto* options, op.options<tflite::Conv2DOptions>());
  DURWARD_ASSIGN_OR_RETURN(LayerInputs layer, layer_inputs(op, 4));
  const Shape& image = op.shape(layer.x);
  const Shape& weights = op.shape(layer.weights);
  Conv2D conv;
  conv.stride_h = options->stride_h();
  conv.stride_w = options->stride_w();
  conv.dilation_h = options->dilation_h_factor();
  conv.dilation_w = options->dilation_w_factor();
  DURWARD_ASSIGN_OR_RETURN(conv.padding,
                           explicit_padding(op, options->padding(), image,
                                            {weights[1], weights[2], conv.stride_h, conv.stride_w,
                                             conv.dilation_h, conv.dilation_w}));
  // Grouped where the filters see fewer channels than the image has.
  if (weights[3] < 1 || image[3] % weights[3] != 0) {
    return op.error("has filters of ", weights[3], " channels for an image of ", image[3]);
  }
  conv.groups = image[3] / weights[3];
  return op.emit(conv, std::move(layer.all), options->fused_activation_function());
}

absl::Status import_depthwise_conv_2d(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const auto* options, op.options<tflite::DepthwiseConv2DOptions>());
  DURWARD_ASSIGN_OR_RETURN(LayerInputs layer, layer_inputs(op, 4));
  const Shape& weights = op.shape(layer.weights);
  DepthwiseConv2D conv;
  conv.stride_h = options->stride_h();
  conv.stride_w = options->stride_w();
  conv.dilation_h = options->dilation_h_factor();
  conv.dilation_w = options->dilation_w_factor();
  DURWARD_ASSIGN_OR_RETURN(conv.padding,
                           explicit_padding(op, options->padding(), op.shape(layer.x),
                                            {weights[1], weights[2], conv.stride_h, conv.stride_w,
                                             conv.dilation_h, conv.dilation_w}));
  return op.emit(conv, std::move(layer.all), options->fused_activation_function());
}

// x is flattened to rows of the weights' length unless it has that shape already.
absl::Status import_fully_connected(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const auto* options, op.options<tflite::FullyConnectedOptions>());
  if (options->weights_format() != tflite::FullyConnectedOptionsWeightsFormat::DEFAULT) {
    return op.unsupported("has shuffled weights; export the model with the default format");
  }
  DURWARD_ASSIGN_OR_RETURN(LayerInputs layer, layer_inputs(op, 2));
  const int64_t length = op.shape(layer.weights)[1];
  const Shape& x = op.shape(layer.x);
  const bool rows = !x.empty() && x.back() == length;
  if (!rows || (!options->keep_num_dims() && x.size() != 2)) {
    if (options->keep_num_dims() || length < 1 || elements(x) % length != 0) {
      return op.error("multiplies weights of row length ", length, " with that input");
    }
    DURWARD_ASSIGN_OR_RETURN(layer.all[0], op.emit_step(Reshape{{elements(x) / length, length}},
                                                        {layer.x}, "/flattened", layer.x));
  }
  return op.emit(FullyConnected{}, std::move(layer.all), options->fused_activation_function());
}

absl::Status import_batch_matmul(OpImport& op) {
  const auto* options = op.optional_options<tflite::BatchMatMulOptions>();
  const bool transpose[2] = {options != nullptr && options->adj_x(),
                             options != nullptr && options->adj_y()};
  std::vector<TensorId> factors(2);
  for (size_t i = 0; i < 2; ++i) {
    DURWARD_ASSIGN_OR_RETURN(factors[i], op.input(i));
    if (!transpose[i]) continue;
    const size_t rank = op.shape(factors[i]).size();
    if (rank < 2) return op.error("multiplies matrices; input ", i, " has ", rank, " dimensions");
    Transpose swap;
    for (size_t d = 0; d < rank; ++d) swap.perm.push_back(static_cast<int>(d));
    std::swap(swap.perm[rank - 1], swap.perm[rank - 2]);
    DURWARD_ASSIGN_OR_RETURN(factors[i], op.emit_step(std::move(swap), {factors[i]},
                                                      absl::StrCat("/transposed_", i), factors[i]));
  }
  return op.emit(MatMul{}, std::move(factors));
}

absl::Status import_pool_2d(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const auto* options, op.options<tflite::Pool2DOptions>());
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  Pool2D pool;
  pool.kind = op.code() == BuiltinOperator::MAX_POOL_2D ? PoolKind::kMax : PoolKind::kAverage;
  pool.kernel_h = options->filter_height();
  pool.kernel_w = options->filter_width();
  pool.stride_h = options->stride_h();
  pool.stride_w = options->stride_w();
  DURWARD_ASSIGN_OR_RETURN(
      pool.padding, explicit_padding(op, options->padding(), op.shape(x),
                                     {pool.kernel_h, pool.kernel_w, pool.stride_h, pool.stride_w}));
  return op.emit(pool, {x}, options->fused_activation_function());
}

absl::Status import_resize(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int64_t> size, op.integers(1));
  const Shape& image = op.shape(x);
  if (image.size() != 4 || size.size() != 2) {
    return op.error("takes an image [N,H,W,C] and the new height and width");
  }
  const bool linear = op.code() == BuiltinOperator::RESIZE_BILINEAR;
  bool align_corners = false, half_pixel = false;
  if (const auto* options = op.optional_options<tflite::ResizeBilinearOptions>()) {
    align_corners = options->align_corners();
    half_pixel = options->half_pixel_centers();
  } else if (const auto* nearest = op.optional_options<tflite::ResizeNearestNeighborOptions>()) {
    align_corners = nearest->align_corners();
    half_pixel = nearest->half_pixel_centers();
  }
  if (align_corners && half_pixel) {
    return op.error("aligns corners and has half-pixel centres, which exclude each other");
  }
  Resize resize;
  resize.height = size[0];
  resize.width = size[1];
  resize.mode = linear ? ResizeMode::kLinear : ResizeMode::kNearest;
  resize.coordinates = align_corners ? ResizeCoordinates::kAlignCorners
                       : half_pixel  ? ResizeCoordinates::kHalfPixel
                                     : ResizeCoordinates::kAsymmetric;
  if (!linear) {
    const auto equal = nearest_resize_from_tflite({align_corners, half_pixel}, image[1], image[2],
                                                  resize.height, resize.width);
    if (!equal) {
      return op.unsupported("picks pixels as no nearest mode of the IR does at these sizes");
    }
    resize = *equal;
  }
  return op.emit(resize, {x});
}

absl::Status import_depth_to_space(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const auto* options, op.options<tflite::DepthToSpaceOptions>());
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  return op.emit(DepthToSpace{options->block_size(), false}, {x});
}

absl::Status import_space_to_depth(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const auto* options, op.options<tflite::SpaceToDepthOptions>());
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  return op.emit(SpaceToDepth{options->block_size()}, {x});
}

}  // namespace durward
