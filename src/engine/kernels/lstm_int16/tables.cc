#include "engine/kernels/lstm_int16/tables.h"

#include <algorithm>
#include <cmath>

#include "engine/kernels/lstm_int16/lstm_int16.h"

namespace durward {

void lstm_int16_tables(int16_t* tables) noexcept {
  for (const bool is_tanh : {false, true}) {
    for (int64_t k = 0; k < kGateTableEntries; ++k) {
      const double gate = std::ldexp(static_cast<double>((k << kGateStepBits) - 32768), -kGateBits);
      const double value = is_tanh ? std::tanh(gate) : 1 / (1 + std::exp(-gate));
      *tables++ = static_cast<int16_t>(std::min(std::nearbyint(value * 32768), 32767.0));
    }
  }
}

}  // namespace durward
