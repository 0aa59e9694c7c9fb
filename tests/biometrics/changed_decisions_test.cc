#include "biometrics/changed_decisions.h"

#include <gmock/gmock.h>

#include "biometrics/synthetic.h"

namespace durward {
namespace {

constexpr int kDims = 8;

TEST(ChangedDecisions, AreThoseWhereTheTwoSystemsDisagree) {
  const SyntheticPeople set = synthetic_people(20, 7, kDims, 1.0, 3);
  const Embeddings a = embed(set, kDims), b = embed(disturbed(set, 0.4, 8), kDims);
  const float before = 0.55F, after = 0.5F;
  int64_t expected[2][2] = {};  // [genuine][accepted before]
  float largest_new_reject = 0;
  for (const Trial& trial : list_all_pairs(set.person)) {
    const float score_a = cosine(a.row(trial.enrol), a.row(trial.probe));
    const float score_b = cosine(b.row(trial.enrol), b.row(trial.probe));
    if ((score_a > before) == (score_b > after)) continue;
    ++expected[trial.genuine ? 1 : 0][score_a > before ? 1 : 0];
    if (trial.genuine && score_a > before) {
      largest_new_reject = std::max(largest_new_reject, (score_a - before) - (score_b - after));
    }
  }
  const ChangedDecisions found = changed_decisions(set.person, {a, before}, {b, after}, 3).value();
  EXPECT_EQ(found.new_false_rejects, expected[1][1]);
  EXPECT_EQ(found.mended_false_rejects, expected[1][0]);
  EXPECT_EQ(found.new_false_accepts, expected[0][0]);
  EXPECT_EQ(found.mended_false_accepts, expected[0][1]);
  ASSERT_GT(expected[1][1], 3);
  ASSERT_EQ(found.samples.size(), 12u);
  const ChangedDecision& first = found.samples.front();
  EXPECT_TRUE(first.genuine && first.accepted_before);
  EXPECT_FLOAT_EQ((first.score_before - before) - (first.score_after - after), largest_new_reject);
}

TEST(ChangedDecisions, AreTheSameFromAListAndOnAnyNumberOfThreads) {
  const SyntheticPeople set = synthetic_people(20, 7, kDims, 1.0, 3);
  const Embeddings a = embed(set, kDims), b = embed(disturbed(set, 0.4, 8), kDims);
  const Decider before{a, 0.5F}, after{b, 0.5F};
  const auto rows = [](const ChangedDecisions& changed) {
    std::vector<std::pair<int32_t, int32_t>> result;
    for (const ChangedDecision& d : changed.samples) result.emplace_back(d.enrol, d.probe);
    return result;
  };
  const auto one = changed_decisions(set.person, before, after, 5, {.threads = 1}).value();
  const auto four = changed_decisions(set.person, before, after, 5, {.threads = 4}).value();
  const auto list = changed_decisions(list_all_pairs(set.person), before, after, 5).value();
  EXPECT_EQ(rows(one), rows(four));
  EXPECT_EQ(rows(one), rows(list));
  EXPECT_EQ(one.new_false_accepts, list.new_false_accepts);
}

}  // namespace
}  // namespace durward
