#include "report/profile_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/charts.h"
#include "report/profile_trace.h"

namespace durward {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

json document() {
  return json::parse(R"({"machine": {"cpu": "a <processor>"}, "profiles": [
    {"file": "a.bundle", "runtime": "engine", "us": {"median": 30, "p10": 29, "p90": 40},
     "memory": {"arena_bytes": 1000}, "warnings": ["one <op> is slow"],
     "ops": [{"name": "first", "op": "Conv2DInt8", "precision": "int8", "us": {"median": 10}},
             {"name": "second", "op": "Copy", "precision": "int8", "us": {"median": 20}}],
     "steps": [{"op": 0, "start_us": 0, "us": 6, "rows": 2}, {"slide": 3, "start_us": 6, "us": 1},
               {"op": 1, "start_us": 7, "us": 23}],
     "arena": [{"name": "t", "offset": 0, "bytes": 600, "first_step": 0, "last_step": 1},
               {"name": "u", "offset": 600, "bytes": 400, "first_step": 1, "last_step": 2}]},
    {"file": "a.onnx", "runtime": "onnxruntime", "us": {"median": 50},
     "ops": [{"name": "p", "op": "Conv", "us": {"mean": 4}}, {"name": "q", "op": "Add",
              "us": {"median": 3}}]}]})");
}

// Every event of a kind, in order.
json events_of(const json& trace, const char* phase) {
  json events = json::array();
  for (const json& event : trace["traceEvents"]) {
    if (event["ph"] == phase) events.push_back(event);
  }
  return events;
}

TEST(ProfileTrace, HasASliceForEachStepAndTheArenaInUse) {
  const json trace = chrome_trace(document());
  const json slices = events_of(trace, "X"), bytes = events_of(trace, "C");
  ASSERT_EQ(slices.size(), 5u);
  EXPECT_EQ(slices[0]["name"], "first");
  EXPECT_EQ(slices[0]["args"]["rows"], 2);
  EXPECT_EQ(slices[1]["name"], "slide rows");
  EXPECT_EQ(slices[2]["ts"], 7);
  EXPECT_EQ(slices[2]["dur"], 23);
  ASSERT_EQ(bytes.size(), 3u);
  EXPECT_EQ(bytes[0]["args"]["bytes"], 600);
  EXPECT_EQ(bytes[1]["args"]["bytes"], 1000);
  EXPECT_EQ(bytes[2]["args"]["bytes"], 400);
}

TEST(ProfileTrace, PutsOpsWithoutStepsOneBehindTheOther) {
  const json slices = events_of(chrome_trace(document()), "X");
  EXPECT_EQ(slices[3]["pid"], 2);
  EXPECT_EQ(slices[3]["ts"], 0);
  EXPECT_EQ(slices[3]["dur"], 4);
  EXPECT_EQ(slices[4]["ts"], 4);
}

TEST(ProfileReport, ShowsEveryOpAndEscapesWhatItShows) {
  const std::string page = render_profile_report(document());
  for (const char* text :
       {"first", "second", "a.onnx", "a &lt;processor&gt;", "one &lt;op&gt; is"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
  EXPECT_THAT(page, Not(HasSubstr("<processor>")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
}

TEST(ArenaChart, DrawsARectangleForEachTensorWhereItLies) {
  const std::string drawn =
      arena_chart({{"a", 0, 51200, 0, 1}, {"b", 51200, 51200, 2, 3}}, 102400, 4).string();
  // 100 KB high from 326 to 14 pixels, four steps wide from 70 to 850: a is the lower left quarter.
  EXPECT_THAT(drawn, HasSubstr(R"(<rect x="70.0" y="170.0" width="390.0" height="156.0")"));
  EXPECT_THAT(drawn, HasSubstr(R"(<rect x="460.0" y="14.0" width="390.0" height="156.0")"));
  EXPECT_TRUE(arena_chart({}, 100, 4).empty());
}

}  // namespace
}  // namespace durward
