#include "biometrics/fusion.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/random.h"
#include "biometrics/score_calibration.h"

namespace durward {
namespace {

constexpr int64_t kMostImpostorClaims = int64_t{1} << 18;

absl::Status check_factor_scores(const FactorScores& scores, const std::string& name) {
  for (const FactorScores::Comparison& one : scores.comparisons) {
    if (one.claimed < 0 || one.claimed >= scores.people || one.actual < 0 ||
        one.actual >= scores.people) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": a comparison is of persons ",
                                                     one.claimed, " and ", one.actual, " of ",
                                                     scores.people));
    }
    if (!std::isfinite(one.score)) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": a score is not finite"));
    }
  }
  return absl::OkStatus();
}

// People with a genuine score, ascending.
std::vector<int32_t> people_with_genuine_scores(const FactorScores& scores) {
  std::vector<bool> seen(static_cast<size_t>(scores.people));
  for (const FactorScores::Comparison& one : scores.comparisons) {
    if (one.claimed == one.actual) seen[static_cast<size_t>(one.claimed)] = true;
  }
  std::vector<int32_t> people;
  for (int32_t person = 0; person < scores.people; ++person) {
    if (seen[static_cast<size_t>(person)]) people.push_back(person);
  }
  return people;
}

// `stream` tells apart what one seed shuffles.
template <typename Element>
void shuffle_people(uint64_t seed, uint64_t stream, std::vector<Element>& people) {
  Random random(Random(seed ^ Random(stream).next()).next());
  for (size_t i = people.size(); i > 1; --i) std::swap(people[i - 1], people[random.below(i)]);
}

absl::StatusOr<std::vector<Pairing>> pair_same_people(const FactorScores& a, const FactorScores& b,
                                                      const FusionOptions& options) {
  const std::vector<int32_t> in_a = people_with_genuine_scores(a);
  const std::vector<int32_t> in_b = people_with_genuine_scores(b);
  std::vector<std::pair<int32_t, int32_t>> both;
  std::set<int32_t> seen_a, seen_b;
  for (const auto& [one, other] : options.same_person) {
    if (!seen_a.insert(one).second || !seen_b.insert(other).second) {
      return absl::InvalidArgumentError("a person of one list is two people of the other");
    }
    if (std::binary_search(in_a.begin(), in_a.end(), one) &&
        std::binary_search(in_b.begin(), in_b.end(), other)) {
      both.emplace_back(one, other);
    }
  }
  shuffle_people(options.two_factor.seed, 0, both);
  Pairing pairing;
  for (const auto& [one, other] : both) {
    pairing.push_back({static_cast<int32_t>(pairing.size()), one, other});
  }
  return std::vector<Pairing>{std::move(pairing)};
}

std::vector<Pairing> pair_chimeric_people(const FactorScores& a, const FactorScores& b,
                                          const FusionOptions& options) {
  std::vector<int32_t> in_a = people_with_genuine_scores(a);
  std::vector<int32_t> in_b = people_with_genuine_scores(b);
  shuffle_people(options.two_factor.seed, 1, in_a);
  shuffle_people(options.two_factor.seed, 2, in_b);
  const bool a_is_larger = in_a.size() > in_b.size();
  const size_t n = std::min(in_a.size(), in_b.size());
  const size_t larger = std::max(in_a.size(), in_b.size());
  const size_t count = n == 0 ? 0 : std::min(static_cast<size_t>(options.pairings), larger / n);
  std::vector<Pairing> pairings(count);
  for (size_t r = 0; r < count; ++r) {
    for (size_t i = 0; i < n; ++i) {
      const size_t moved = r * n + i;
      pairings[r].push_back(
          {static_cast<int32_t>(i), in_a[a_is_larger ? moved : i], in_b[a_is_larger ? i : moved]});
    }
  }
  return pairings;
}

// Which of a factor's people these people are, in any pairing.
std::vector<bool> members(const std::vector<Pairing>& pairings, const FactorScores& scores,
                          int32_t PairedPerson::*number, const std::set<int32_t>& people) {
  std::vector<bool> result(static_cast<size_t>(scores.people));
  for (const Pairing& pairing : pairings) {
    for (const PairedPerson& one : pairing) {
      if (people.contains(one.person)) result[static_cast<size_t>(one.*number)] = true;
    }
  }
  return result;
}

absl::StatusOr<LlrCalibration> calibrate_factor(const FactorScores& scores,
                                                const std::vector<bool>& learnt,
                                                const std::string& name) {
  std::vector<double> genuine, impostor;
  for (const FactorScores::Comparison& one : scores.comparisons) {
    if (!learnt[static_cast<size_t>(one.claimed)] || !learnt[static_cast<size_t>(one.actual)]) {
      continue;
    }
    (one.claimed == one.actual ? genuine : impostor).push_back(one.score);
  }
  const int64_t least = std::min(std::ssize(genuine), std::ssize(impostor));
  if (least < kLeastCalibrationScores) {
    return absl::FailedPreconditionError(
        absl::StrCat(name, ": the people whom it is calibrated on have ", genuine.size(),
                     " genuine and ", impostor.size(), " impostor comparisons among themselves; ",
                     kLeastCalibrationScores, " of each are needed"));
  }
  absl::StatusOr<LlrCalibration> calibration = fit_llr(genuine, impostor, 1);
  if (!calibration.ok()) return with_context(calibration.status(), name);
  if (!(calibration->weights[0] > 0)) {
    return absl::FailedPreconditionError(
        absl::StrCat(name, ": higher scores are no sign of one person here"));
  }
  return calibration;
}

