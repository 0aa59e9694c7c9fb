// Gives a fully convolutional ONNX model another input size, in memory.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/status.h"

namespace durward {

// The model with its one NCHW input of 1 x 3 x height x width. The shapes that it states for the
// tensors behind are dropped: the runtime infers them anew. InvalidArgument where the bytes are no
// ONNX model or its input is not an image.
[[nodiscard]] absl::StatusOr<std::string> with_input_size(std::span<const std::byte> onnx,
                                                          int height, int width);

}  // namespace durward
