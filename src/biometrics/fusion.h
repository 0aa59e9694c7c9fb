// Scores of two factors made into one decision, and what that is worth: people are paired and split
// in two halves; on one the scores become log-likelihood ratios and floors are chosen, on the other
// everything is counted.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "biometrics/llr_calibration.h"
#include "biometrics/two_factor.h"

namespace durward {

// Scores of one factor, whatever it is; higher ones speak for one person.
struct FactorScores {
  struct Comparison {
    int32_t claimed = 0, actual = 0;  // whose template, whose sample: 0..people-1
    double score = 0;
  };
  int32_t people = 0;
  std::vector<Comparison> comparisons;
};

struct FusionOptions {
  std::array<std::string, 2> names = {"a", "b"};  // of the factors, for errors
  // Its seed is also that of the pairing and of the split; of its pairs_of_people fewer are drawn
  // where there are many people, so that about 260,000 claims of impostors are counted.
  TwoFactorOptions two_factor = {.evaluation = {.fars = {1e-1, 1e-2, 1e-3}}};
  // Who is one person, by his numbers in the two lists. Empty: the data is chimeric.
  std::vector<std::pair<int32_t, int32_t>> same_person = {};
  // Of chimeric data at most so many pairings, in each of which the people of the smaller set meet
  // others of the larger one.
  int64_t pairings = 20;
  // Judges each half by what was learnt of the other, instead of the second by the first.
  bool crosswise = false;
};

// What fusion adds to the better of the two factors, by its TAR at that FAR, on the same claims.
struct FusionGain {
  double far = 0;
  bool best_is_a = true;
  double gain = 0;                                   // of TAR
  std::optional<Interval> interval = std::nullopt;   // 95 %
  std::optional<double> lower_bound = std::nullopt;  // one-sided, 95 %
};

struct Fusion {
  int64_t people = 0;  // who were paired: the smaller set's
  int64_t pairings = 0;
  struct Fold {
    int64_t calibration_people = 0, test_people = 0;
    LlrCalibration a = {}, b = {};  // of the score alone, fitted on the calibration people
  };
  std::vector<Fold> folds = {};  // two if crosswise
  TwoFactorEvaluation figures = {};
  std::vector<FusionGain> gains = {};  // FAR descending
};

// People are those with a genuine score. Chimeric ones are shuffled by the seed; person i of the
// smaller set (the first list's where they are equal) has in pairing r person r * n + i of the
// larger one, where n is the smaller number; the first half of the n people is the first half of
// the split, so that nobody of either list is in both halves. A calibration sees comparisons among
// its half's people only. Errors: InvalidArgument where a number or a score is out of range or not
// finite, or the halves have fewer than two people; FailedPrecondition where a half has fewer than
// kLeastCalibrationScores comparisons of a kind, or where its scores do not tell people apart;
// fit_llr's and evaluate_two_factor's.
[[nodiscard]] absl::StatusOr<Fusion> fuse(const FactorScores& a, const FactorScores& b,
                                          const FusionOptions& options);

}  // namespace durward
