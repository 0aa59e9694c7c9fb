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
