// Counts of a tensor's values, a histogram per channel. Ranges are powers of two that double by
// merging bins, so what is counted depends on the values and not on their order: workers count
// apart and are merged, and any number of threads gives the same counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace durward {

inline constexpr int kHistogramBins = 512;  // half of them below zero

// The middle of a bin in widths of one, below zero for the first half of them.
constexpr double bin_middle(int bin) { return bin + 0.5 - kHistogramBins * 0.5; }

class ChannelHistograms {
 public:
  explicit ChannelHistograms(int64_t channels);

  [[nodiscard]] int64_t channels() const { return static_cast<int64_t>(exponents_.size()); }

  // Makes room for values of channel c up to `magnitude` (finite, >= 0).
  void grow(int64_t channel, float magnitude);
  // Counts a value that grow() has made room for; a zero is counted apart, since it is always
  // quantised exactly.
  void add(int64_t channel, float value) {
    const auto c = static_cast<size_t>(channel);
    const float scaled = value * bins_per_unit_[c];  // exact: the factor is a power of two
    const auto truncated = static_cast<int32_t>(scaled);
    const int32_t bin =
        truncated - (scaled < static_cast<float>(truncated) ? 1 : 0) + kHistogramBins / 2;
    ++counts_[c * kStride + static_cast<size_t>(value == 0 ? kHistogramBins : bin)];
  }
  void merge(const ChannelHistograms& other);

  // As if every value of the channel had been multiplied by `factor` >= 0. Nothing is added later.
  void scale(int64_t channel, double factor);

  // As if every value of the channel had been negated, or every one below zero replaced by zero.
  // Nothing is added later. (A value on the border of two bins changes sides by a mirroring.)
  void mirror(int64_t channel);
  void rectify(int64_t channel);

  // Bin i of channel c holds the values in [(i - kHistogramBins / 2) * width, ... + width).
  [[nodiscard]] double bin_width(int64_t channel) const;
  [[nodiscard]] uint32_t count(int64_t channel, int bin) const {
    return counts_[static_cast<size_t>(channel) * kStride + static_cast<size_t>(bin)];
  }
  // Of what was counted, each value taken for the middle of its bin. At least one was.
  [[nodiscard]] double mean(int64_t channel) const;
  [[nodiscard]] uint32_t zeros(int64_t channel) const { return count(channel, kHistogramBins); }

 private:
  static constexpr size_t kStride = kHistogramBins + 1;  // the last counts zeros
  void set_exponent(size_t channel, int exponent);

  std::vector<int> exponents_;  // values of the channel are below 2^exponent in magnitude
  std::vector<float> bins_per_unit_;
  std::vector<double> units_;  // by scale()
  std::vector<uint32_t> counts_;
};

}  // namespace durward
