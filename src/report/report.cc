#include "report/report.h"

#include "report/result_json.h"
#include "report/sections.h"
#include "report/style.h"

namespace durward {
namespace {

struct Contents {
  const char* id;
  const char* name;
};

constexpr Contents kContents[] = {
    {"summary", "Summary"},
    {"gates", "Gates and warnings"},
    {"accuracy", "Recognition"},
    {"changes", "Changed sides"},
    {"attacks", "Presentation attacks"},
    {"speed", "Speed and size"},
    {"placement", "Where each op ran"},
    {"profile", "Before and after"},
    {"agreement", "Exports"},
    {"layers", "Noise by layer"},
    {"precision", "Where precision matters"},
    {"tuning", "Fine-tuning"},
    {"provenance", "Model, machine"},
    {"terms", "Terms"},
};

Html contents() {
  Html list;
  for (const Contents& entry : kContents) {
    list += element("li", element("a", entry.name, "href=\"#" + std::string(entry.id) + "\""));
  }
  return element("nav", element("ul", list), "aria-label=\"Contents\"");
}

Html header(const JsonView& result) {
  const std::string model = result["model"].text("file");
  const JsonView tool = result["tool"];
  std::string title = result.text("title");
  if (title.empty()) title = model.empty() ? "Compression report" : "Compression of " + model;
  std::string line = tool.text("version").empty() ? "Durward" : "Durward " + tool.text("version");
  if (!tool.text("date").empty()) line += ", " + tool.text("date");
  return element("header", element("p", line, "class=\"meta\"") + element("h1", title));
}

}  // namespace

absl::StatusOr<std::string> render_report(const nlohmann::json& result) {
  const JsonView view(result);
  if (!view.is_object() || view.text("schema") != kResultSchema) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a result of this version: \"schema\" must be \"",
                     std::string(kResultSchema), "\" and is \"", view.text("schema"), "\""));
  }
  const Html head = Html::markup("<meta charset=\"utf-8\">\n") +
                    Html::markup("<meta name=\"viewport\" content=\"width=device-width\">\n") +
                    element("title", "Durward: " + (view["model"].text("file").empty()
                                                        ? std::string("report")
                                                        : view["model"].text("file"))) +
                    element("style", Html::markup(report_style()));
  const Html main = summary_section(view) + gates_section(view) + accuracy_section(view) +
                    changes_section(view) + attacks_section(view) + speed_section(view) +
                    placement_section(view) + profile_section(view) + agreement_section(view) +
                    layers_section(view) + precision_section(view) + tuning_section(view) +
                    provenance_section(view) + glossary_section();
  const Html body = Html::markup("<a class=\"skip\" href=\"#main\">Skip to the report</a>\n") +
                    header(view) + contents() + element("main", main, "id=\"main\"");
  return (Html::markup("<!DOCTYPE html>\n<html lang=\"en\">\n") + element("head", head) +
          element("body", svg_patterns() + body) + Html::markup("</html>\n"))
      .string();
}

}  // namespace durward
