#include <absl/strings/str_cat.h>

#include <algorithm>

#include "report/format.h"
#include "report/sections.h"

namespace durward {
namespace {

bool is_base64(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
  });
}

// The picture, where it is base64 and nothing else, above its name.
Html picture(const JsonView& side, std::string_view role) {
  const std::string name = side.text("name"), jpeg = side.text("jpeg");
  Html content;
  if (is_base64(jpeg)) {
    content = Html::markup("<img alt=\"") + Html::text(std::string(role) + ": " + name) +
              Html::markup("\" src=\"data:image/jpeg;base64,") + Html::markup(jpeg) +
              Html::markup("\">");
  } else {
    content = element("span", "no picture", "class=\"no-picture\"");
  }
  return element("div", content + element("span", name, "class=\"name\""), "class=\"side\"");
}

std::string scores(const JsonView& sample) {
  return absl::StrCat("Before ", or_dash(sample.number("score_before"), threshold_text),
                      " (threshold ", or_dash(sample.number("threshold_before"), threshold_text),
                      "), after ", or_dash(sample.number("score_after"), threshold_text),
                      " (threshold ", or_dash(sample.number("threshold_after"), threshold_text),
                      ")");
}

std::string why_nothing_changed(const JsonView& evaluation) {
  const std::vector<JsonView> variants = evaluation.items("variants");
  if (!variants.empty() && variants.front()["figures"].items("operating_points").empty()) {
    return "No decisions were compared: there are too few comparisons to choose a threshold by.";
  }
  return "Which comparisons changed sides was not recorded in this run.";
}

}  // namespace

Html changes_section(const JsonView& result) {
  const JsonView changed = result["evaluation"]["changed"];
  if (!changed.is_object()) {
    return section("changes", "Comparisons that changed sides",
                   paragraph(why_nothing_changed(result["evaluation"])));
  }
  Table table{absl::StrCat("Decisions that differ between ", changed.text("from"), " and ",
                           changed.text("to"), ", each at its own threshold for FAR ",
                           or_dash(changed.number("far"), far_text)),
              {{"", false}, {"Newly wrong", true}, {"Newly right", true}},
              {}};
  table.rows = {{Html::text("Genuine users (false rejects)"),
                 Html::text(or_dash(changed.number("new_false_rejects"), count_text)),
                 Html::text(or_dash(changed.number("mended_false_rejects"), count_text))},
                {Html::text("Impostors (false accepts)"),
                 Html::text(or_dash(changed.number("new_false_accepts"), count_text)),
                 Html::text(or_dash(changed.number("mended_false_accepts"), count_text))}};
  Html samples;
  for (const JsonView& sample : changed.items("samples")) {
    samples += element(
        "figure",
        element("div", picture(sample["enrol"], "enrolled") + picture(sample["probe"], "probe"),
                "class=\"sides\"") +
            element("figcaption", element("strong", sample.text("kind")) + Html::markup("<br>") +
                                      Html::text(scores(sample))),
        "class=\"pair\"");
  }
  Html content = render(table);
  if (samples.empty()) {
    content += paragraph("No samples of them were recorded.");
  } else {
    content += element("h3", "Those that moved most") + element("div", samples, "class=\"pairs\"");
  }
  return section("changes", "Comparisons that changed sides", content);
}

}  // namespace durward
