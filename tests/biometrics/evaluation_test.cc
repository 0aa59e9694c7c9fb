#include "biometrics/evaluation.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "biometrics/all_pairs.h"
#include "biometrics/synthetic.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A list with the given scores, dealt out to a few hundred people.
ScoredTrials scores_of(const std::vector<float>& genuine, const std::vector<float>& impostors) {
  constexpr int32_t kPeople = 300;
  std::vector<Trial> trials;
  std::vector<float> scores;
  for (const float score : genuine) {
    const int32_t person = static_cast<int32_t>(trials.size()) % kPeople;
    trials.push_back({.genuine = true, .enrol_person = person, .probe_person = person});
    scores.push_back(score);
  }
  for (const float score : impostors) {
    const int32_t person = static_cast<int32_t>(trials.size()) % kPeople;
    trials.push_back({.genuine = false, .enrol_person = person, .probe_person = person + 1});
    scores.push_back(score);
  }
  return collect_scores(trials, scores).value();
}

// With ties inside and between the two kinds.
const std::vector<float> kGenuine = {.91F, .84F, .80F, .77F, .71F, .64F, .64F, .58F, .47F, .33F};
const std::vector<float> kImpostors = {.72F, .64F,  .55F,  .51F,  .47F,  .41F, .40F,  .36F,
                                       .31F, .30F,  .28F,  .22F,  .20F,  .17F, .11F,  .08F,
                                       .05F, .02F,  -.03F, -.11F, -.12F, -.2F, -.21F, -.25F,
                                       -.3F, -.31F, -.35F, -.4F,  -.44F, -.5F};

ScoredTrials gaussian_scores(double d_prime, int genuine, int impostors) {
  Gaussian gaussian(11);
  std::vector<float> genuine_scores, impostor_scores;
  for (int i = 0; i < genuine; ++i) {
    genuine_scores.push_back(static_cast<float>(d_prime + gaussian.next()));
  }
  for (int i = 0; i < impostors; ++i) {
    impostor_scores.push_back(static_cast<float>(gaussian.next()));
  }
  return scores_of(genuine_scores, impostor_scores);
}

