#include "biometrics/group_rates.h"

#include <gmock/gmock.h>

#include <cmath>

#include "biometrics/all_pairs.h"
#include "biometrics/synthetic.h"

namespace durward {
namespace {

Trial trial(bool genuine, int32_t group) {
  return {.genuine = genuine, .enrol_person = 0, .probe_person = genuine ? 0 : 1, .group = group};
}

TEST(GroupRates, CountPerGroup) {
  const std::vector<Trial> trials = {trial(true, 0),  trial(true, 0),  trial(false, 0),
                                     trial(false, 0), trial(true, 1),  trial(true, 1),
                                     trial(false, 1), trial(false, 1), trial(true, kNoGroup)};
  // Group 0: one of 2 rejected, one of 2 accepted; group 1: both rejected, one accepted.
  const std::vector<float> scores = {.9F, .1F, .6F, .2F, .3F, .4F, .5F, .7F, .1F};
  const GroupDifferential found = group_rates(trials, scores, 0.5F).value();
  ASSERT_EQ(found.groups.size(), 2u);
  EXPECT_EQ(found.groups[0].fnmr(), 0.5);
  EXPECT_EQ(found.groups[0].fmr(), 0.5);
  EXPECT_EQ(found.groups[1].fnmr(), 1.0);
  EXPECT_EQ(found.groups[1].fmr(), 0.5);  // a score at the threshold is rejected
  EXPECT_DOUBLE_EQ(*found.fmr_worst_to_mean, 1);
  EXPECT_DOUBLE_EQ(*found.fnmr_worst_to_mean, 1 / std::sqrt(0.5));
}

TEST(GroupRates, GiveNoRatioWithoutErrors) {
  const std::vector<Trial> trials = {trial(false, 0), trial(false, 1)};
  const GroupDifferential found = group_rates(trials, std::vector<float>{.1F, .9F}, 0.5F).value();
  EXPECT_FALSE(found.fmr_worst_to_mean.has_value());
  EXPECT_FALSE(found.groups[0].fnmr().has_value());
}

TEST(GroupRates, OfAllPairsAreThoseOfTheList) {
  const SyntheticPeople set = synthetic_people(12, 5, 8, 1.0, 3);
  const Embeddings a = embed(set, 8);
  std::vector<int32_t> group_of_person;
  for (int32_t p = 0; p < 12; ++p) group_of_person.push_back(p == 11 ? kNoGroup : p % 3);
  std::vector<Trial> trials = list_all_pairs(set.person);
  for (Trial& t : trials) {
    const int32_t enrol = group_of_person[static_cast<size_t>(t.enrol_person)];
    const int32_t probe = group_of_person[static_cast<size_t>(t.probe_person)];
    t.group = enrol == probe ? enrol : kNoGroup;
  }
  const GroupDifferential list =
      group_rates(trials, score_trials(trials, a, a).value(), 0.4F).value();
  for (const int64_t keep : {int64_t{100'000}, int64_t{800}}) {
    const ScoredTrials scored =
        score_all_pairs(a, a, set.person, {.threads = 2, .keep_impostors = keep}).value();
    const GroupDifferential pairs = group_rates(scored, group_of_person, 0.4F).value();
    ASSERT_EQ(pairs.groups.size(), list.groups.size());
    for (size_t g = 0; g < list.groups.size(); ++g) {
      EXPECT_EQ(pairs.groups[g].genuine_trials, list.groups[g].genuine_trials);
      EXPECT_EQ(pairs.groups[g].false_non_matches, list.groups[g].false_non_matches);
      EXPECT_EQ(pairs.groups[g].impostor_trials, list.groups[g].impostor_trials);
      EXPECT_EQ(pairs.groups[g].false_matches, list.groups[g].false_matches);
    }
    EXPECT_EQ(pairs.fmr_worst_to_mean, list.fmr_worst_to_mean);
  }
  const ScoredTrials few =
      score_all_pairs(a, a, set.person, {.threads = 2, .keep_impostors = 10}).value();
  EXPECT_TRUE(absl::IsFailedPrecondition(group_rates(few, group_of_person, 0.4F).status()));
}

}  // namespace
}  // namespace durward
