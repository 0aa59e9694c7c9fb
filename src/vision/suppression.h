// A detector answers a face several times, from neighbouring places of its grid: two ways to make
// one answer of them.
#pragma once

#include <array>
#include <vector>

#include "vision/face.h"

namespace durward {

// One raw answer. The meaning of the points, and how many are used, is the detector's.
struct Detection {
  Box box;
  double score = 0;
  std::array<Point, 6> points{};
};

// Greedy non-maximum suppression: from the highest score down, keeps what overlaps nothing kept by
// more than max_overlap. Sorted by falling score; equal scores keep their order.
[[nodiscard]] std::vector<Detection> keep_best(std::vector<Detection> detections,
                                               double max_overlap);

// Weighted suppression (V. Bazarevsky et al., "BlazeFace", 2019, section 4): a detection and those
// that overlap it by more than max_overlap become their mean, weighted by score, with the highest
// score. Steadier than the best one from frame to frame. Sorted by falling score.
[[nodiscard]] std::vector<Detection> blend(std::vector<Detection> detections, double max_overlap);

}  // namespace durward
