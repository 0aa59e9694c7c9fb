#include <absl/strings/str_cat.h>

#include "report/format.h"
#include "report/sections.h"

namespace durward {
namespace {

std::string pictures_sentence(const JsonView& attacks) {
  std::vector<std::string> kinds;
  std::vector<JsonView> listed = {attacks["live"]};
  for (const JsonView& species : attacks.items("species")) listed.push_back(species);
  double unused = 0;
  for (const JsonView& kind : listed) {
    const double used = kind.number("used").value_or(0);
    unused += kind.number("pictures").value_or(used) - used;
    kinds.push_back(absl::StrCat(count_text(used), " ", kind.text("name")));
  }
  std::string text = absl::StrCat("Presented were ", enumerate(kinds), ". ");
  if (unused > 0) {
    absl::StrAppend(&text, count_text(unused),
                    " more pictures were read badly or show no face, and are in no rate. ");
  }
  return text;
}

Html rates_table(const JsonView& attacks) {
  Table table{"Error rates; exact 95 % intervals in brackets",
              {{"Model", false}, {"Decided by", false}, {"BPCER", true}},
              {}};
  const std::vector<JsonView> all_species = attacks.items("species");
  for (const JsonView& species : all_species) {
    table.columns.push_back({"APCER, " + species.text("name"), true});
  }
  for (const JsonView& variant : attacks.items("variants")) {
    for (const JsonView& point : variant.items("points")) {
      std::vector<Html> row = {
          Html::text(variant.text("name")), Html::text(point.text("name")),
          rate_cell(point["bpcer"].number("rate"), point["bpcer"]["interval"])};
      for (const JsonView& species : all_species) {
        Html cell = Html::text(kNoValue);
        for (const JsonView& apcer : point.items("apcer")) {
          if (apcer.text("species") == species.text("name"))
            cell = rate_cell(apcer.number("rate"), apcer["interval"]);
        }
        row.push_back(cell);
      }
      table.rows.push_back(std::move(row));
    }
  }
  return render(table);
}

Html changes_table(const JsonView& change) {
  Table table{absl::StrCat(change.text("to"), " against ", change.text("from")),
              {{"Decided by", false},
               {"Presented", false},
               {"New errors", true},
               {"Mended", true},
               {"More errors, points", true},
               {"p", true}},
              {}};
  for (const JsonView& point : change.items("points")) {
    for (const JsonView& kind : point.items("kinds")) {
      Html increase = Html::text(or_dash(kind.number("increase"), points_text));
      increase +=
          Html::markup("<br>") + element("small", interval_text(kind["interval"], points_text));
      table.rows.push_back({Html::text(point.text("name")), Html::text(kind.text("kind")),
                            Html::text(or_dash(kind.number("new_errors"), count_text)),
                            Html::text(or_dash(kind.number("mended_errors"), count_text)), increase,
                            Html::text(or_dash(kind.number("p_value"), ratio_text))});
    }
  }
  return render(table);
}

}  // namespace

Html attacks_section(const JsonView& result) {
  const JsonView attacks = result["attacks"];
  if (attacks.items("variants").empty()) {
    return section("attacks", "Presentation attacks",
                   paragraph("No presentations were given: this is for models that tell live faces "
                             "from attacks."));
  }
  std::string text = pictures_sentence(attacks);
  const auto live = attacks["live"].number("used"), needed = attacks.number("live_needed");
  if (live && needed && *live < *needed) {
    absl::StrAppend(&text, "A BPCER of ", or_dash(attacks.number("bpcer_target"), percent_text),
                    " needs ", count_text(*needed), " live ones, so that threshold is left out. ");
  } else {
    text += "The threshold for a BPCER was chosen on these same live faces. ";
  }
  Html content = paragraph(text) + rates_table(attacks);
  for (const JsonView& change : attacks.items("changes")) content += changes_table(change);
  content += paragraph(
      "BPCER: share of live faces taken for attacks. APCER: share of a species of attack taken for "
      "live. Changes are of the same pictures, each model at its own threshold; their intervals "
      "are exact, and p is McNemar's exact test.");
  return section("attacks", "Presentation attacks", content);
}

}  // namespace durward
