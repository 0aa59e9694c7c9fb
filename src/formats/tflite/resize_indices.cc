#include "formats/tflite/resize_indices.h"

#include <algorithm>
#include <cmath>

namespace durward {
namespace {

int64_t clamp_index(float index, int64_t in) {
  return std::clamp(static_cast<int64_t>(index), int64_t{0}, in - 1);
}

// TFLite's rule, in float32 as its kernel computes.
int64_t tflite_index(const TfliteNearest& options, int64_t in, int64_t out, int64_t i) {
  const bool corners = options.align_corners && out > 1;
  const float scale = corners ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                              : static_cast<float>(in) / static_cast<float>(out);
  const float position = (static_cast<float>(i) + (options.half_pixel ? 0.5f : 0.0f)) * scale;
  return clamp_index(options.align_corners ? std::round(position) : std::floor(position), in);
}

// ONNX's rule for the coordinate modes of the IR.
int64_t ir_index(const Resize& resize, int64_t in, int64_t out, int64_t i) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  double position = 0;
  switch (resize.coordinates) {
    case ResizeCoordinates::kHalfPixel:
      position = (static_cast<double>(i) + 0.5) * scale - 0.5;
      break;
    case ResizeCoordinates::kAlignCorners:
      position = out == 1 ? 0.0
                          : static_cast<double>(i) * static_cast<double>(in - 1) /
                                static_cast<double>(out - 1);
      break;
    case ResizeCoordinates::kAsymmetric:
      position = static_cast<double>(i) * scale;
      break;
  }
  const double index = resize.round_floor ? std::floor(position) : std::ceil(position - 0.5);
  return clamp_index(static_cast<float>(index), in);
}

bool same_indices(const TfliteNearest& options, const Resize& resize, int64_t in, int64_t out) {
  for (int64_t i = 0; i < out; ++i) {
    if (tflite_index(options, in, out, i) != ir_index(resize, in, out, i)) return false;
  }
  return true;
}

bool same_pixels(const TfliteNearest& options, const Resize& resize, int64_t in_h, int64_t in_w) {
  for (const int64_t extent : {in_h, in_w, resize.height, resize.width}) {
    if (extent < 1 || extent > kMaxResizedExtent) return false;
  }
  return same_indices(options, resize, in_h, resize.height) &&
         same_indices(options, resize, in_w, resize.width);
}

}  // namespace

std::optional<Resize> nearest_resize_from_tflite(const TfliteNearest& options, int64_t in_h,
                                                 int64_t in_w, int64_t out_h, int64_t out_w) {
  // The namesake first, so that reading what was written gives the same op back.
  const ResizeCoordinates namesake = options.align_corners ? ResizeCoordinates::kAlignCorners
                                     : options.half_pixel  ? ResizeCoordinates::kHalfPixel
                                                           : ResizeCoordinates::kAsymmetric;
  for (const ResizeCoordinates coordinates :
       {namesake, ResizeCoordinates::kAsymmetric, ResizeCoordinates::kHalfPixel,
        ResizeCoordinates::kAlignCorners}) {
    for (const bool round_floor : {true, false}) {
      const Resize resize{ResizeMode::kNearest, coordinates, out_h, out_w, round_floor};
      if (same_pixels(options, resize, in_h, in_w)) return resize;
    }
  }
  return std::nullopt;
}

std::optional<TfliteNearest> nearest_resize_to_tflite(const Resize& resize, int64_t in_h,
                                                      int64_t in_w) {
  const TfliteNearest namesake{resize.coordinates == ResizeCoordinates::kAlignCorners,
                               resize.coordinates == ResizeCoordinates::kHalfPixel};
  for (const TfliteNearest& options : {namesake, TfliteNearest{false, false},
                                       TfliteNearest{false, true}, TfliteNearest{true, false}}) {
    if (same_pixels(options, resize, in_h, in_w)) return options;
  }
  return std::nullopt;
}

}  // namespace durward