FactorLlrs llrs_of_factor(const FactorScores& scores, const LlrCalibration& calibration) {
  FactorLlrs llrs;
  for (const FactorScores::Comparison& one : scores.comparisons) {
    const double llr = calibration.llr(std::span(&one.score, 1));
    if (one.claimed == one.actual) {
      llrs.genuine.push_back({llr, one.claimed});
    } else {
      llrs.impostors.push_back({llr, one.claimed, one.actual});
    }
  }
  return llrs;
}

// One way round: learnt of some, judged on others.
absl::Status add_fold(const FactorScores& a, const FactorScores& b,
                      const std::vector<Pairing>& pairings, const FusionOptions& options,
                      std::vector<int32_t> calibration, std::vector<int32_t> test,
                      std::vector<TwoFactorFold>& folds, Fusion& fusion) {
  const std::set<int32_t> learnt(calibration.begin(), calibration.end());
  Fusion::Fold fold{.calibration_people = std::ssize(calibration), .test_people = std::ssize(test)};
  DURWARD_ASSIGN_OR_RETURN(
      fold.a,
      calibrate_factor(a, members(pairings, a, &PairedPerson::a, learnt), options.names[0]));
  DURWARD_ASSIGN_OR_RETURN(
      fold.b,
      calibrate_factor(b, members(pairings, b, &PairedPerson::b, learnt), options.names[1]));
  folds.push_back({llrs_of_factor(a, fold.a), llrs_of_factor(b, fold.b), std::move(calibration),
                   std::move(test)});
  fusion.folds.push_back(std::move(fold));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<FusionGain>> gains_of(const TwoFactorEvaluation& figures) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<TarLoss> from_a, tar_losses(figures.a, figures.fused));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<TarLoss> from_b, tar_losses(figures.b, figures.fused));
  std::vector<FusionGain> gains;
  for (size_t i = 0; i < from_a.size(); ++i) {
    // The better factor gains less. 0 - x, since a loss of 0 is no gain of -0.
    const bool best_is_a = from_a[i].loss >= from_b[i].loss;
    const TarLoss& loss = best_is_a ? from_a[i] : from_b[i];
    FusionGain gain{.far = loss.far, .best_is_a = best_is_a, .gain = 0 - loss.loss};
    if (loss.interval) gain.interval = Interval{0 - loss.interval->upper, 0 - loss.interval->lower};
    if (loss.upper_bound) gain.lower_bound = 0 - *loss.upper_bound;
    gains.push_back(gain);
  }
  return gains;
}

}  // namespace

absl::StatusOr<Fusion> fuse(const FactorScores& a, const FactorScores& b,
                            const FusionOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_factor_scores(a, options.names[0]));
  DURWARD_RETURN_IF_ERROR(check_factor_scores(b, options.names[1]));
  if (options.pairings < 1) return absl::InvalidArgumentError("there is at least one pairing");
  std::vector<Pairing> pairings;
  if (options.same_person.empty()) {
    pairings = pair_chimeric_people(a, b, options);
  } else {
    DURWARD_ASSIGN_OR_RETURN(pairings, pair_same_people(a, b, options));
  }
  Fusion fusion;
  fusion.pairings = std::ssize(pairings);
  fusion.people = pairings.empty() ? 0 : std::ssize(pairings[0]);
  if (fusion.people < 4) {
    return absl::InvalidArgumentError(absl::StrCat(
        fusion.people, " people could be paired: ", options.names[0], " has ",
        people_with_genuine_scores(a).size(), " and ", options.names[1], " ",
        people_with_genuine_scores(b).size(),
        " people with a genuine score; two to calibrate on and two to judge are needed"));
  }
  std::vector<int32_t> first, second;
  for (int32_t person = 0; person < fusion.people; ++person) {
    (person < fusion.people / 2 ? first : second).push_back(person);
  }
  std::vector<TwoFactorFold> folds;
  DURWARD_RETURN_IF_ERROR(add_fold(a, b, pairings, options, first, second, folds, fusion));
  if (options.crosswise) {
    DURWARD_RETURN_IF_ERROR(add_fold(a, b, pairings, options, second, first, folds, fusion));
  }
  TwoFactorOptions settings = options.two_factor;
  const int64_t pairs_of_people =
      std::ssize(folds) * fusion.pairings * std::ssize(second) * (std::ssize(second) - 1);
  settings.pairs_of_people = std::clamp(kMostImpostorClaims / pairs_of_people, int64_t{1},
                                        std::max(settings.pairs_of_people, int64_t{1}));
  DURWARD_ASSIGN_OR_RETURN(fusion.figures, evaluate_two_factor(folds, pairings, settings));
  DURWARD_ASSIGN_OR_RETURN(fusion.gains, gains_of(fusion.figures));
  return fusion;
}

}  // namespace durward
