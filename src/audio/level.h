// How loud a recording is.
#pragma once

#include <span>

namespace durward {

// The mean of the squared samples; 0 of none.
[[nodiscard]] double mean_power(std::span<const float> samples);

// Root mean square in dB of full scale (RMS 1 is 0 dBFS); minus infinity of silence.
[[nodiscard]] double level_dbfs(std::span<const float> samples);

// Scales the samples so that their level is `dbfs`, where it is lower; silence stays silence.
void raise_level(std::span<float> samples, double dbfs);

}  // namespace durward