double phi(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

EvaluationOptions with_fars(std::vector<double> fars) {
  return {.fars = std::move(fars), .bootstrap = {.replicates = 100}};
}

// Two normal distributions of unit variance, d' apart: EER = Phi(-d'/2), and at the threshold
// z = Phi^-1(1 - FAR) the TAR is Phi(d' - z).
TEST(Evaluate, AgreesWithTheClosedFormForNormalScores) {
  const Evaluation evaluation =
      evaluate(gaussian_scores(3, 100'000, 1'000'000), with_fars({1e-1, 1e-2, 1e-3, 1e-4})).value();
  EXPECT_NEAR(evaluation.equal_error_rate, phi(-1.5), 0.0015);
  EXPECT_NEAR(evaluation.equal_error_threshold, 1.5, 0.01);
  const double z[] = {1.2815515655446008, 2.3263478740408408, 3.090232306167813, 3.719016485455709};
  ASSERT_EQ(evaluation.operating_points.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    const OperatingPoint& point = evaluation.operating_points[i];
    EXPECT_NEAR(point.threshold, z[i], i == 3 ? 0.08 : 0.03);
    EXPECT_NEAR(point.tar, phi(3 - z[i]), i == 3 ? 0.03 : 0.01);
  }
}

// The literals are from an independent program: NumPy, all distinct scores as thresholds, rates as
// means of comparisons, the crossing by linear interpolation.
TEST(Evaluate, FindsTheEqualErrorRateThroughTies) {
  const Evaluation evaluation = evaluate(scores_of(kGenuine, kImpostors), with_fars({0.1})).value();
  EXPECT_DOUBLE_EQ(evaluation.equal_error_rate, 0.15);
  EXPECT_FLOAT_EQ(static_cast<float>(evaluation.equal_error_threshold), 0.47F);
}

TEST(Evaluate, ChoosesTheSmallestThresholdThatKeepsTheFar) {
  const ScoredTrials scored = scores_of(kGenuine, kImpostors);
  for (const double far : {0.1, 0.11, 0.2, 0.25, 0.5, 0.9}) {
    const Evaluation evaluation = evaluate(scored, with_fars({far})).value();
    ASSERT_EQ(evaluation.operating_points.size(), 1u) << far;
    const OperatingPoint& point = evaluation.operating_points[0];
    const auto share_above = [](const std::vector<float>& scores, double t) {
      return static_cast<double>(
                 std::count_if(scores.begin(), scores.end(), [t](float s) { return s > t; })) /
             static_cast<double>(scores.size());
    };
    EXPECT_LE(share_above(kImpostors, point.threshold), far);
    const double lower = std::nextafter(static_cast<float>(point.threshold), -1.0F);
    EXPECT_GT(share_above(kImpostors, lower), far);
    EXPECT_DOUBLE_EQ(point.far, share_above(kImpostors, point.threshold));
    EXPECT_DOUBLE_EQ(point.tar, share_above(kGenuine, point.threshold));
  }
}

TEST(Evaluate, RejectsImpostorsThatShareTheThresholdsScore) {
  std::vector<float> impostors(100, 0.1F);
  for (size_t i = 0; i < 5; ++i) impostors[i] = 0.5F;  // 5 of 100 at one score; FAR 0.04 allows 4
  const Evaluation evaluation =
      evaluate(scores_of({0.5F, 0.6F}, impostors), with_fars({0.04, 0.05})).value();
  EXPECT_FLOAT_EQ(static_cast<float>(evaluation.operating_points[1].threshold), 0.5F);
  EXPECT_EQ(evaluation.operating_points[1].false_accepts, 0);
  EXPECT_DOUBLE_EQ(evaluation.operating_points[1].tar, 0.5);
  EXPECT_FLOAT_EQ(static_cast<float>(evaluation.operating_points[0].threshold), 0.1F);
  EXPECT_EQ(evaluation.operating_points[0].false_accepts, 5);
}

TEST(Evaluate, DoesNotChangeUnderAnIncreasingMapOfTheScores) {
  const auto map = [](std::vector<float> scores) {
    for (float& score : scores) score = std::exp(3 * score) - 7;
    return scores;
  };
  const Evaluation plain = evaluate(scores_of(kGenuine, kImpostors), with_fars({0.1, 0.3})).value();
  const Evaluation mapped =
      evaluate(scores_of(map(kGenuine), map(kImpostors)), with_fars({0.1, 0.3})).value();
  EXPECT_EQ(plain.equal_error_rate, mapped.equal_error_rate);
  EXPECT_EQ(plain.min_cllr, mapped.min_cllr);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(plain.operating_points[i].tar, mapped.operating_points[i].tar);
    EXPECT_EQ(plain.operating_points[i].far, mapped.operating_points[i].far);
  }
}

TEST(Evaluate, HandlesPerfectAndUselessScores) {
  const std::vector<float> low(40, 0.1F), high(20, 0.9F);
  EXPECT_EQ(evaluate(scores_of(high, low), with_fars({0.1})).value().equal_error_rate, 0);
  EXPECT_EQ(evaluate(scores_of({0.1F}, low), with_fars({0.1})).value().equal_error_rate, 0.5);
  EXPECT_EQ(evaluate(scores_of({0.0F}, low), with_fars({0.1})).value().equal_error_rate, 1);
}

TEST(Evaluate, RefusesAFarThatTheTrialsCannotSupport) {
  // 3,000 trials: the rule of 3 allows 1e-3, the rule of 30 advises 30,000 for it.
  const Evaluation evaluation = evaluate(gaussian_scores(3, 100, 3000)).value();
  EXPECT_THAT(evaluation.refused_fars, ElementsAre(1e-4, 1e-5));
  ASSERT_EQ(evaluation.operating_points.size(), 3u);
  EXPECT_EQ(evaluation.operating_points[1].support, FarSupport::kSupported);
  EXPECT_EQ(evaluation.operating_points[2].support, FarSupport::kFewErrors);
  EXPECT_EQ(far_support(1e-3, 2999), FarSupport::kRefused);
  EXPECT_EQ(impostor_trials_needed(1e-3), 3000);
  EXPECT_EQ(impostor_trials_needed(1e-5), 300'000);
  EXPECT_EQ(impostor_trials_advised(1e-3), 30'000);
}

TEST(Evaluate, NeedsBothKindsOfTrials) {
  EXPECT_THAT(evaluate(scores_of({0.5F}, {})).status().message(), HasSubstr("0 impostor"));
  EXPECT_THAT(evaluate(scores_of({}, {0.5F})).status().message(), HasSubstr("0 genuine"));
  EXPECT_EQ(evaluate(scores_of(kGenuine, kImpostors), with_fars({1.5})).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(CollectScores, NamesTheTrialThatIsWrong) {
  const std::vector<Trial> trials = {{.genuine = true, .enrol_person = 1, .probe_person = 1},
                                     {.genuine = true, .enrol_person = 1, .probe_person = 2}};
  EXPECT_THAT(collect_scores(trials, std::vector<float>{1, 1}).status().message(),
              HasSubstr("trial 1 is called genuine but compares persons 1 and 2"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(collect_scores(trials, std::vector<float>{nan, 1}).status().message(),
              HasSubstr("score of trial 0"));
  EXPECT_FALSE(collect_scores(trials, std::vector<float>{1}).ok());
}

TEST(TarLosses, AreZeroBetweenASystemAndItself) {
  const SyntheticPeople set = synthetic_people(30, 4, 16, 0.8, 5);
  const Embeddings a = embed(set, 16);
  const Evaluation evaluation =
      evaluate(score_all_pairs(a, a, set.person).value(), with_fars({0.1, 0.01})).value();
  const std::vector<TarLoss> losses = tar_losses(evaluation, evaluation).value();
  ASSERT_EQ(losses.size(), 2u);
  for (const TarLoss& loss : losses) {
    EXPECT_EQ(loss.loss, 0);
    EXPECT_EQ(loss.upper_bound, 0);
    EXPECT_EQ(loss.lower_bound, 0);
  }
}

TEST(TarLosses, AreKnownBetterThanTheRatesThemselves) {
  const SyntheticPeople set = synthetic_people(60, 4, 16, 0.8, 5);
  const auto evaluate_set = [](const SyntheticPeople& people) {
    const Embeddings embeddings = embed(people, 16);
    return evaluate(score_all_pairs(embeddings, embeddings, people.person).value(),
                    {.fars = {0.01}, .bootstrap = {.replicates = 400}})
        .value();
  };
  const Evaluation before = evaluate_set(set), after = evaluate_set(disturbed(set, 0.3, 2));
  const TarLoss loss = tar_losses(before, after).value().at(0);
  EXPECT_GT(loss.loss, 0.01);  // noise costs
  EXPECT_EQ(loss.loss, before.operating_points[0].tar - after.operating_points[0].tar);
  EXPECT_LT(*loss.lower_bound, loss.loss);
  EXPECT_GT(*loss.upper_bound, loss.loss);
  EXPECT_LT(loss.interval->lower, *loss.lower_bound);
  EXPECT_GT(loss.interval->upper, *loss.upper_bound);
  const Interval& tar = *before.operating_points[0].tar_interval;
  EXPECT_LT(loss.interval->upper - loss.interval->lower, tar.upper - tar.lower);
}

TEST(TarLosses, RefuseSystemsJudgedOnOtherTrials) {
  const SyntheticPeople set = synthetic_people(12, 4, 8, 0.8, 5);
  const Embeddings a = embed(set, 8);
  const ScoredTrials scored = score_all_pairs(a, a, set.person).value();
  const Evaluation one = evaluate(scored, with_fars({0.1})).value();
  Evaluation other = one;
  other.genuine_trials -= 1;
  EXPECT_FALSE(tar_losses(one, other).ok());
  EvaluationOptions seeded = with_fars({0.1});
  seeded.bootstrap.seed = 2;
  EXPECT_THAT(tar_losses(one, evaluate(scored, seeded).value()).status().message(),
              HasSubstr("seed"));
}

TEST(ThresholdDrift, AppliesTheOldThresholdToTheNewScores) {
  std::vector<float> raised = kImpostors;
  for (float& score : raised) score += 0.2F;
  const ScoredTrials before = scores_of(kGenuine, kImpostors), after = scores_of(kGenuine, raised);
  const std::vector<ThresholdDrift> drift = threshold_drift(
      evaluate(before, with_fars({0.1})).value(), evaluate(after, with_fars({0.1})).value(), after);
  ASSERT_EQ(drift.size(), 1u);
  EXPECT_FLOAT_EQ(static_cast<float>(drift[0].old_threshold), .51F);
  EXPECT_FLOAT_EQ(static_cast<float>(drift[0].new_threshold), .71F);
  // Above .51 after the shift: the impostors that were above .31.
  EXPECT_DOUBLE_EQ(drift[0].far_at_old, 8.0 / 30);
  EXPECT_DOUBLE_EQ(drift[0].tar_at_old, 8.0 / 10);
}

}  // namespace
}  // namespace durward
