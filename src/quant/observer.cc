#include "quant/observer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace durward {
namespace {

// Scales below this would overflow int32 biases and multipliers; a tensor that is always zero gets
// it too.
constexpr double kSmallestScale = 1e-9;

struct Range {
  double lowest = 0, highest = 0;
};

Range whole_range(std::span<const TensorStatistics* const> tensors) {
  Range range;
  for (const TensorStatistics* tensor : tensors) {
    range.lowest = std::min(range.lowest, double{tensor->lowest()});
    range.highest = std::max(range.highest, double{tensor->highest()});
  }
  return range;
}

// The values of all channels by size, in equal bins over the whole range, with sums from the left:
// the number, sum and sum of squares of the values beyond any limit cost one look-up.
class Distribution {
 public:
  Distribution(std::span<const TensorStatistics* const> tensors, const Range& range)
      : range_(range), width_((range.highest - range.lowest) / kBins), below_(kBins + 1) {
    for (const TensorStatistics* tensor : tensors) {
      const ChannelHistograms& histograms = tensor->histograms;
      for (int64_t c = 0; c < histograms.channels(); ++c) {
        zeros_ += histograms.zeros(c);
        const double width = histograms.bin_width(c);
        for (int i = 0; i < kHistogramBins; ++i) {
          const double count = histograms.count(c, i);
          if (count == 0) continue;
          add(bin_middle(i) * width, count);
        }
      }
    }
    for (size_t i = 1; i < below_.size(); ++i) {
      below_[i].count += below_[i - 1].count;
      below_[i].sum += below_[i - 1].sum;
      below_[i].squares += below_[i - 1].squares;
    }
  }

  [[nodiscard]] double total() const { return below_.back().count + zeros_; }

  // Expected squared error of all values for a range: uniform rounding noise inside, none for
  // zeros, the distance to the limit outside.
  [[nodiscard]] double squared_error(const Range& range) const {
    const Moments low = below_[index(range.lowest)];
    const Moments all = below_.back();
    const Moments up_to_high = below_[index(range.highest)];
    const Moments high{all.count - up_to_high.count, all.sum - up_to_high.sum,
                       all.squares - up_to_high.squares};
    const double step = (range.highest - range.lowest) / 255;
    const double inside = all.count - low.count - high.count;
    return inside * step * step / 12 + clipping(low, range.lowest) + clipping(high, range.highest);
  }

  // The range that leaves out a share of `outside` of the values at either end.
  [[nodiscard]] Range inner(double outside) const {
    const double limit = outside * total();
    // Zeros lie between the bins below and above zero.
    const auto count_below = [this](size_t i) {
      return below_[i].count + (position(i) > 0 ? zeros_ : 0.0);
    };
    size_t low = 0, high = kBins;
    while (low < kBins && count_below(low + 1) <= limit) ++low;
    while (high > 0 && total() - count_below(high - 1) <= limit) --high;
    return {std::min(position(low), 0.0), std::max(position(high), 0.0)};
  }

 private:
  static constexpr size_t kBins = 8192;
  struct Moments {
    double count = 0, sum = 0, squares = 0;
  };

  void add(double value, double count) {
    const double bin = std::clamp((value - range_.lowest) / width_, 0.0, double{kBins - 1});
    Moments& moments = below_[static_cast<size_t>(bin) + 1];
    moments.count += count;
    moments.sum += count * value;
    moments.squares += count * value * value;
  }
  [[nodiscard]] size_t index(double value) const {
    return static_cast<size_t>(
        std::clamp(std::nearbyint((value - range_.lowest) / width_), 0.0, double{kBins}));
  }
  [[nodiscard]] double position(size_t i) const {
    return range_.lowest + static_cast<double>(i) * width_;
  }
  static double clipping(const Moments& m, double limit) {
    return std::max(0.0, m.squares - 2 * limit * m.sum + limit * limit * m.count);
  }

  Range range_;
  double width_;
  double zeros_ = 0;
  std::vector<Moments> below_;  // [i]: the bins before i
};

double affine_error(const std::vector<std::pair<float, uint64_t>>& values,
                    const QuantParams& params) {
  double error = 0;
  const double scale = params.scales[0], zero_point = params.zero_points[0];
  for (const auto& [value, count] : values) {
    const double q =
        std::clamp(std::nearbyint(value / scale) + zero_point, -128.0, 127.0) - zero_point;
    const double difference = q * scale - double{value};
    error += difference * difference * static_cast<double>(count);
  }
  return error;
}

// Calls visit for ranges that shrink either end from the whole range to a fraction of it.
template <typename Visit>
void for_each_range(const Range& whole, double smallest, int steps, const Visit& visit) {
  const auto fraction = [&](int i) { return 1 - (1 - smallest) * i / (steps - 1); };
  for (int low = 0; low < (whole.lowest < 0 ? steps : 1); ++low) {
    for (int high = 0; high < (whole.highest > 0 ? steps : 1); ++high) {
      visit(Range{whole.lowest * fraction(low), whole.highest * fraction(high)});
    }
  }
}

template <typename Error>
Range least_error(const Range& whole, double smallest, int steps, const Error& error) {
  Range best = whole;
  double least = std::numeric_limits<double>::infinity();
  for_each_range(whole, smallest, steps, [&](const Range& range) {
    const double candidate = error(range);
    if (candidate >= least) return;
    least = candidate;
    best = range;
  });
  return best;
}

}  // namespace

std::string_view to_string(Observer observer) {
  switch (observer) {
    case Observer::kMinMax:
      return "min-max";
    case Observer::kPercentile:
      return "percentile";
    case Observer::kMse:
      break;
  }
  return "mse";
}

QuantParams params_for_range(double lowest, double highest) {
  lowest = std::min(lowest, 0.0);
  highest = std::max(highest, 0.0);
  const double scale = std::max((highest - lowest) / 255, kSmallestScale);
  const double zero_point = std::clamp(std::nearbyint(-128 - lowest / scale), -128.0, 127.0);
  return {{static_cast<float>(scale)}, {static_cast<int32_t>(zero_point)}, -1};
}

QuantParams observe(std::span<const TensorStatistics* const> tensors,
                    const ObserverOptions& options) {
  const Range whole = whole_range(tensors);
  const auto params = [](const Range& range) {
    return params_for_range(range.lowest, range.highest);
  };
  if (options.kind == Observer::kMinMax || whole.highest - whole.lowest < kSmallestScale) {
    return params(whole);
  }
  if (options.kind == Observer::kMse && tensors.size() == 1 && !tensors[0]->values.empty()) {
    // Few distinct values: their exact error, on a grid that can hit their spacing.
    return params(least_error(whole, 0.9, 41, [&](const Range& range) {
      return affine_error(tensors[0]->values, params(range));
    }));
  }
  const Distribution distribution(tensors, whole);
  if (options.kind == Observer::kPercentile) {
    return params(distribution.inner(1 - options.percentile / 100));
  }
  return params(least_error(whole, 0.2, 81,
                            [&](const Range& range) { return distribution.squared_error(range); }));
}

}  // namespace durward
