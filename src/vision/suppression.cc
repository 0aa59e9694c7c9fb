#include "vision/suppression.h"

#include <algorithm>

namespace durward {
namespace {

void sort_by_score(std::vector<Detection>& detections) {
  std::stable_sort(detections.begin(), detections.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
}

void add_weighted(Point& sum, Point p, double weight) {
  sum.x += p.x * weight;
  sum.y += p.y * weight;
}

Detection weighted_mean(const std::vector<Detection>& detections) {
  double total = 0;
  for (const Detection& detection : detections) total += detection.score;
  Detection mean;
  mean.score = detections.front().score;
  for (const Detection& detection : detections) {
    const double weight = detection.score / total;
    mean.box.x += detection.box.x * weight;
    mean.box.y += detection.box.y * weight;
    mean.box.width += detection.box.width * weight;
    mean.box.height += detection.box.height * weight;
    for (size_t i = 0; i < mean.points.size(); ++i) {
      add_weighted(mean.points[i], detection.points[i], weight);
    }
  }
  return mean;
}

}  // namespace

std::vector<Detection> keep_best(std::vector<Detection> detections, double max_overlap) {
  sort_by_score(detections);
  std::vector<Detection> kept;
  for (const Detection& detection : detections) {
    const bool is_new = std::none_of(kept.begin(), kept.end(), [&](const Detection& better) {
      return overlap(better.box, detection.box) > max_overlap;
    });
    if (is_new) kept.push_back(detection);
  }
  return kept;
}

std::vector<Detection> blend(std::vector<Detection> detections, double max_overlap) {
  sort_by_score(detections);
  std::vector<Detection> blended;
  while (!detections.empty()) {
    const Box best = detections.front().box;
    // The best is in its own group even where its box is empty and overlaps nothing.
    const auto others = std::stable_partition(
        detections.begin() + 1, detections.end(),
        [&](const Detection& other) { return overlap(best, other.box) > max_overlap; });
    blended.push_back(weighted_mean({detections.begin(), others}));
    detections.erase(detections.begin(), others);
  }
  return blended;
}

}  // namespace durward
