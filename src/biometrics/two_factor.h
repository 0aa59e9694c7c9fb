// Two factors that are each to count on their own: floors for their log-likelihood ratios, and what
// passes when somebody has neither, or has stolen one of them.
//
// A sum of LLRs alone is not two-factor: a right face makes up for most wrong voices. With floors a
// claim is accepted when a + b > threshold and a > floor_a and b > floor_b.
#pragma once

#include <cstdint>
#include <vector>

#include "biometrics/evaluation.h"
#include "biometrics/fixed_threshold.h"

namespace durward {

// Calibrated natural LLRs of one factor. Person i is the same in both factors: the data may be
// chimeric, one set's faces with another set's voices, which takes the factors for independent.
struct FactorLlrs {
  struct Genuine {
    double llr = 0;
    int32_t person = 0;
  };
  struct Impostor {
    double llr = 0;
    int32_t claimed = 0, actual = 0;  // whose template, and whose sample
  };
  std::vector<Genuine> genuine;
  std::vector<Impostor> impostors;
};

struct TwoFactorRule {
  double threshold = 0, floor_a = 0, floor_b = 0;

  // Accepted when it is above 0.
  [[nodiscard]] double margin(double a, double b) const;
};

struct TwoFactorOptions {
  double threshold = 0;              // of the sum, by the policy
  double stolen_factor_rate = 0.05;  // of attempts with one stolen factor that may pass, in (0, 1)
  uint64_t seed = 1;                 // of the split of the people, and of the pairs that are drawn
  // Of the pairs of one person's or two people's scores that a claim can be made of; more of them
  // say hardly anything more of the same people.
  int64_t pairs_of_people = 64;
  EvaluationOptions evaluation = {};
};

// FAR and its bounds are those of each kind of impostor; TAR is the same in all.
struct StolenFactorRates {
  FixedThresholdRates none, a_stolen, b_stolen;
};

struct TwoFactorEvaluation {
  TwoFactorRule rule;  // its floors were chosen on the calibration people
  int64_t calibration_people = 0, test_people = 0;
  // All of the test people.
  Evaluation a, b, fused;
  double cllr_a = 0, cllr_b = 0, cllr_fused = 0;
  StolenFactorRates rates;      // of the rule
  StolenFactorRates sum_alone;  // of the same threshold without floors
};

// The people are split in two halves. On one the floors are chosen, each the lowest, from 0, with
// which at most stolen_factor_rate of the claims with the other factor stolen pass; on the other
// everything is counted. Errors: InvalidArgument where a half has fewer than two people with all
// kinds of scores, a value is not finite, or an option is out of range; evaluate()'s.
[[nodiscard]] absl::StatusOr<TwoFactorEvaluation> evaluate_two_factor(
    const FactorLlrs& a, const FactorLlrs& b, const TwoFactorOptions& options);

}  // namespace durward
