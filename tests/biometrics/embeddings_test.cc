#include "biometrics/embeddings.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "biometrics/synthetic.h"

namespace durward {
namespace {

using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

TEST(Embeddings, AreScaledToLengthOne) {
  const Embeddings embeddings = Embeddings::normalise({3, 4, 0, -5}, 2).value();
  EXPECT_EQ(embeddings.rows(), 2);
  EXPECT_THAT(embeddings.row(0), Pointwise(FloatNear(1e-7F), {0.6F, 0.8F}));
  EXPECT_THAT(embeddings.row(1), Pointwise(FloatNear(1e-7F), {0.0F, -1.0F}));
}

TEST(Embeddings, KeepTheDirectionOfVeryLongAndVeryShortRows) {
  const Embeddings embeddings = Embeddings::normalise({3e30F, 4e30F, 3e-30F, 4e-30F}, 2).value();
  EXPECT_THAT(embeddings.row(0), Pointwise(FloatNear(1e-6F), {0.6F, 0.8F}));
  EXPECT_THAT(embeddings.row(1), Pointwise(FloatNear(1e-6F), {0.6F, 0.8F}));
}

TEST(Embeddings, RefuseRowsWithoutADirectionByNumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(Embeddings::normalise({1, 1, 0, 0}, 2).status().message(),
              HasSubstr("embedding 1 is all zeros"));
  for (const float bad : {nan, infinity}) {
    EXPECT_THAT(Embeddings::normalise({1, 1, 2, 2, 1, bad}, 2).status().message(),
                HasSubstr("embedding 2 has a value that is not finite"));
  }
  EXPECT_EQ(Embeddings::normalise({1, 1, 1}, 2).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Embeddings::normalise({}, 0).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Embeddings, MeansAreUnitVectorsBetweenTheirRowsAndOfOneRowThatRow) {
  const Embeddings rows = Embeddings::normalise({3, 4, 1, 0, 0, 1}, 2).value();
  const std::vector<std::vector<int64_t>> lists = {{0}, {1, 2}, {2, 2, 2}};
  const auto means = rows.means(lists);
  ASSERT_TRUE(means.ok()) << means.status();
  EXPECT_EQ(means->rows(), 3);
  EXPECT_THAT(means->row(0), ::testing::ElementsAreArray(rows.row(0)));
  EXPECT_THAT(means->row(1), Pointwise(FloatNear(1e-7F), {std::sqrt(0.5F), std::sqrt(0.5F)}));
  EXPECT_THAT(means->row(2), Pointwise(FloatNear(1e-7F), {0.0F, 1.0F}));
}

TEST(Embeddings, AMeanWithoutADirectionIsRefusedByNumber) {
  const Embeddings rows = Embeddings::normalise({1, 0, -1, 0}, 2).value();
  using Lists = std::vector<std::vector<int64_t>>;
  EXPECT_THAT(rows.means(Lists{{0}, {0, 1}}).status().message(), HasSubstr("mean 1"));
  EXPECT_THAT(rows.means(Lists{{}}).status().message(), HasSubstr("mean 0"));
  EXPECT_THAT(rows.means(Lists{{0, 2}}).status().message(), HasSubstr("embedding 2"));
}

TEST(ScoreTrials, GivesTheCosineOfTheRowsNamed) {
  const Embeddings enrolled = Embeddings::normalise({1, 0, 1, 1}, 2).value();
  const Embeddings probes = Embeddings::normalise({0, 2, -3, 0}, 2).value();
  const std::vector<Trial> trials = {
      {.enrol = 0, .probe = 0}, {.enrol = 0, .probe = 1}, {.enrol = 1, .probe = 0}};
  EXPECT_THAT(score_trials(trials, enrolled, probes).value(),
              Pointwise(FloatNear(1e-7F), {0.0F, -1.0F, std::sqrt(0.5F)}));
}

TEST(ScoreTrials, RefusesRowsThatDoNotExist) {
  const Embeddings two = Embeddings::normalise({1, 0, 1, 1}, 2).value();
  const std::vector<Trial> trials = {{.enrol = 0, .probe = 1}, {.enrol = 0, .probe = 2}};
  EXPECT_THAT(score_trials(trials, two, two).status().message(), HasSubstr("trial 1"));
  const Embeddings wider = Embeddings::normalise({1, 0, 1}, 3).value();
  EXPECT_THAT(score_trials(trials, two, wider).status().message(), HasSubstr("3"));
}

}  // namespace
}  // namespace durward
