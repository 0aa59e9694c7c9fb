#include "quant/histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace durward {
namespace {

// Below 2^-40 a value counts as near zero: no useful scale is that small.
constexpr int kSmallestExponent = -40;

}  // namespace

ChannelHistograms::ChannelHistograms(int64_t channels)
    : exponents_(static_cast<size_t>(channels), kSmallestExponent),
      bins_per_unit_(exponents_.size()),
      units_(exponents_.size(), 1.0),
      counts_(exponents_.size() * kStride, 0) {
  for (size_t c = 0; c < exponents_.size(); ++c) set_exponent(c, kSmallestExponent);
}

void ChannelHistograms::set_exponent(size_t channel, int exponent) {
  exponents_[channel] = exponent;
  bins_per_unit_[channel] = std::ldexp(static_cast<float>(kHistogramBins) / 2, -exponent);
}

void ChannelHistograms::grow(int64_t channel, float magnitude) {
  const auto c = static_cast<size_t>(channel);
  if (magnitude < std::ldexp(1.0f, exponents_[c])) return;
  const int wanted =
      std::ilogb(magnitude) + 1;  // the smallest exponent with magnitude < 2^exponent
  uint32_t* bins = counts_.data() + c * kStride;
  // After 2^9 = 512 doublings' worth of merging everything is in the two bins around zero.
  const int doublings = std::min(wanted - exponents_[c], 10);
  for (int i = 0; i < doublings; ++i) {
    constexpr int kMiddle = kHistogramBins / 2;
    // Pairs of bins move towards the middle: (2k, 2k + 1) from zero become k.
    for (int k = 0; k < kMiddle / 2; ++k) {
      bins[kMiddle + k] = bins[kMiddle + 2 * k] + bins[kMiddle + 2 * k + 1];
      bins[kMiddle - 1 - k] = bins[kMiddle - 1 - 2 * k] + bins[kMiddle - 2 - 2 * k];
    }
    std::fill_n(bins + kMiddle + kMiddle / 2, kMiddle / 2, 0u);
    std::fill_n(bins, kMiddle / 2, 0u);
  }
  set_exponent(c, wanted);
}

void ChannelHistograms::merge(const ChannelHistograms& other) {
  for (size_t c = 0; c < exponents_.size(); ++c) {
    const auto channel = static_cast<int64_t>(c);
    // The largest value that the other's range can hold.
    const float reach = std::ldexp(0.75f, other.exponents_[c]);
    grow(channel, reach);
    if (exponents_[c] == other.exponents_[c]) {
      for (size_t i = 0; i < kStride; ++i)
        counts_[c * kStride + i] += other.counts_[c * kStride + i];
      continue;
    }
    ChannelHistograms widened(1);
    widened.set_exponent(0, other.exponents_[c]);
    std::copy_n(other.counts_.begin() + static_cast<ptrdiff_t>(c * kStride), kStride,
                widened.counts_.begin());
    widened.grow(0, std::ldexp(0.75f, exponents_[c]));
    for (size_t i = 0; i < kStride; ++i) counts_[c * kStride + i] += widened.counts_[i];
  }
}

void ChannelHistograms::scale(int64_t channel, double factor) {
  const auto c = static_cast<size_t>(channel);
  if (factor > 0) {
    units_[c] *= factor;
    return;
  }
  uint32_t* bins = counts_.data() + c * kStride;
  bins[kHistogramBins] = std::accumulate(bins, bins + kStride, 0u);
  std::fill_n(bins, kHistogramBins, 0u);
}

void ChannelHistograms::mirror(int64_t channel) {
  uint32_t* bins = counts_.data() + static_cast<size_t>(channel) * kStride;
  std::reverse(bins, bins + kHistogramBins);
}

void ChannelHistograms::rectify(int64_t channel) {
  uint32_t* bins = counts_.data() + static_cast<size_t>(channel) * kStride;
  for (int i = 0; i < kHistogramBins / 2; ++i) bins[kHistogramBins] += std::exchange(bins[i], 0u);
}

double ChannelHistograms::bin_width(int64_t channel) const {
  const auto c = static_cast<size_t>(channel);
  return std::ldexp(2.0, exponents_[c]) / kHistogramBins * units_[c];
}

double ChannelHistograms::mean(int64_t channel) const {
  double sum = 0;
  uint64_t counted = zeros(channel);
  for (int i = 0; i < kHistogramBins; ++i) {
    sum += bin_middle(i) * count(channel, i);
    counted += count(channel, i);
  }
  return sum * bin_width(channel) / static_cast<double>(counted);
}

}  // namespace durward
