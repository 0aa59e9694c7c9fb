#include "biometrics/all_pairs.h"

#include <gmock/gmock.h>

#include "biometrics/evaluation.h"
#include "biometrics/synthetic.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr int kDims = 19;

// 10 x 15 images: more than two blocks of rows, the last one not full.
SyntheticPeople people() { return synthetic_people(15, 10, kDims, 0.9, 7); }

void expect_equal(const ScoredTrials& a, const ScoredTrials& b) {
  EXPECT_EQ(a.people, b.people);
  EXPECT_EQ(a.impostor_count, b.impostor_count);
  ASSERT_EQ(a.genuine.size(), b.genuine.size());
  for (size_t i = 0; i < a.genuine.size(); ++i) {
    EXPECT_EQ(a.genuine[i].score, b.genuine[i].score);
    EXPECT_EQ(a.genuine[i].person, b.genuine[i].person);
  }
  ASSERT_EQ(a.impostors.size(), b.impostors.size());
  for (size_t i = 0; i < a.impostors.size(); ++i) {
    EXPECT_EQ(a.impostors[i].score, b.impostors[i].score);
    EXPECT_EQ(a.impostors[i].person_a, b.impostors[i].person_a);
    EXPECT_EQ(a.impostors[i].person_b, b.impostors[i].person_b);
  }
}

TEST(AllPairs, AreTheSameAsTheListOfThem) {
  const SyntheticPeople set = people();
  const Embeddings a = embed(set, kDims), b = embed(disturbed(set, 0.3, 3), kDims);
  const std::vector<Trial> trials = list_all_pairs(set.person);
  for (const Embeddings* probes : {&a, &b}) {
    const ScoredTrials streamed = score_all_pairs(a, *probes, set.person).value();
    EXPECT_EQ(streamed.genuine.size(), 15u * 45);
    EXPECT_EQ(streamed.impostor_count, 105 * 100);
    expect_equal(streamed,
                 collect_scores(trials, score_trials(trials, a, *probes).value()).value());
  }
}

TEST(AllPairs, GiveTheTwoDirectionsOfCrossPrecision) {
  const SyntheticPeople set = people();
  const Embeddings a = embed(set, kDims), b = embed(disturbed(set, 0.3, 3), kDims);
  const ScoredTrials forward = score_all_pairs(a, b, set.person).value();
  const ScoredTrials back = score_all_pairs(b, a, set.person).value();
  EXPECT_NE(forward.genuine.front().score, back.genuine.front().score);
}

TEST(AllPairs, DoNotDependOnTheNumberOfThreads) {
  const SyntheticPeople set = people();
  const Embeddings a = embed(set, kDims);
  for (const int64_t keep : {int64_t{1'000'000}, int64_t{500}}) {
    const ScoredTrials one =
        score_all_pairs(a, a, set.person, {.threads = 1, .keep_impostors = keep}).value();
    const ScoredTrials five =
        score_all_pairs(a, a, set.person, {.threads = 5, .keep_impostors = keep}).value();
    expect_equal(one, five);
  }
}

TEST(AllPairs, KeepTheHighestImpostorsExactlyAndCountTheOthers) {
  const SyntheticPeople set = people();
  const Embeddings a = embed(set, kDims);
  const ScoredTrials all = score_all_pairs(a, a, set.person).value();
  const ScoredTrials some =
      score_all_pairs(a, a, set.person, {.threads = 2, .keep_impostors = 2000}).value();
  ASSERT_LE(some.impostors.size(), 2000u);
  ASSERT_GE(some.impostors.size(), 1900u);
  for (size_t i = 0; i < some.impostors.size(); ++i) {
    ASSERT_EQ(some.impostors[i].score, all.impostors[i].score);
  }
  EXPECT_EQ(some.impostor_count, all.impostor_count);
  size_t next = some.impostors.size();
  for (const ScoreCount& lower : some.lower_impostors) {
    for (int64_t i = 0; i < lower.count; ++i, ++next) {
      ASSERT_LE(all.impostors[next].score, lower.score);
      ASSERT_GT(all.impostors[next].score, lower.score - 0x1p-17F - 1e-7F);
    }
  }
  EXPECT_EQ(next, all.impostors.size());
}

TEST(AllPairs, GiveTheSameFiguresWithABoundedMemory) {
  const SyntheticPeople set = people();
  const Embeddings a = embed(set, kDims);
  const EvaluationOptions options{.fars = {1e-3, 0.1, 0.4}};
  const Evaluation all = evaluate(score_all_pairs(a, a, set.person).value(), options).value();
  const Evaluation bounded =
      evaluate(score_all_pairs(a, a, set.person, {.threads = 2, .keep_impostors = 2000}).value(),
               options)
          .value();
  ASSERT_EQ(bounded.operating_points.size(), 3u);
  for (const size_t exact : {size_t{1}, size_t{2}}) {
    EXPECT_EQ(all.operating_points[exact].threshold, bounded.operating_points[exact].threshold);
    EXPECT_EQ(all.operating_points[exact].tar, bounded.operating_points[exact].tar);
  }
  // FAR 1e-3 has its interval from the scores kept; 0.4 lies below them and has none.
  const auto& at_1e3 = bounded.operating_points[2].tar_interval;
  ASSERT_TRUE(at_1e3.has_value());
  EXPECT_EQ(at_1e3->lower, all.operating_points[2].tar_interval->lower);
  EXPECT_EQ(at_1e3->upper, all.operating_points[2].tar_interval->upper);
  EXPECT_NEAR(all.operating_points[0].threshold, bounded.operating_points[0].threshold, 0x1p-16);
  EXPECT_TRUE(all.operating_points[0].tar_interval.has_value());
  EXPECT_FALSE(bounded.operating_points[0].tar_interval.has_value());
  EXPECT_EQ(all.equal_error_rate, bounded.equal_error_rate);
  EXPECT_NEAR(all.min_cllr, bounded.min_cllr, 1e-4);
}

TEST(AllPairs, NumberPeopleFreely) {
  const Embeddings a = Embeddings::normalise({1, 0, 1, 1, 0, 1}, 2).value();
  const std::vector<int32_t> person = {900, 7, 900};
  const ScoredTrials scored = score_all_pairs(a, a, person).value();
  EXPECT_EQ(scored.people, (std::vector<int32_t>{7, 900}));
  ASSERT_EQ(scored.genuine.size(), 1u);
  EXPECT_EQ(scored.genuine[0].person, 1);
  EXPECT_EQ(scored.images_of_person, (std::vector<int32_t>{1, 2}));
}

TEST(AllPairs, RefuseWhatDoesNotFit) {
  const Embeddings a = Embeddings::normalise({1, 0, 1, 1, 0, 1}, 2).value();
  const Embeddings b = Embeddings::normalise({1, 0, 1, 1}, 2).value();
  EXPECT_THAT(score_all_pairs(a, b, std::vector<int32_t>{0, 1, 1}).status().message(),
              HasSubstr("3 and 2"));
  EXPECT_THAT(score_all_pairs(b, b, std::vector<int32_t>{0, -1}).status().message(),
              HasSubstr("image 1"));
}

TEST(AllPairs, StopWhenAsked) {
  const SyntheticPeople set = people();
  const Embeddings a = embed(set, kDims);
  const auto stop = [](std::string_view, int64_t, int64_t) { return false; };
  EXPECT_TRUE(absl::IsCancelled(
      score_all_pairs(a, a, set.person, {.threads = 2, .progress = stop}).status()));
}

}  // namespace
}  // namespace durward
