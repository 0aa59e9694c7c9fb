#include "audio/level.h"

#include <cmath>

namespace durward {

double mean_power(std::span<const float> samples) {
  if (samples.empty()) return 0;
  double sum = 0;
  for (const float sample : samples) sum += double{sample} * sample;
  return sum / static_cast<double>(samples.size());
}

double level_dbfs(std::span<const float> samples) { return 10 * std::log10(mean_power(samples)); }

void raise_level(std::span<float> samples, double dbfs) {
  const double raise = dbfs - level_dbfs(samples);
  if (!(raise > 0) || !std::isfinite(raise)) return;
  const double gain = std::pow(10, raise / 20);
  for (float& sample : samples) sample = static_cast<float>(sample * gain);
}

}  // namespace durward
