#include "gallery/gallery.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/parallel.h"

namespace durward {
namespace {

constexpr float kLargest = 119;  // the largest |q|: its upper half is in -7..7
constexpr int64_t kBlock = 256;  // rows whose first halves are multiplied at once
constexpr int64_t kRowsPerTask = 65536;

double length(std::span<const int8_t> values) {
  int64_t squares = 0;
  for (const int8_t value : values) squares += int64_t{value} * value;
  return std::sqrt(static_cast<double>(squares));
}

bool better(const Gallery::Match& a, const Gallery::Match& b) {
  return a.score != b.score ? a.score > b.score : a.row < b.row;
}

// The best so far, the worst of them first.
class Best {
 public:
  explicit Best(int count) : count_(static_cast<size_t>(count)) {}

  // A score below this cannot enter.
  [[nodiscard]] float least() const {
    return heap_.size() < count_ ? -std::numeric_limits<float>::infinity() : heap_.front().score;
  }
  void offer(const Gallery::Match& match) {
    if (heap_.size() == count_) {
      if (!better(match, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.pop_back();
    }
    heap_.push_back(match);
    std::push_heap(heap_.begin(), heap_.end(), better);
  }
  std::vector<Gallery::Match> take() {
    std::sort(heap_.begin(), heap_.end(), better);
    return std::move(heap_);
  }

 private:
  size_t count_;
  std::vector<Gallery::Match> heap_;
};

}  // namespace

absl::StatusOr<Gallery> Gallery::create(int dims, Isa highest) {
  if (dims < 1 || dims > kMaxDims) {
    return absl::InvalidArgumentError(
        absl::StrCat("a gallery's embeddings have 1 to ", kMaxDims, " values, not ", dims));
  }
  return Gallery(dims, fastest_nibble_kernel(highest));
}

int64_t Gallery::bytes_per_template() const { return padded_ + static_cast<int64_t>(sizeof(Row)); }

absl::StatusOr<std::vector<int8_t>> Gallery::quantize(std::span<const float> embedding) const {
  if (embedding.size() != static_cast<size_t>(dims_)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the embedding has ", embedding.size(), " values instead of ", dims_));
  }
  float largest = 0;
  for (const float value : embedding) {
    if (!std::isfinite(value)) {
      return absl::InvalidArgumentError("a value of the embedding is not finite");
    }
    largest = std::max(largest, std::abs(value));
  }
  // Below the second, 119 / largest is no finite number.
  if (largest < std::numeric_limits<float>::min() * 128) {
    return absl::InvalidArgumentError("the embedding has only zeros");
  }
  std::vector<int8_t> values(static_cast<size_t>(padded_));
  const float scale = kLargest / largest;
  std::transform(embedding.begin(), embedding.end(), values.begin(), [scale](float value) {
    return static_cast<int8_t>(std::nearbyint(value * scale));
  });
  return values;
}

absl::Status Gallery::add(std::span<const float> embedding) {
  if (size() == kMaxSize) return absl::ResourceExhaustedError("the gallery is full");
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int8_t> values, quantize(embedding));
  append_nibbles(values, high_, low_);
  std::vector<int8_t> lows(values.size());
  std::transform(values.begin(), values.end(), lows.begin(),
                 [](int8_t value) { return static_cast<int8_t>(value - 16 * ((value + 8) >> 4)); });
  rows_.push_back(
      {static_cast<float>(1 / length(values)),
       std::nextafter(static_cast<float>(length(lows)), std::numeric_limits<float>::infinity())});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Gallery::Match>> Gallery::search(std::span<const float> embedding,
                                                            int count, int threads) const {
  NibbleProbe probe;
  DURWARD_ASSIGN_OR_RETURN(probe.values, quantize(embedding));
  probe.sum = std::accumulate(probe.values.begin(), probe.values.end(), 0);
  probe.norm = static_cast<float>(length(probe.values));
  probe.inverse_norm = 1 / probe.norm;
  const int64_t tasks = (size() + kRowsPerTask - 1) / kRowsPerTask;
  std::vector<std::vector<Match>> found(static_cast<size_t>(tasks));
  const absl::Status status = parallel_for(tasks, threads, [&](int64_t task, int) -> absl::Status {
    const int64_t first = task * kRowsPerTask;
    found[static_cast<size_t>(task)] =
        search_rows(probe, first, std::min(first + kRowsPerTask, size()), count);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  Best best(std::max(count, 0));
  if (count > 0) {
    for (const std::vector<Match>& part : found) {
      for (const Match& match : part) best.offer(match);
    }
  }
  return best.take();
}

std::vector<Gallery::Match> Gallery::search_rows(const NibbleProbe& probe, int64_t first,
                                                 int64_t last, int count) const {
  Best best(std::max(count, 0));
  if (count <= 0) return best.take();
  const int64_t stride = padded_ / 2;
  int32_t dots[kBlock];
  for (int64_t block = first; block < last; block += kBlock) {
    const int64_t rows = std::min(kBlock, last - block);
    kernel_.dots(probe, high_.data() + block * stride, rows, dots);
    for (int64_t i = 0; i < rows; ++i) {
      const Row& row = rows_[static_cast<size_t>(block + i)];
      const float high = static_cast<float>(16 * dots[i]);
      // 1e-5 is more than the roundings on the way can take off.
      const float most =
          (high + probe.norm * row.low_norm) * row.inverse_norm * probe.inverse_norm + 1e-5F;
      if (most < best.least()) continue;
      int32_t low = 0;
      kernel_.dots(probe, low_.data() + (block + i) * stride, 1, &low);
      const auto dot = static_cast<float>(16 * dots[i] + low);
      best.offer({block + i, dot * row.inverse_norm * probe.inverse_norm});
    }
  }
  return best.take();
}

}  // namespace durward
