// Two factors that are each to count on their own: floors for their log-likelihood ratios, and what
// passes when somebody has neither, or has stolen one of them.
//
// A sum of LLRs alone is not two-factor: a right face makes up for most wrong voices. With floors a
// claim is accepted when a + b > threshold and a > floor_a and b > floor_b.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "biometrics/evaluation.h"
#include "biometrics/fixed_threshold.h"

namespace durward {

// Calibrated natural LLRs of one factor, of people by numbers of its own.
struct FactorLlrs {
  struct Genuine {
    double llr = 0;
    int32_t person = 0;
  };
  // Where two people were compared in one direction alone, that stands for both: most scores, such
  // as cosines, have none.
  struct Impostor {
    double llr = 0;
    int32_t claimed = 0, actual = 0;  // whose template, and whose sample
  };
  std::vector<Genuine> genuine;
  std::vector<Impostor> impostors;
};

// Who somebody is in each factor's data: one person where the data is of both factors, two where it
// is chimeric, one set's faces with another set's voices, which takes the factors for independent.
struct PairedPerson {
  int32_t person = 0;    // who is drawn in the bootstrap, and belongs to one half of a split
  int32_t a = 0, b = 0;  // the numbers in the two factors' LLRs
};
// Everybody once. Chimeric data may have several, in which the same people of one factor meet other
// people of the other.
using Pairing = std::vector<PairedPerson>;

// LLRs that were calibrated on some people, with whom floors are chosen, to be judged on others.
struct TwoFactorFold {
  FactorLlrs a, b;
  std::vector<int32_t> calibration, test;  // people of the pairings
};

struct TwoFactorRule {
  double threshold = 0, floor_a = 0, floor_b = 0;

  // Accepted when it is above 0.
  [[nodiscard]] double margin(double a, double b) const;
};

struct TwoFactorOptions {
  double threshold = 0;              // of the sum, by the policy
  double stolen_factor_rate = 0.05;  // of attempts with one stolen factor that may pass, in (0, 1)
  uint64_t seed = 1;                 // of the pairs of scores that are drawn
  // Of the pairs of one person's or two people's scores that a claim can be made of; more of them
  // say hardly anything more of the same people.
  int64_t pairs_of_people = 64;
  // A rule that was written down before, to be judged beside the one that is found.
  std::optional<TwoFactorRule> given = std::nullopt;
  EvaluationOptions evaluation = {};
};

// FAR and its bounds are those of each kind of impostor; TAR is the same in all.
struct StolenFactorRates {
  FixedThresholdRates none, a_stolen, b_stolen;
};

struct TwoFactorEvaluation {
  // Of each fold: its floors were chosen on the fold's calibration people.
  std::vector<TwoFactorRule> rules;
  int64_t test_people = 0;
  // All of the test people, of all folds together.
  Evaluation a, b, fused;
  double cllr_a = 0, cllr_b = 0, cllr_fused = 0;
  StolenFactorRates rates;                 // each fold by its rule
  StolenFactorRates sum_alone;             // of the same threshold without floors
  std::optional<StolenFactorRates> given;  // of options.given
};

// In each fold the floors are chosen on its calibration people, each the lowest, from 0, with which
// at most stolen_factor_rate of the claims with the other factor stolen pass; on its test people
// everything is counted. With two folds whose people change places everybody is judged once, by
// what was learnt of the others. Errors: InvalidArgument where there is no fold, somebody is in
// both parts of one or is tested in two, a part has fewer than two people with all kinds of scores,
// a value is not finite, or an option is out of range; evaluate()'s.
[[nodiscard]] absl::StatusOr<TwoFactorEvaluation> evaluate_two_factor(
    std::span<const TwoFactorFold> folds, std::span<const Pairing> pairings,
    const TwoFactorOptions& options);

}  // namespace durward
