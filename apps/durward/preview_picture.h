// What a preview shows of a frame.
#pragma once

#include <optional>
#include <string_view>

#include "data/image.h"
#include "vision/face.h"

namespace durward {

// The frame as a mirror has it, the face in an ellipse, the words in a band at the bottom; of the
// frame's size. Letters that the font lacks are question marks.
[[nodiscard]] Image preview_picture(const Image& frame, const std::optional<Box>& face,
                                    std::string_view words);

}  // namespace durward
