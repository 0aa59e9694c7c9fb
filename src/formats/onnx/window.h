// The window of a convolution or pooling node: kernel, stride, dilation and padding.
#pragma once

#include <cstdint>

#include "formats/onnx/importer.h"

namespace durward {

// A 1-D window is lifted to 2-D: height 1.
struct Window {
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  Padding padding;
};

// Reads the window of a node over x[N,C,(H,)W]; the kernel is kernel_shape, or `kernel` where the
// weights give it. auto_pad becomes explicit padding. Unimplemented for 3-D windows.
[[nodiscard]] absl::StatusOr<Window> read_window(const NodeView& node, const Shape& x,
                                                 const std::vector<int64_t>& kernel);

// x[N,C,H,W] or x[N,C,L] as the IR's image [N,H,W,C] or [N,1,L,C].
[[nodiscard]] absl::StatusOr<TensorId> image_of(Importer& importer, const NodeView& node,
                                                const ImportedValue& x);

// Adds the windowed op and gives its result the rank of the ONNX output again.
[[nodiscard]] absl::Status emit_windowed(Importer& importer, const NodeView& node, size_t rank,
                                         Op op, std::vector<TensorId> inputs);

}  // namespace durward
