#include "report/sections.h"

namespace durward {
namespace {

std::string marked(const std::string& verdict) {
  if (verdict == "passed") return "\xE2\x9C\x93\xC2\xA0passed";
  if (verdict == "failed")
    return "\xE2\x9C\x97\xC2\xA0"
           "failed";
  return "?\xC2\xA0unproven";
}

}  // namespace

Html gates_section(const JsonView& result) {
  Html content;
  Table table{"Gates: the loss of TAR that was allowed, and what was found",
              {{"Gate", false}, {"Verdict", false}, {"Finding", false}},
              {}};
  for (const JsonView& gate : result.items("gates")) {
    table.rows.push_back({element("code", gate.text("text")),
                          Html::text(marked(gate.text("verdict"))),
                          Html::text(gate.text("reason"))});
  }
  content += table.rows.empty() ? paragraph("No gate was set.") : render(table);
  Html warnings;
  for (const JsonView& warning : result.items("warnings")) {
    warnings += element("li", warning.text());
  }
  if (!warnings.empty()) content += element("h3", "Warnings") + element("ul", warnings);
  return section("gates", "Gates and warnings", content);
}

}  // namespace durward
