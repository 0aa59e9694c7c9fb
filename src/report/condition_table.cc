#include "report/condition_table.h"

#include <optional>
#include <string>

#include "report/format.h"

namespace durward {
namespace {

// "2.58 %" and below it "[1.41, 4.08]".
Html error_cell(const JsonView& errors) {
  Html cell = Html::text(or_dash(errors.number("eer"), percent_text));
  const std::string range = interval_text(errors["interval"], percent_number);
  if (!range.empty()) cell += Html::markup("<br>") + element("small", range);
  return cell;
}

// The row of `variant` for the same condition.
std::optional<JsonView> row_of(const JsonView& variant, const std::string& name) {
  for (const JsonView& row : variant.items("conditions")) {
    if (row.text("name") == name) return row;
  }
  return std::nullopt;
}

}  // namespace

Html condition_table(const std::vector<JsonView>& variants) {
  if (variants.empty() || variants.front().items("conditions").empty()) return {};
  Table table{
      "Equal error rates by condition; 95 % intervals in brackets", {{"Condition", false}}, {}};
  for (const JsonView& variant : variants) {
    table.columns.push_back({variant.text("name") + ", own thresholds", true});
    table.columns.push_back({variant.text("name") + ", one threshold", true});
  }
  for (const JsonView& condition : variants.front().items("conditions")) {
    const std::string name = condition.text("name");
    const bool mean = condition.flag("mean").value_or(false);
    std::vector<Html> row = {Html::text((mean ? "mean, " : "") + name)};
    for (const JsonView& variant : variants) {
      const std::optional<JsonView> rates = row_of(variant, name);
      for (const char* kind : {"own_thresholds", "one_threshold"}) {
        row.push_back(rates ? error_cell((*rates)[kind]) : Html::text(kNoValue));
      }
    }
    table.rows.push_back(std::move(row));
  }
  return element("h3", "By condition") + render(table) +
         element("p",
                 "Where somebody enrols in one condition and is probed in another, both are named. "
                 "Own thresholds: the mean over people of the equal error rate that each has at a "
                 "threshold of his own; one threshold: that of all people together.",
                 "class=\"note\"");
}

}  // namespace durward
