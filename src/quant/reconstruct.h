// Rounding that keeps a layer's outputs where they were, rather than each weight: the error that
// one weight's rounding makes is taken back by the others that meet correlated inputs. Without
// labels, gradients or chance.
//
// With u the weights of an output channel in steps of their scale and H the second moments of their
// inputs, integers q are sought for which (q - u)' H (q - u) is small: the squared error of the
// channel's outputs on calibration inputs. Column by column with the error so far taken into
// account, which is the nearest-plane rule of Babai (Combinatorica 1986) and what Frantar et al.
// call GPTQ (ICLR 2023), then weight by weight as long as that lowers the error (Behdin et al.,
// QuantEase, 2023).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "quant/layer_inputs.h"

namespace durward {

enum class Rounding : uint8_t {
  kNearest,      // each weight by itself
  kReconstruct,  // by RoundingMetric
};

[[nodiscard]] std::string_view to_string(Rounding rounding);  // "nearest", "reconstruct"

class RoundingMetric {
 public:
  // Of one group of the layer's inputs. `centred`: an error of a channel's mean does not count,
  // since the bias takes it back.
  RoundingMetric(const PatchMoments& moments, int64_t group, bool centred);

  // Integers in -127..127 for weights in steps of their scale, one for each value of a patch; no
  // worse by error() than the nearest integers.
  [[nodiscard]] std::vector<double> round(std::span<const double> steps) const;

  // (q - u)' H (q - u).
  [[nodiscard]] double error(std::span<const double> integers, std::span<const double> steps) const;

 private:
  void factor();
  [[nodiscard]] double at(size_t i, size_t j) const { return moments_[i * depth_ + j]; }
  [[nodiscard]] std::vector<double> nearest_plane(std::span<const double> steps) const;
  void descend(std::span<const double> steps, std::vector<double>& integers) const;

  size_t depth_;
  std::vector<double> moments_;  // H, [depth, depth]
  std::vector<double> factor_;   // its lower Cholesky factor; empty where the inputs are all zero
};

}  // namespace durward
