// Errors of two detectors on the same presentations: what a change of model did to each kind.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/status.h"
#include "biometrics/bootstrap.h"
#include "biometrics/presentation_attacks.h"

namespace durward {

struct PairedErrors {
  int64_t presentations = 0;
  int64_t new_errors = 0, mended_errors = 0;  // errors of the second alone, of the first alone
  double increase = 0;                        // of the error rate: (new - mended) / presentations
  // 95 %, of the increase, and exact in that it covers at least as often: the exact bounds of
  // Clopper and Pearson on both shares, each at 98.75 % (Bonferroni). Not empty where nothing
  // changed.
  Interval interval;
  // Two-sided exact test of McNemar (Psychometrika 1947): how likely counts at least as uneven are
  // where neither detector is the better one.
  double p_value = 1;
};

[[nodiscard]] PairedErrors paired_errors(int64_t presentations, int64_t new_errors,
                                         int64_t mended_errors);

struct PairedPresentationErrors {
  std::optional<PairedErrors> live;
  struct Species {
    int32_t species = 0;
    PairedErrors errors;
  };
  std::vector<Species> species;  // by index, those that were presented
};

// Each detector at its own threshold. InvalidArgument where the lists are not of the same
// presentations in the same order.
[[nodiscard]] absl::StatusOr<PairedPresentationErrors> paired_presentation_errors(
    std::span<const Presentation> before, float threshold_before,
    std::span<const Presentation> after, float threshold_after);

}  // namespace durward
