#include "report/profile_report.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>

#include "report/charts.h"
#include "report/format.h"
#include "report/html.h"
#include "report/json_view.h"
#include "report/profile_tables.h"
#include "report/style.h"

namespace durward {
namespace {

std::string scatter_text(const JsonView& object, std::string (*text)(double us)) {
  const JsonView us = object["us"];
  const auto low = us.number("p10"), high = us.number("p90");
  if (!low || !high) return kNoValue;
  return absl::StrCat(text(*low), " to ", text(*high));
}

std::string allocations_text(const JsonView& memory, const char* key) {
  const auto count = memory[key].number("count"), bytes = memory[key].number("bytes");
  if (!count || !bytes) return kNoValue;
  return absl::StrCat(count_text(*count), " (", bytes_text(*bytes), ")");
}

Html summary(const std::vector<JsonView>& profiles) {
  Table table{"Whole runs",
              {{"Runtime, file", false},
               {"Median", true},
               {"10th to 90th percentile", true},
               {"Load", true},
               {"Ops", true},
               {"Time in int8", true},
               {"Arena", true},
               {"Allocations at load", true},
               {"in all runs", true},
               {"Memory at most", true}},
              {}};
  std::vector<LatencyBar> bars;
  for (const JsonView& profile : profiles) {
    const JsonView memory = profile["memory"];
    table.rows.push_back(
        {Html::text(profile_name(profile)), Html::text(time_text(typical_time(profile))),
         Html::text(scatter_text(profile, [](double us) { return milliseconds_text(us / 1e3); })),
         Html::text(time_text(profile.number("load_us"))),
         Html::text(std::to_string(profile.items("ops").size())),
         Html::text(percent_text(share_in(profile, "int8"))),
         Html::text(or_dash(memory.number("arena_bytes"), bytes_text)),
         Html::text(allocations_text(memory, "load_allocations")),
         Html::text(allocations_text(memory, "run_allocations")),
         Html::text(or_dash(memory.number("peak_resident_bytes"), bytes_text))});
    const JsonView us = profile["us"];
    const bool integer = share_in(profile, "int8") > share_in(profile, "float32");
    bars.push_back({profile.text("runtime"), integer ? "int8" : "float32", integer,
                    typical_time(profile).value_or(0) / 1e3,
                    us.number("p90") ? std::optional(*us.number("p90") / 1e3) : std::nullopt});
  }
  return section("summary", "Whole runs", render(table) + latency_chart(bars));
}

Html ops_table(const JsonView& profile) {
  Table table{"Ops in the order in which they run",
              {{"Op", false},
               {"Kind, kernel", false},
               {"Precision", false},
               {"Median, \xC2\xB5s", true},
               {"10th to 90th percentile", true},
               {"MAC", true},
               {"MAC a cycle", true},
               {"Of the limit", true},
               {"Moved", true},
               {"Fused", false}},
              {}};
  for (const JsonView& op : profile.items("ops")) {
    std::vector<std::string> fused;
    for (const JsonView& part : op.items("fused")) fused.push_back(part.text());
    const auto macs = op.number("macs");
    table.rows.push_back(
        {element("code", op.text("name")),
         Html::text(
             absl::StrCat(op.text("op"), op.text("kernel").empty() ? "" : ", ", op.text("kernel"))),
         Html::text(op.text("precision")), Html::text(or_dash(typical_time(op), microseconds_text)),
         Html::text(scatter_text(op, microseconds_text)),
         Html::text(macs && *macs > 0 ? count_text(*macs) : kNoValue),
         Html::text(or_dash(op.number("macs_per_cycle"), ratio_text)),
         Html::text(or_dash(op.number("share_of_limit"), percent_text)),
         Html::text(or_dash(op.number("bytes"), bytes_text)), Html::text(enumerate(fused))});
  }
  return render(table);
}

Html arena_of(const JsonView& profile) {
  std::vector<ArenaBar> tensors;
  for (const JsonView& tensor : profile.items("arena")) {
    tensors.push_back({tensor.text("name"), tensor.number("offset").value_or(0),
                       tensor.number("bytes").value_or(0), tensor.number("first_step").value_or(0),
                       tensor.number("last_step").value_or(0)});
  }
  return arena_chart(tensors, profile["memory"].number("arena_bytes").value_or(0),
                     static_cast<double>(profile.items("steps").size()));
}

bool has_limited_ops(const JsonView& profile) {
  const std::vector<JsonView> ops = profile.items("ops");
  return std::any_of(ops.begin(), ops.end(),
                     [](const JsonView& op) { return op.number("share_of_limit").has_value(); });
}

// How cycles were had, and what the limit is from.
Html sources_of(const JsonView& profile) {
  Html notes;
  if (const auto clock = profile.number("clock_hz"); clock && *clock > 0) {
    const std::string reason = profile.text("counters_reason");
    notes += paragraph(
        absl::StrCat("Cycles: ", profile.text("cycles"), ", which is ", ratio_text(*clock / 1e9),
                     " GHz", reason.empty() ? "." : absl::StrCat("; no counters: ", reason, ".")));
  }
  const JsonView limit = profile["limit"];
  if (const auto macs = limit.number("macs_per_cycle"); macs && has_limited_ops(profile)) {
    notes += paragraph(absl::StrCat("Limit of ", profile.text("isa"), ": ", count_text(*macs),
                                    " int8 MAC a cycle (", limit.text("source"), ")."));
  }
  return notes;
}

Html details(const JsonView& profile, size_t index) {
  Html warnings;
  for (const JsonView& warning : profile.items("warnings")) {
    warnings += element("li", warning.text());
  }
  Html content;
  if (!warnings.empty()) content += element("h3", "Warnings") + element("ul", warnings);
  content += arena_of(profile) + sources_of(profile) + ops_table(profile);
  return section(absl::StrCat("profile", index), profile_name(profile), content);
}

}  // namespace

std::string render_profile_report(const nlohmann::json& document) {
  const JsonView view(document);
  const std::vector<JsonView> profiles = view.items("profiles");
  const std::string machine = view["machine"].text("cpu");
  const Html head = Html::markup("<meta charset=\"utf-8\">\n") +
                    Html::markup("<meta name=\"viewport\" content=\"width=device-width\">\n") +
                    element("title", "Durward: profile") +
                    element("style", Html::markup(report_style()));
  const JsonView tool = view["tool"];
  Html body = element(
      "header",
      element("p", absl::StrCat(tool.text("name"), " ", tool.text("version"), ", ", machine),
              "class=\"meta\"") +
          element("h1", "Profile"));
  body += summary(profiles);
  size_t index = 0;
  for (const JsonView& entry : view.items("comparisons")) {
    body += section(absl::StrCat("comparison", index++), "Before and after",
                    comparison_table(entry, profiles));
  }
  index = 0;
  for (const JsonView& profile : profiles) body += details(profile, index++);
  return (Html::markup("<!DOCTYPE html>\n<html lang=\"en\">\n") + element("head", head) +
          element("body", svg_patterns() + body) + Html::markup("</html>\n"))
      .string();
}

}  // namespace durward
