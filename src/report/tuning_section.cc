#include <absl/strings/str_cat.h>

#include "report/charts.h"
#include "report/format.h"
#include "report/sections.h"

namespace durward {
namespace {

std::optional<JsonView> point_of_step(const std::vector<JsonView>& history,
                                      std::optional<double> step) {
  for (const JsonView& point : history) {
    if (step && point.number("step") == step) return point;
  }
  return std::nullopt;
}

std::vector<std::pair<double, double>> curve(const std::vector<JsonView>& history,
                                             std::string_view key) {
  std::vector<std::pair<double, double>> points;
  for (const JsonView& point : history) {
    const auto step = point.number("step"), value = point.number(key);
    if (step && value) points.emplace_back(*step, *value);
  }
  return points;
}

std::string sentence(const JsonView& tuning) {
  std::string text =
      absl::StrCat("Fine-tuned by ", tuning.text("method"),
                   " without labels: ", or_dash(tuning.number("steps"), count_text), " steps of ",
                   or_dash(tuning.number("batch"), count_text), " out of ",
                   or_dash(tuning.number("training_samples"), count_text), " samples; ",
                   or_dash(tuning.number("held_out_samples"), count_text),
                   " pictures were held out to choose the best step, which is ",
                   or_dash(tuning.number("best_step"), count_text), ". ");
  const auto compared = tuning.number("elements_compared"), equal = tuning.number("elements_equal");
  if (compared && equal) {
    absl::StrAppend(&text, "Of ", count_text(*compared),
                    " elements of embeddings that training computed at last, the reference "
                    "executor computes ",
                    *compared == *equal ? "all" : count_text(*equal),
                    " with the same bits on the exported integers.");
  }
  return text;
}

}  // namespace

Html tuning_section(const JsonView& result) {
  const JsonView tuning = result["tuning"];
  const std::vector<JsonView> history = tuning.items("history");
  if (history.empty()) {
    return section("tuning", "Fine-tuning", paragraph("The model was not fine-tuned in this run."));
  }
  Table table{"On the held-out pictures",
              {{"", false}, {"Loss", true}, {"Cosine, mean", true}, {"Cosine, lowest", true}},
              {}};
  const auto add = [&](std::string_view name, const std::optional<JsonView>& point) {
    if (!point) return;
    const auto loss = point->number("held_out_loss");
    char text[32] = "";
    if (loss) std::snprintf(text, sizeof text, "%.5f", *loss);
    table.rows.push_back({Html::text(name), Html::text(text),
                          Html::text(or_dash(point->number("cosine_mean"), cosine_text)),
                          Html::text(or_dash(point->number("cosine_min"), cosine_text))});
  };
  add("Before", history.front());
  add("After, best step", point_of_step(history, tuning.number("best_step")));
  return section("tuning", "Fine-tuning",
                 paragraph(sentence(tuning)) +
                     training_chart({{"Training", curve(history, "loss")},
                                     {"Held out", curve(history, "held_out_loss")}}) +
                     render(table));
}

}  // namespace durward
