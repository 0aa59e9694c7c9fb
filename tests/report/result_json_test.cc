#include "report/result_json.h"

#include <gmock/gmock.h>

#include <limits>

#include "biometrics/all_pairs.h"
#include "biometrics/synthetic.h"

namespace durward {
namespace {

using nlohmann::json;

TEST(ResultJson, CarriesTheFigures) {
  const SyntheticPeople set = synthetic_people(20, 4, 16, 0.8, 5);
  const Embeddings a = embed(set, 16);
  const Evaluation evaluation =
      evaluate(score_all_pairs(a, a, set.person).value(), {.bootstrap = {.replicates = 100}})
          .value();
  const json figures = figures_json(evaluation);
  EXPECT_EQ(figures["genuine"], 120);
  EXPECT_EQ(figures["impostors"], 3040);
  EXPECT_EQ(figures["eer"], evaluation.equal_error_rate);
  EXPECT_EQ(figures["eer_interval"][1], evaluation.equal_error_interval->upper);
  // 3,040 impostor trials: 1e-3 is given with a warning, 1e-4 and 1e-5 are refused.
  ASSERT_EQ(figures["operating_points"].size(), 3u);
  EXPECT_EQ(figures["operating_points"][0]["few_errors"], false);
  EXPECT_EQ(figures["operating_points"][2]["few_errors"], true);
  EXPECT_EQ(figures["operating_points"][2]["tar"], evaluation.operating_points[2].tar);
  EXPECT_EQ(figures["refused_fars"][0], (json{{"far", 1e-4}, {"impostors_needed", 30000}}));
  EXPECT_FALSE(figures.contains("no_intervals_because"));
  EXPECT_EQ(figures["det"].size(), evaluation.det.size());
  EXPECT_EQ(json::parse(figures.dump()), figures);
}

TEST(ResultJson, WritesMissingIntervalsAsNull) {
  const std::vector<TarLoss> losses = {{.far = 1e-3, .loss = 0.5}};
  const json point = losses_json(losses)[0];
  EXPECT_TRUE(point["interval"].is_null());
  EXPECT_TRUE(point["upper_bound"].is_null());
  EXPECT_EQ(point["loss"], 0.5);
}

TEST(ResultJson, NamesTheKindsOfChanges) {
  EXPECT_EQ(change_kind({.genuine = true, .accepted_before = true}), "new false reject");
  EXPECT_EQ(change_kind({.genuine = true, .accepted_before = false}), "mended false reject");
  EXPECT_EQ(change_kind({.genuine = false, .accepted_before = false}), "new false accept");
  EXPECT_EQ(change_kind({.genuine = false, .accepted_before = true}), "mended false accept");
}

}  // namespace
}  // namespace durward
