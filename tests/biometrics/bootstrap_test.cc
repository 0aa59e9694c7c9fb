#include "biometrics/bootstrap.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "biometrics/all_pairs.h"
#include "biometrics/evaluation.h"
#include "biometrics/rates.h"
#include "biometrics/synthetic.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

const std::vector<double> kFars = {0.1, 0.01};

// A weight of n is the same as n copies of the trial.
TEST(WeightedRates, AreThoseOfRepeatedTrials) {
  const SyntheticPeople set = synthetic_people(12, 3, 8, 1.0, 4);
  const Embeddings a = embed(set, 8);
  const ScoredTrials scored = score_all_pairs(a, a, set.person).value();
  Random random(9);
  for (int round = 0; round < 20; ++round) {
    std::vector<uint32_t> drawn(12);
    for (uint32_t& n : drawn) n = static_cast<uint32_t>(random.below(4));
    ScoredTrials repeated;
    for (const GenuineScore& genuine : scored.genuine) {
      for (uint32_t i = 0; i < drawn[static_cast<size_t>(genuine.person)]; ++i) {
        repeated.genuine.push_back(genuine);
      }
    }
    for (const ImpostorScore& impostor : scored.impostors) {
      const uint32_t copies = drawn[static_cast<size_t>(impostor.person_a)] *
                              drawn[static_cast<size_t>(impostor.person_b)];
      for (uint32_t i = 0; i < copies; ++i) repeated.impostors.push_back(impostor);
    }
    const TrialWeight total{repeated.genuine.size(), repeated.impostors.size()};
    const CountByPerson weight{drawn.data()};
    std::vector<float> weighted(2), counted(2);
    far_thresholds(scored, weight, total.impostors, false, kFars, weighted);
    far_thresholds(repeated, CountOnce{}, total.impostors, false, kFars, counted);
    EXPECT_EQ(weighted, counted);
    std::vector<double> weighted_tars(2), counted_tars(2);
    true_accept_rates(scored, weight, total.genuine, weighted, weighted_tars);
    true_accept_rates(repeated, CountOnce{}, total.genuine, counted, counted_tars);
    EXPECT_EQ(weighted_tars, counted_tars);
    EXPECT_EQ(equal_error_rate(scored, weight, total, false).rate,
              equal_error_rate(repeated, CountOnce{}, total, false).rate);
  }
}

TEST(Bootstrap, GivesTheSameReplicatesOnAnyNumberOfThreadsAndFromEitherSource) {
  const SyntheticPeople set = synthetic_people(20, 4, 8, 1.0, 4);
  const Embeddings a = embed(set, 8);
  const ScoredTrials pairs = score_all_pairs(a, a, set.person).value();
  const std::vector<Trial> trials = list_all_pairs(set.person);
  const ScoredTrials list = collect_scores(trials, score_trials(trials, a, a).value()).value();
  const auto run = [](const ScoredTrials& scored, int threads) {
    return bootstrap(scored, kFars, {.replicates = 200, .seed = 3, .threads = threads}).value();
  };
  const Replicates one = run(pairs, 1);
  for (const Replicates& other : {run(pairs, 4), run(list, 2)}) {
    EXPECT_EQ(one.equal_error_rate, other.equal_error_rate);
    EXPECT_EQ(one.tar, other.tar);
    EXPECT_EQ(one.threshold, other.threshold);
  }
  const Replicates reseeded =
      bootstrap(pairs, kFars, {.replicates = 200, .seed = 4, .threads = 1}).value();
  EXPECT_NE(one.equal_error_rate, reseeded.equal_error_rate);
}

TEST(Bootstrap, RefusesTooFewPeople) {
  const SyntheticPeople set = synthetic_people(9, 4, 8, 1.0, 4);
  const Embeddings a = embed(set, 8);
  const ScoredTrials scored = score_all_pairs(a, a, set.person).value();
  EXPECT_TRUE(absl::IsFailedPrecondition(bootstrap(scored, kFars, {}).status()));
  const Evaluation evaluation = evaluate(scored).value();
  EXPECT_FALSE(evaluation.equal_error_interval.has_value());
  EXPECT_THAT(evaluation.no_intervals_because, HasSubstr("at least 10 people, and there are 9"));
}

TEST(PercentileInterval, IsMadeOfOrderStatistics) {
  std::vector<double> values(999);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>((i * 7) % 999 + 1);
  const Interval interval = percentile_interval(values, 0.95).value();
  EXPECT_NEAR(interval.lower, 25, 1e-9);  // 0.025 (n + 1)
  EXPECT_NEAR(interval.upper, 975, 1e-9);
}

TEST(PercentileInterval, SparesOneMissingReplicateInAHundred) {
  std::vector<double> values(1000, 0.5);
  std::fill_n(values.begin(), 10, std::nan(""));
  EXPECT_TRUE(percentile_interval(values, 0.95).has_value());
  values[10] = std::nan("");
  EXPECT_FALSE(percentile_interval(values, 0.95).has_value());
}

// 200 sets of 40 people; the truth is that of thousands of them. People differ in how much their
// samples scatter, so that trials of a person go together: a bootstrap over trials, by a plain
// formula, must fail here, so that the test could tell.
TEST(Bootstrap, CoversTheTruthWherePeopleCluster) {
  constexpr int kPeople = 40, kImages = 6, kDims = 12, kSets = 200;
  constexpr double kScatter = 0.75;
  const std::vector<double> fars = {0.05};
  const SyntheticPeople everyone = synthetic_people(700, kImages, kDims, kScatter, 1);
  const Embeddings all = embed(everyone, kDims);
  EvaluationOptions options{.fars = fars, .bootstrap = {.replicates = 100}};
  const Evaluation truth =
      evaluate(score_all_pairs(all, all, everyone.person).value(), options).value();
  const double true_tar = truth.operating_points[0].tar;

  int tar_covered = 0, error_covered = 0, covered_by_trials = 0;
  options.bootstrap.replicates = 200;
  for (int set_number = 0; set_number < kSets; ++set_number) {
    const SyntheticPeople set = synthetic_people(kPeople, kImages, kDims, kScatter,
                                                 1000 + static_cast<uint64_t>(set_number));
    const Embeddings a = embed(set, kDims);
    const Evaluation found = evaluate(score_all_pairs(a, a, set.person).value(), options).value();
    const OperatingPoint& point = found.operating_points[0];
    const auto covers = [](const Interval& interval, double value) {
      return interval.lower <= value && value <= interval.upper;
    };
    tar_covered += covers(*point.tar_interval, true_tar) ? 1 : 0;
    error_covered += covers(*found.equal_error_interval, truth.equal_error_rate) ? 1 : 0;
    // The normal interval of a binomial proportion, trials taken for independent.
    const double deviation =
        1.96 * std::sqrt(point.tar * (1 - point.tar) / static_cast<double>(found.genuine_trials));
    covered_by_trials += std::abs(point.tar - true_tar) <= deviation ? 1 : 0;
  }
  EXPECT_GE(tar_covered, kSets * 90 / 100);
  EXPECT_LE(tar_covered, kSets * 99 / 100);
  EXPECT_GE(error_covered, kSets * 90 / 100);
  EXPECT_LT(covered_by_trials, kSets * 80 / 100);
}

}  // namespace
}  // namespace durward
