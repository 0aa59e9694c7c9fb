#include <absl/strings/str_cat.h>

#include "report/format.h"
#include "report/profile_tables.h"
#include "report/sections.h"

namespace durward {
namespace {

Html ops_text(const JsonView& before, const JsonView& after) {
  return Html::text(
      absl::StrCat(before.items("ops").size(), " \xE2\x86\x92 ", after.items("ops").size()));
}

// One row for each runtime: the float model and the INT8 file beside it.
Html side_by_side(const std::vector<JsonView>& comparisons, const std::vector<JsonView>& profiles) {
  Table table{"The float model and the INT8 file, by each runtime's own profiler",
              {{"Runtime", false},
               {"Before", false},
               {"After", false},
               {"Before, median", true},
               {"After, median", true},
               {"Ratio", true},
               {"Ops", true},
               {"Time in int8", true},
               {"Slower ops", true}},
              {}};
  for (const JsonView& comparison : comparisons) {
    const JsonView before = compared(comparison, "from", profiles);
    const JsonView after = compared(comparison, "to", profiles);
    double slower = 0;
    for (const JsonView& op : comparison.items("ops")) slower += op.flag("slower").value_or(false);
    table.rows.push_back(
        {Html::text(after.text("runtime")), element("code", before.text("file")),
         element("code", after.text("file")), Html::text(time_text(typical_time(before))),
         Html::text(time_text(typical_time(after))),
         Html::text(or_dash(comparison.number("ratio"), ratio_text)), ops_text(before, after),
         Html::text(percent_text(share_in(after, "int8"))), Html::text(count_text(slower))});
  }
  return render(table);
}

}  // namespace

Html profile_section(const JsonView& result) {
  const JsonView document = result["profile"];
  const std::vector<JsonView> profiles = document.items("profiles");
  const std::vector<JsonView> comparisons = document.items("comparisons");
  Html content;
  if (!comparisons.empty()) content = side_by_side(comparisons, profiles);
  for (const JsonView& comparison : comparisons) {
    const std::string runtime = compared(comparison, "to", profiles).text("runtime");
    content += element("details", element("summary", absl::StrCat("Op by op: ", runtime)) +
                                      comparison_table(comparison, profiles));
  }
  if (content.empty()) content = paragraph("No profile was made in this run.");
  return section("profile", "Before and after, op by op", content);
}

}  // namespace durward
