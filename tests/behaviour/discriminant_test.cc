#include "behaviour/discriminant.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "base/random.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

double normal(Random& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

struct Population {
  std::vector<float> values;
  std::vector<int32_t> person;
};

// Repetitions of people who differ by their mean in feature 0 and by nothing else.
Population population(int32_t people, int repetitions, size_t features, uint64_t seed) {
  Random random(seed);
  Population all;
  for (int32_t person = 0; person < people; ++person) {
    const double mean = normal(random);
    for (int i = 0; i < repetitions; ++i) {
      all.person.push_back(person);
      for (size_t f = 0; f < features; ++f) {
        all.values.push_back(static_cast<float>((f == 0 ? mean : 0) + .5 * normal(random)));
      }
    }
  }
  return all;
}

double norm(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum);
}

TEST(Discriminant, FindsTheFeatureInWhichPeopleDiffer) {
  const Population people = population(60, 40, 3, 1);
  const auto model = fit_discriminant(people.values, people.person, 3, {.dims = 1});
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_EQ(model->weights.size(), 9U);
  EXPECT_GT(std::abs(model->weights[0]), .9 * norm(model->weights));
}

// The direction is of unit variance within people, and scaled by sqrt(lambda / (1 + lambda)) with
// lambda the variance between people over that within: 1 / .25, known from how they were made.
TEST(Discriminant, ScalesADirectionByItsShareOfPeople) {
  const Population people = population(120, 40, 1, 2);
  const auto model =
      fit_discriminant(people.values, people.person, 1, {.dims = 1, .shrinkage = 1e-9});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_NEAR(std::abs(model->weights[0]), 2 * std::sqrt(.8), .08);
}

// Half of the people are always in the middle, the others at either end: no line tells them apart.
TEST(Discriminant, TellsPeopleByACurveWhereALineCannot) {
  Random random(5);
  Population people;
  for (int32_t person = 0; person < 20; ++person) {
    for (int i = 0; i < 60; ++i) {
      const double end = i % 2 == 0 ? 1.5 : -1.5;
      people.person.push_back(person);
      people.values.push_back(
          static_cast<float>((person % 2 == 0 ? 0 : end) + .2 * normal(random)));
    }
  }
  const auto model = fit_discriminant(people.values, people.person, 1, {.dims = 1});
  ASSERT_TRUE(model.ok()) << model.status();
  const float middle = embed(*model, std::vector<float>{0})[0];
  const float low = embed(*model, std::vector<float>{-1.5F})[0];
  const float high = embed(*model, std::vector<float>{1.5F})[0];
  EXPECT_LT(middle * low, 0);
  EXPECT_LT(middle * high, 0);
}

TEST(Discriminant, EmbedsTheMeanOfTheLearnersAsNothing) {
  const Population people = population(12, 10, 4, 3);
  const auto model = fit_discriminant(people.values, people.person, 4, {});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->dims, 11U);
  std::vector<double> sum(model->dims);
  for (size_t row = 0; row < people.person.size(); ++row) {
    const std::vector<float> one = embed(*model, std::span(people.values).subspan(row * 4, 4));
    for (size_t d = 0; d < sum.size(); ++d) sum[d] += static_cast<double>(one[d]);
  }
  for (const double of_dim : sum) EXPECT_NEAR(of_dim / 120, 0, 1e-5);
}

TEST(Discriminant, GivesTheSameBitsForTheSameLearners) {
  const Population people = population(8, 10, 5, 4);
  const auto a = fit_discriminant(people.values, people.person, 5, {});
  const auto b = fit_discriminant(people.values, people.person, 5, {});
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->weights, b->weights);
  EXPECT_EQ(a->bias, b->bias);
}

TEST(Discriminant, RefusesLearnersWhoAreTooFewOrNotFinite) {
  const auto message = [](const Population& people) {
    return std::string(fit_discriminant(people.values, people.person, 2, {}).status().message());
  };
  EXPECT_THAT(message(population(1, 30, 2, 1)), HasSubstr("there are 1 people to learn from"));
  EXPECT_THAT(message(population(6, 2, 2, 1)), HasSubstr("a person has 2 repetitions; 3 or more"));
  Population broken = population(6, 4, 2, 1);
  broken.values[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(message(broken), HasSubstr("row 2 has a value that is not finite"));
  broken = population(6, 4, 2, 1);
  std::fill(broken.values.begin(), broken.values.end(), 1.F);
  EXPECT_FALSE(message(broken).empty());
}

}  // namespace
}  // namespace durward
