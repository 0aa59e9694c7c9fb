// Nearest-neighbour resizing is a table of source indices, and TFLite's coordinate rules and the
// IR's (ONNX's) round differently. Two rules are the same for a size when their tables are.
#pragma once

#include <cstdint>
#include <optional>

#include "graph/ops.h"

namespace durward {

// The options of RESIZE_NEAREST_NEIGHBOR; both false: asymmetric.
struct TfliteNearest {
  bool align_corners = false;
  bool half_pixel = false;
};

// The IR's Resize that picks the pixels that TFLite picks, or the reverse; nullopt where there is
// none, or where a size is not in 1..kMaxResizedExtent.
inline constexpr int64_t kMaxResizedExtent = 1 << 16;
[[nodiscard]] std::optional<Resize> nearest_resize_from_tflite(const TfliteNearest& options,
                                                               int64_t in_h, int64_t in_w,
                                                               int64_t out_h, int64_t out_w);
[[nodiscard]] std::optional<TfliteNearest> nearest_resize_to_tflite(const Resize& resize,
                                                                    int64_t in_h, int64_t in_w);

}  // namespace durward
