#include "report/fusion_report.h"

#include <gmock/gmock.h>

#include "report/fusion_json.h"

namespace durward {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

Evaluation sample_evaluation(double eer, double tar) {
  Evaluation evaluation;
  evaluation.genuine_trials = 900;
  evaluation.impostor_trials = 6000;
  evaluation.people = 15;
  evaluation.equal_error_rate = eer;
  evaluation.equal_error_interval = Interval{eer / 2, eer * 2};
  evaluation.min_cllr = 0.125;
  evaluation.operating_points = {{.far_target = 1e-3,
                                  .threshold = 4,
                                  .far = 1e-3,
                                  .tar = tar,
                                  .tar_interval = Interval{.5, .99}}};
  evaluation.det = {{1e-3, 1 - tar, 4}, {1e-1, 0.01, 1}};
  evaluation.replicates = Replicates{};
  return evaluation;
}

StolenFactorRates sample_rates(double none, double a, double b, double tar) {
  const auto rates = [&](double far) {
    return FixedThresholdRates{.false_accepts = 7,
                               .false_rejects = 90,
                               .far = far,
                               .tar = tar,
                               .far_bounds = RateBounds{far / 2, far * 2},
                               .tar_bounds = RateBounds{tar - .05, tar + .02}};
  };
  return {rates(none), rates(a), rates(b)};
}

json sample_fusion() {
  Fusion fusion{.people = 15, .pairings = 20};
  fusion.folds = {{7, 8, {{30.5}, -12}, {{22.25}, -15}}, {8, 7, {{31}, -13}, {{23}, -16}}};
  fusion.figures.rules = {{6.9, 0.75, 1.5}, {6.9, 1.25, 2.5}};
  fusion.figures.test_people = 15;
  fusion.figures.a = sample_evaluation(.05, .691);
  fusion.figures.b = sample_evaluation(.06, .632);
  fusion.figures.fused = sample_evaluation(.0125, .9413);
  fusion.figures.cllr_a = .21;
  fusion.figures.cllr_b = .22;
  fusion.figures.cllr_fused = .055;
  fusion.figures.rates = sample_rates(.0001, .043, .037, .88);
  fusion.figures.sum_alone = sample_rates(.0008, .21, .18, .95);
  fusion.figures.given = sample_rates(.00005, .012, .009, .71);
  fusion.gains = {{.far = 1e-3,
                   .best_is_a = true,
                   .gain = .2503,
                   .interval = Interval{.1, .4},
                   .lower_bound = .12}};
  FusionOptions options;
  options.names = {"face", "<voice>"};
  options.crosswise = true;
  return fusion_json(fusion, options,
                     {FusionSource{"face", "face.csv", "aa11", 300, 700, 90000},
                      FusionSource{"<voice>", "voice.csv", "bb22", 15, 1500, 21000}},
                     {"gateway", "cc33", 6.9, {3.0, std::nullopt}});
}

TEST(FusionJson, HoldsWhatWasFound) {
  const json fusion = sample_fusion();
  EXPECT_EQ(fusion["people"], 15);
  EXPECT_EQ(fusion["chimeric"], true);
  EXPECT_EQ(fusion["variants"][2]["name"], "fused");
  EXPECT_EQ(fusion["variants"][0]["cllr"], .21);
  EXPECT_EQ(fusion["gains"][0]["best"], "face");
  EXPECT_EQ(fusion["gains"][0]["interval"], json({.1, .4}));
  EXPECT_EQ(fusion["folds"][1]["calibrations"][0], json({{"weight", 31.0}, {"offset", -13.0}}));
  ASSERT_EQ(fusion["rules"].size(), 3u);
  const json& found = fusion["rules"][1];
  EXPECT_EQ(found["floors"], json({{0.75, 1.5}, {1.25, 2.5}}));
  EXPECT_NEAR(found["frr"].get<double>(), .12, 1e-12);
  EXPECT_NEAR(found["frr_bounds"][0].get<double>(), .10, 1e-12);
  EXPECT_NEAR(found["frr_bounds"][1].get<double>(), .17, 1e-12);
  EXPECT_NEAR(found["frr_of_floors"].get<double>(), .07, 1e-12);
  EXPECT_EQ(found["rates"][0]["stolen"], nullptr);
  EXPECT_EQ(found["rates"][1]["stolen"], "face");
  EXPECT_EQ(found["rates"][1]["far"], .043);
  EXPECT_EQ(fusion["rules"][2]["floors"][0], json({3.0, nullptr}));
}

TEST(FusionReport, ShowsCurvesFiguresAndRates) {
  const std::string html = render_fusion_report({{"schema", "durward-result/1"},
                                                 {"tool", {{"version", "9.9"}}},
                                                 {"fusion", sample_fusion()}});
  for (const char* text :
       {"Durward 9.9", "<polyline", "fused, EER 1.25 %", "69.10 %", "94.13 %", "25.03",
        "10.00, 40.00", "12.00", "4.30 %", "0.75 and 1.25", "floors of the policy", "21.00 %",
        "15 people were made of face and &lt;voice&gt;", "Each half was judged", "cc33", "bb22"}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
  EXPECT_THAT(html, Not(HasSubstr("<voice>")));
  EXPECT_THAT(html, Not(HasSubstr("compression")));
  EXPECT_THAT(html, Not(HasSubstr("http")));
}

TEST(FusionReport, LacksNothingItCannotDoWithout) {
  const json whole = {{"fusion", sample_fusion()}};
  for (const auto& [member, unused] : whole["fusion"].items()) {
    json without = whole;
    without["fusion"].erase(member);
    EXPECT_THAT(render_fusion_report(without), HasSubstr("</html>")) << member;
  }
  EXPECT_THAT(render_fusion_report(json()), HasSubstr("</html>"));
}

}  // namespace
}  // namespace durward
