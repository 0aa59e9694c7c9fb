#include <absl/strings/str_cat.h>

#include "report/charts.h"
#include "report/format.h"
#include "report/lookup.h"
#include "report/sections.h"

namespace durward {
namespace {

std::string run_name(const JsonView& run) {
  return absl::StrCat(run.text("runtime"), ", ", run.text("variant"));
}

bool is_integer_model(const JsonView& run) { return run.flag("integer").value_or(false); }

Html latency_bars(const std::vector<JsonView>& runs) {
  std::vector<LatencyBar> bars;
  for (const JsonView& run : runs) {
    const auto median = run["latency"].number("median_ms");
    if (!median) continue;
    bars.push_back({run.text("runtime"), run.text("variant"), is_integer_model(run), *median,
                    run["latency"].number("p90_ms")});
  }
  return latency_chart(bars);
}

Html runs_table(const std::vector<JsonView>& runs) {
  Table table{"Speed, size and memory",
              {{"Runtime, model, file", false},
               {"Median", true},
               {"90th percentile", true},
               {"Range", true},
               {"Runs", true},
               {"To float there", true},
               {"Size", true},
               {"Memory", true}},
              {}};
  for (const JsonView& run : runs) {
    const JsonView latency = run["latency"];
    const auto least = latency.number("min_ms"), most = latency.number("max_ms");
    Html ratio = Html::text(or_dash(latency.number("ratio_to_fp32"), ratio_text));
    const std::string interval = interval_text(latency["ratio_interval"], ratio_text);
    if (!interval.empty()) ratio += Html::markup("<br>") + element("small", interval);
    table.rows.push_back(
        {Html::text(run_name(run)) + Html::markup("<br>") + element("code", run.text("file")),
         Html::text(or_dash(latency.number("median_ms"), milliseconds_text)),
         Html::text(or_dash(latency.number("p90_ms"), milliseconds_text)),
         Html::text(least && most
                        ? absl::StrCat(milliseconds_text(*least), " to ", milliseconds_text(*most))
                        : kNoValue),
         Html::text(or_dash(latency.number("runs"), count_text)), ratio,
         Html::text(or_dash(run.number("bytes"), bytes_text)),
         Html::text(or_dash(run.number("memory_bytes"), bytes_text))});
  }
  return render(table);
}

// The runs that have a cost and a TAR at the FAR.
template <typename Cost>
std::vector<TradeoffPoint> tradeoff(const JsonView& result, double far, const Cost& cost_of) {
  const std::vector<JsonView> variants = result["evaluation"].items("variants");
  std::vector<TradeoffPoint> points;
  for (const JsonView& run : result.items("runs")) {
    const auto variant = find_by_text(variants, "name", run.text("evaluated_as"));
    const std::optional<double> cost = cost_of(run);
    if (!variant || !cost || *cost < 0) continue;
    const auto point =
        find_by_far((*variant)["figures"].items("operating_points"), "far_target", far);
    if (!point || !point->number("tar")) continue;
    TradeoffPoint entry{run_name(run), is_integer_model(run), *cost, *point->number("tar"),
                        std::nullopt};
    const std::vector<JsonView> interval = point->items("tar_interval");
    if (interval.size() == 2 && interval[0].number() && interval[1].number()) {
      entry.interval = {*interval[0].number(), *interval[1].number()};
    }
    points.push_back(std::move(entry));
  }
  return points;
}

// The FAR of the recommendation, or the smallest that was evaluated.
std::optional<double> chart_far(const JsonView& result) {
  if (const auto choice = recommendation(result); choice && choice->point) return choice->far;
  const std::vector<double> fars = all_fars(result["evaluation"].items("variants"));
  return fars.empty() ? std::nullopt : std::optional(fars.back());
}

Html tradeoff_charts(const JsonView& result) {
  const std::optional<double> far = chart_far(result);
  if (!far) return {};
  const std::string tar = "TAR at FAR " + far_text(*far);
  const Html latency = tradeoff_chart(
      tradeoff(result, *far,
               [](const JsonView& run) { return run["latency"].number("median_ms"); }),
      "Median latency of one image, ms", tar,
      "Latency against recognition, with 95 % intervals; up and to the left is better. Squares are "
      "int8, circles float.");
  const Html size =
      tradeoff_chart(tradeoff(result, *far,
                              [](const JsonView& run) -> std::optional<double> {
                                const auto bytes = run.number("bytes");
                                return bytes ? std::optional(*bytes / 1e6) : std::nullopt;
                              }),
                     "File size, MB", tar,
                     "Size against recognition, with 95 % intervals; up and to the left is better. "
                     "Squares are int8, circles float.");
  return latency + size;
}

}  // namespace

Html speed_section(const JsonView& result) {
  const std::vector<JsonView> runs = result.items("runs");
  if (runs.empty()) {
    return section("speed", "Speed and size",
                   paragraph("Nothing was timed in this run: no runtime was available."));
  }
  return section("speed", "Speed and size",
                 latency_bars(runs) + runs_table(runs) + tradeoff_charts(result));
}

}  // namespace durward
