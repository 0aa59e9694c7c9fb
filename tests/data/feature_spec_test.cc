#include "data/feature_spec.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "data/preprocessing.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

FeatureSpec spec_of(std::vector<float> knots) {
  return {.names = {"timing-1"}, .medians = {5}, .knots = {std::move(knots)}};
}

float apply(const FeatureSpec& spec, float raw) {
  float value = 0;
  EXPECT_TRUE(apply_feature_spec(spec, std::span(&raw, 1), std::span(&value, 1)).ok());
  return value;
}

// From a table of the normal distribution.
TEST(FeatureSpec, KnotsStandForQuantilesOfTheNormalDistribution) {
  const std::vector<float> images = normal_images(4);
  const float eighth = 1.150349F, three_eighths = .318639F;
  EXPECT_NEAR(images[0], -eighth, 1e-6);
  EXPECT_NEAR(images[1], -three_eighths, 1e-6);
  EXPECT_NEAR(images[2], three_eighths, 1e-6);
  EXPECT_NEAR(images[3], eighth, 1e-6);
  EXPECT_NEAR(normal_images(200)[199], 2.807034F, 1e-5);
}

TEST(FeatureSpec, IsLinearBetweenKnotsAndConstantBeyondThem) {
  const FeatureSpec spec = spec_of({1, 3, 7, 8});
  const std::vector<float> images = normal_images(4);
  EXPECT_EQ(apply(spec, 1), images[0]);
  EXPECT_EQ(apply(spec, -1e30F), images[0]);
  EXPECT_EQ(apply(spec, 1e30F), images[3]);
  EXPECT_NEAR(apply(spec, 4), images[1] + .25F * (images[2] - images[1]), 1e-6);
  EXPECT_NEAR(apply(spec, 5), 0, 1e-6);  // the middle
}

TEST(FeatureSpec, AMissingValueIsTheMedian) {
  const FeatureSpec spec = spec_of({1, 3, 7, 8});
  EXPECT_EQ(apply(spec, kNan), apply(spec, 5));
}

TEST(FeatureSpec, AValueThatManyHaveIsTheMiddleOfItsKnots) {
  const std::vector<float> images = normal_images(5);
  const FeatureSpec spec = spec_of({0, 0, 0, 1, 2});
  EXPECT_FLOAT_EQ(apply(spec, 0), (images[0] + images[2]) / 2);
  EXPECT_EQ(apply(spec_of({4, 4, 4, 4}), 4), 0);
  EXPECT_EQ(apply(spec, -1), images[0]);
}

TEST(FeatureSpec, IsTheSameAfterItsText) {
  const FeatureSpec spec{.names = {"a", "b"},
                         .medians = {.1F, -3e-7F},
                         .knots = {{1.1F, 2.2F, 3.3F}, {-1e-8F, 0, 1e20F}}};
  const auto parsed = parse_preprocessing(to_json(spec), "spec.json");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(std::get<FeatureSpec>(*parsed), spec);
}

TEST(FeatureSpec, RefusesAnotherNumberOfValues) {
  const float raw[2] = {};
  float values[2] = {};
  EXPECT_THAT(std::string(apply_feature_spec(spec_of({1, 2}), raw, values).message()),
              HasSubstr("2 values were given; the specification is of 1 features"));
}

TEST(FeatureSpec, RefusesWhatIsNoneNamingTheField) {
  const auto text = [](std::string_view features) {
    return R"({"version": 1, "kind": "features", "features": )" + std::string(features) + "}";
  };
  for (const auto& [json, cause] : {
           std::pair<std::string, std::string>("[]", "one JSON object"),
           {R"({"version": 2, "kind": "features", "features": []})", "\"version\" must be 1"},
           {R"({"version": 1, "kind": "image"})", "\"kind\""},
           {R"({"version": 1, "kind": "features", "colour": 1})", "\"colour\" is unknown"},
           {text("[]"), "1 to 4096 features"},
           {text("3"), "\"features\" must be an array"},
           {text("[3]"), "objects with"},
           {text(R"([{"name": "a", "median": 1}])"), "\"knots\""},
           {text(R"([{"name": 5, "median": 1, "knots": [1, 2]}])"), "\"name\" must be text"},
           {text(R"([{"name": "a", "median": null, "knots": [1, 2]}])"), "\"median\""},
           {text(R"([{"name": "a", "median": 1, "knots": [1]}])"), "2 to 256"},
           {text(R"([{"name": "a", "median": 1, "knots": [2, 1]}])"), "ascending"},
           {text(R"([{"name": "a", "median": 1, "knots": [1, 1e300]}])"), "finite"},
           {text(R"([{"name": "a", "median": 1, "knots": [1, "2"]}])"), "numbers"},
           {text(R"([{"name": "a", "median": 1, "knots": [1, 2]},
                     {"name": "a", "median": 1, "knots": [1, 2]}])"),
            "another one for each"},
           {text(R"([{"name": "a", "median": 1, "knots": [1, 2]},
                     {"name": "b", "median": 1, "knots": [1, 2, 3]}])"),
            "as many numbers"},
       }) {
    const auto spec = parse_feature_spec(json, "spec.json");
    EXPECT_EQ(spec.status().code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_THAT(std::string(spec.status().message()), HasSubstr("spec.json: ")) << json;
    EXPECT_THAT(std::string(spec.status().message()), HasSubstr(cause)) << json;
  }
}

}  // namespace
}  // namespace durward
