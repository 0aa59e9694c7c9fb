// MaxPool, AveragePool and their global forms  =>  Pool2D, Reduce
#include "formats/onnx/import_ops.h"
#include "formats/onnx/window.h"

namespace durward {
namespace {

// What ceil_mode adds to the end of one dimension. A last window that would begin in the padding
// behind the input is left out, as PyTorch and ONNX Runtime do.
int64_t ceil_padding(int64_t size, int64_t kernel, int64_t stride, int64_t begin, int64_t end) {
  const int64_t span = size + begin + end - kernel;
  if (span < 0) return 0;
  int64_t out = (span + stride - 1) / stride + 1;
  if ((out - 1) * stride >= size + begin) --out;
  const int64_t needed = (out - 1) * stride + kernel - (size + begin + end);
  return needed > 0 ? needed : 0;
}

}  // namespace

absl::Status import_pool(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const Shape shape = importer.shape(x);
  DURWARD_ASSIGN_OR_RETURN(Window window, read_window(node, shape, {}));
  if (node.has_output(1)) {
    return node.unimplemented("the output with the positions of the maxima is not supported");
  }
  if (window.dilation_h != 1 || window.dilation_w != 1) {
    return node.unimplemented("dilated pooling is not supported; dilation 1 is");
  }
  if (node.get_int("storage_order", 0) != 0) {
    return node.unimplemented("storage_order 1 is not supported; 0 is");
  }
  const bool average = node.op() == "AveragePool";
  const bool count_padding = average && node.get_int("count_include_pad", 0) != 0;
  if (node.get_int("ceil_mode", 0) != 0) {
    const int64_t height = shape.size() == 4 ? shape[2] : 1;
    const int64_t bottom = ceil_padding(height, window.kernel_h, window.stride_h,
                                        window.padding.top, window.padding.bottom);
    const int64_t right = ceil_padding(shape.back(), window.kernel_w, window.stride_w,
                                       window.padding.left, window.padding.right);
    if (count_padding && (bottom != 0 || right != 0)) {
      return node.unimplemented(
          "ceil_mode together with count_include_pad is supported only where the windows fit "
          "exactly");
    }
    window.padding.bottom += bottom;
    window.padding.right += right;
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId image, image_of(importer, node, x));
  const Pool2D pool{.kind = average ? PoolKind::kAverage : PoolKind::kMax,
                    .kernel_h = window.kernel_h,
                    .kernel_w = window.kernel_w,
                    .stride_h = window.stride_h,
                    .stride_w = window.stride_w,
                    .padding = window.padding,
                    .count_padding = count_padding};
  return emit_windowed(importer, node, shape.size(), pool, {image});
}

absl::Status import_global_pool(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const size_t rank = importer.shape(x).size();
  if (rank < 3) return node.invalid("its input has no spatial dimensions");
  std::vector<int> axes;
  for (size_t i = 0; i < rank; ++i) {
    if (x.order[i] >= 2) axes.push_back(static_cast<int>(i));
  }
  const ReduceKind kind = node.op() == "GlobalMaxPool" ? ReduceKind::kMax : ReduceKind::kMean;
  return importer.emit(node, Reduce{kind, std::move(axes), true}, {x.tensor}, x.order);
}

}  // namespace durward
