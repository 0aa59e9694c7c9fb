// Error rates of presentation-attack detection (ISO/IEC 30107-3): how often each species of attack
// passes for a live face, and how often a live face is taken for an attack.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "biometrics/bootstrap.h"

namespace durward {

// A presentation is taken for live when its score is greater than the threshold.
struct Presentation {
  std::optional<int32_t> species;  // index into a list of names; nothing: bona fide
  float score = 0;
};

struct ErrorRate {
  int64_t errors = 0, presentations = 0;
  double rate = 0;
  Interval interval;  // 95 %, Clopper and Pearson: presentations are taken for independent
};

struct SpeciesRate {
  int32_t species = 0;
  ErrorRate apcer;  // attack presentation classification error rate
};

struct PresentationAttackRates {
  std::optional<ErrorRate> bpcer;    // bona fide presentation classification error rate
  std::vector<SpeciesRate> species;  // by index, those that were presented
  // The species that passes most often, which is what the standard judges a detector by; nothing
  // without attacks.
  [[nodiscard]] const SpeciesRate* worst() const;
};

// InvalidArgument without a presentation, or where a score is not finite.
[[nodiscard]] absl::StatusOr<PresentationAttackRates> presentation_attack_rates(
    std::span<const Presentation> presentations, float threshold);

// The highest threshold whose BPCER is at most `target`. Nothing with fewer
// live faces than 3 / target (rule of 3). `target` in (0, 1), scores finite.
[[nodiscard]] std::optional<float> threshold_for_bpcer(std::span<const Presentation> presentations,
                                                       double target);

}  // namespace durward
