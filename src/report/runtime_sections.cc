#include <absl/strings/str_cat.h>

#include "report/format.h"
#include "report/sections.h"

namespace durward {
namespace {

bool is_integer_op(const JsonView& op) {
  const std::string precision = op.text("precision");
  return precision.starts_with("int") || precision.starts_with("uint");
}

// One row for each run: how many ops computed in integers and in float, and for what share of time.
Html overview(const std::vector<JsonView>& runs) {
  Table table{"In short",
              {{"Runtime, model", false},
               {"Ops in integers", true},
               {"Ops in float", true},
               {"Time in integers", true}},
              {}};
  for (const JsonView& run : runs) {
    double integers = 0, floats = 0, integer_ms = 0, all_ms = 0;
    for (const JsonView& op : run["placement"].items("ops")) {
      const double count = op.number("count").value_or(0), ms = op.number("ms").value_or(0);
      (is_integer_op(op) ? integers : floats) += count;
      integer_ms += is_integer_op(op) ? ms : 0;
      all_ms += ms;
    }
    if (integers + floats <= 0) continue;
    table.rows.push_back({Html::text(absl::StrCat(run.text("runtime"), ", ", run.text("variant"))),
                          Html::text(count_text(integers)), Html::text(count_text(floats)),
                          Html::text(all_ms > 0 ? percent_text(integer_ms / all_ms) : kNoValue)});
  }
  return table.rows.empty() ? Html() : render(table);
}

Html placement_of(const JsonView& run) {
  const JsonView placement = run["placement"];
  Table table{
      absl::StrCat(run.text("runtime"), ", ", run.text("variant"), ": what its own profiler saw"),
      {{"Op or kernel", false},
       {"Computes in", false},
       {"Count", true},
       {"Time of one image", true}},
      {}};
  for (const JsonView& op : placement.items("ops")) {
    table.rows.push_back({element("code", op.text("op")), Html::text(op.text("precision")),
                          Html::text(or_dash(op.number("count"), count_text)),
                          Html::text(or_dash(op.number("ms"), milliseconds_text))});
  }
  if (table.rows.empty()) return {};
  Html content = render(table);
  Html floats;
  for (const JsonView& left : placement.items("floats")) {
    floats += element(
        "li", element("code", left.text("name")) +
                  Html::text(absl::StrCat(" (", left.text("op"), "): ", left.text("reason"))));
  }
  if (!floats.empty()) {
    content += paragraph("Left in float:") + element("ul", floats);
  } else if (run.flag("integer").value_or(false) && placement["floats"].is_array()) {
    content += paragraph("Nothing but the conversion at its ports was left in float.");
  }
  return content;
}

}  // namespace

Html placement_section(const JsonView& result) {
  const std::vector<JsonView> runs = result.items("runs");
  Html content = overview(runs);
  for (const JsonView& run : runs) content += placement_of(run);
  if (content.empty()) {
    content = paragraph("Where each op ran was not recorded in this run.");
  }
  return section("placement", "Where each op ran", content);
}

Html agreement_section(const JsonView& result) {
  Table table{"Each export in its runtime against the reference executor",
              {{"File", false},
               {"Runtime", false},
               {"Images", true},
               {"Equal elements", true},
               {"Largest difference", true},
               {"Cosine, mean", true},
               {"Cosine, least", true}},
              {}};
  for (const JsonView& exported : result.items("exports")) {
    const JsonView agreement = exported["agreement"];
    if (!agreement.is_object()) continue;
    table.rows.push_back(
        {element("code", exported.text("file")), Html::text(agreement.text("runtime")),
         Html::text(or_dash(agreement.number("images"), count_text)),
         Html::text(or_dash(agreement.number("equal_share"), percent_text)),
         Html::text(or_dash(agreement.number("largest_difference"), threshold_text)),
         Html::text(or_dash(agreement.number("cosine_mean"), cosine_text)),
         Html::text(or_dash(agreement.number("cosine_min"), cosine_text))});
  }
  Html content = table.rows.empty()
                     ? paragraph("No export was compared with the reference executor in this run.")
                     : render(table);
  return section("agreement", "Do the exports compute the same?", content);
}

}  // namespace durward
