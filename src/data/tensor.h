// Pictures to tensors.
#pragma once

#include <cstdint>
#include <span>

#include "base/status.h"
#include "data/image.h"
#include "data/input_spec.h"

namespace durward {

// Scales the whole picture. The result does not depend on the number of threads. InvalidArgument
// for an empty image or a size below 1.
[[nodiscard]] absl::StatusOr<Image> resize_image(const Image& image, int width, int height,
                                                 Interpolation interpolation);

// The picture as the model is to see it where no face is needed (Alignment::kNone and kCenterCrop):
// spec.width x spec.height pixels. vision/face_crop.h does it for every alignment.
[[nodiscard]] absl::StatusOr<Image> resize_to_spec(const Image& image, const InputSpec& spec);

// Writes the model's input for a picture that already has the size of the specification:
// [height, width, 3] floats, channels in the specified order and normalised. InvalidArgument where
// the picture or the tensor has another size.
[[nodiscard]] absl::Status fill_tensor(const Image& image, const InputSpec& spec,
                                       std::span<float> tensor);

}  // namespace durward
