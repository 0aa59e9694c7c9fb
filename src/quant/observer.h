// From what calibration saw of a tensor to its scale and zero point.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "graph/types.h"
#include "quant/calibration.h"

namespace durward {

enum class Observer : uint8_t {
  kMinMax,      // everything that was seen
  kPercentile,  // all but a given share at either end
  kMse,         // the range with the least mean squared error of rounding and clipping together
};

[[nodiscard]] std::string_view to_string(Observer observer);  // "min-max", "percentile", "mse"

struct ObserverOptions {
  Observer kind = Observer::kMse;
  // Of the values lie below the upper end, and as many above the lower end; for kPercentile.
  double percentile = 99.99;
};

// Per-tensor parameters of int8 for one or more tensors that have to share them (the inputs of a
// Concat, say). The range always holds zero, which is represented exactly. Not empty.
[[nodiscard]] QuantParams observe(std::span<const TensorStatistics* const> tensors,
                                  const ObserverOptions& options);

// The parameters of int8 for a range; zero is put in if it is not inside.
[[nodiscard]] QuantParams params_for_range(double lowest, double highest);

}  // namespace durward
