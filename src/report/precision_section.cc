#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>

#include "report/charts.h"
#include "report/format.h"
#include "report/sections.h"

namespace durward {
namespace {

constexpr size_t kLayersShown = 12;

std::string thousandths(double loss) { return absl::StrFormat("%.3f", 1e3 * loss); }
std::string decibels(double db) { return absl::StrFormat("%.1f", db); }

// The columns that judged_cells() fills; the losses of TAR that `entry` has, a column each.
void add_judged_columns(const JsonView& entry, std::vector<Column>& columns) {
  columns.push_back({"1 - cosine, thousandths", true});
  columns.push_back({"Lowest cosine", true});
  columns.push_back({"Signal to noise, dB", true});
  for (const JsonView& point : entry.items("losses")) {
    const auto far = point.number("far");
    columns.push_back(
        {absl::StrCat("Loss of TAR at ", far ? far_exponent(*far) : "", ", points"), true});
  }
}

void add_judged_cells(const JsonView& entry, std::vector<Html>& row) {
  row.push_back(Html::text(or_dash(entry.number("loss"), thousandths)));
  row.push_back(Html::text(or_dash(entry.number("cosine_min"), cosine_text)));
  row.push_back(Html::text(or_dash(entry.number("snr_db"), decibels)));
  for (const JsonView& point : entry.items("losses")) {
    Html cell = Html::text(or_dash(point.number("loss"), points_text));
    const std::string interval = interval_text(point["interval"], points_text);
    if (!interval.empty()) cell += Html::markup("<br>") + element("small", interval);
    row.push_back(std::move(cell));
  }
}

std::string held_out_sentence(const JsonView& part) {
  return absl::StrCat("Judged on ", or_dash(part["held_out"].number("images"), count_text),
                      " pictures of the calibration folder that were not calibrated on.");
}

Html ablation(const JsonView& part) {
  const std::vector<JsonView> rows = part.items("rows");
  if (rows.empty()) return {};
  Table table{"The model as it is, and without each step", {{"", false}}, {}};
  add_judged_columns(rows[0], table.columns);
  for (const JsonView& entry : rows) {
    table.rows.push_back({Html::text(entry.text("name"))});
    add_judged_cells(entry, table.rows.back());
  }
  return element("h3", "What each step is worth") + paragraph(held_out_sentence(part)) +
         render(table);
}

Html sensitivity(const JsonView& part) {
  std::vector<JsonView> units;
  for (const JsonView& unit : part.items("units")) {
    if (unit.number("loss")) units.push_back(unit);
  }
  if (units.empty()) return {};
  std::stable_sort(units.begin(), units.end(), [](const JsonView& a, const JsonView& b) {
    return *a.number("loss") > *b.number("loss");
  });
  Table table{"The most sensitive layers, each alone in int8, and all of them together",
              {{"Layer", false}},
              {}};
  add_judged_columns(part["together"], table.columns);
  for (size_t i = 0; i < std::min(units.size(), kLayersShown); ++i) {
    table.rows.push_back({element("code", units[i].text("name")) + Html::markup("<br>") +
                          element("small", units[i].text("op"))});
    add_judged_cells(units[i], table.rows.back());
  }
  table.rows.push_back({Html::text("All together")});
  add_judged_cells(part["together"], table.rows.back());
  for (std::vector<Html>& row : table.rows) row.resize(table.columns.size());
  return element("h3", "Sensitivity") + paragraph(held_out_sentence(part)) + render(table);
}

// The strictest FAR with enough errors behind it that the point was evaluated at.
std::optional<JsonView> operating_point(const JsonView& point) {
  std::optional<JsonView> strictest;
  for (const JsonView& at : point["figures"].items("operating_points")) {
    if (!strictest || !at.flag("few_errors").value_or(true)) strictest = at;
  }
  return strictest;
}

std::string point_name(const JsonView& point) {
  const size_t in_float = point.items("in_float").size();
  return in_float == 0 ? "all in int8" : absl::StrCat(in_float, " in float");
}

Html front_charts(const std::vector<JsonView>& front) {
  std::vector<TradeoffPoint> by_time, by_size;
  std::string rate = "Mean cosine to the float model";
  for (const JsonView& point : front) {
    TradeoffPoint drawn{
        .label = point_name(point), .integer = point.items("in_float").empty(), .interval = {}};
    if (const std::optional<JsonView> at = operating_point(point)) {
      const auto far = at->number("far_target");
      rate = absl::StrCat("TAR at FAR ", far ? far_exponent(*far) : "");
      drawn.tar = at->number("tar").value_or(0);
      const std::vector<JsonView> interval = at->items("tar_interval");
      if (interval.size() == 2 && interval[0].number() && interval[1].number()) {
        drawn.interval = {*interval[0].number(), *interval[1].number()};
      }
    } else {
      drawn.tar = point.number("cosine_mean").value_or(0);
    }
    if (const auto ms = point.number("ms")) {
      by_time.push_back(drawn);
      by_time.back().cost = *ms;
    }
    if (const auto bytes = point.number("bytes")) {
      by_size.push_back(std::move(drawn));
      by_size.back().cost = *bytes / 1e3;
    }
  }
  return tradeoff_chart(by_time, "Milliseconds, one thread", rate,
                        "Mixtures of int8 and float by latency.") +
         tradeoff_chart(by_size, "Kilobytes of the compiled model", rate,
                        "Mixtures of int8 and float by size.");
}

Html mixed(const JsonView& part) {
  const std::vector<JsonView> front = part.items("front");
  if (front.empty()) return {};
  Table table{"Mixtures of int8 and float, as measured",
              {{"Units in float", false}, {"Latency", true}, {"Foreseen", true}, {"Size", true}},
              {}};
  add_judged_columns(front[0], table.columns);
  for (size_t i = 0; i < front.size(); ++i) {
    const JsonView& point = front[i];
    const bool chosen = part.number("chosen") == static_cast<double>(i);
    std::vector<std::string> names;
    for (const JsonView& name : point.items("in_float")) names.push_back(name.text());
    Html head = Html::text(absl::StrCat(point_name(point), chosen ? " (chosen)" : ""));
    if (chosen && !names.empty()) {
      head += Html::markup("<br>") + element("small", enumerate(names));
    }
    table.rows.push_back({std::move(head),
                          Html::text(or_dash(point.number("ms"), milliseconds_text)),
                          Html::text(or_dash(point.number("foreseen_ms"), milliseconds_text)),
                          Html::text(or_dash(point.number("bytes"), bytes_text))});
    add_judged_cells(point, table.rows.back());
  }
  return element("h3", "Mixed precision") + paragraph(held_out_sentence(part)) +
         front_charts(front) + render(table);
}

}  // namespace

Html precision_section(const JsonView& result) {
  const Html content =
      ablation(result["ablation"]) + sensitivity(result["sensitivity"]) + mixed(result["mixed"]);
  if (!content.empty()) return section("precision", "Where precision matters", content);
  return section("precision", "Where precision matters",
                 paragraph("Neither --ablate nor --mixed was asked for in this run."));
}

}  // namespace durward
