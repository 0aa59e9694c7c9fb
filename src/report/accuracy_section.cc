#include <absl/strings/str_cat.h>

#include <algorithm>

#include "report/charts.h"
#include "report/condition_table.h"
#include "report/format.h"
#include "report/lookup.h"
#include "report/sections.h"

namespace durward {
namespace {

std::optional<double> smallest_supported_far(const std::vector<JsonView>& variants) {
  // Rule of 3 (see biometrics/evaluation.h).
  for (const JsonView& variant : variants) {
    const auto impostors = variant["figures"].number("impostors");
    if (impostors && *impostors > 0) return 3 / *impostors;
  }
  return std::nullopt;
}

Html det(const std::vector<JsonView>& variants) {
  std::vector<DetSeries> series;
  for (const JsonView& variant : variants) {
    DetSeries one{variant.text("name"), {}, variant["figures"].number("eer")};
    for (const JsonView& point : variant["figures"].items("det")) {
      const std::vector<JsonView> rates = point.items();
      if (rates.size() < 2 || !rates[0].number() || !rates[1].number()) continue;
      one.points.emplace_back(*rates[0].number(), *rates[1].number());
    }
    series.push_back(std::move(one));
  }
  return det_chart(series, smallest_supported_far(variants));
}

Html figures_table(const std::vector<JsonView>& variants) {
  const std::vector<double> fars = all_fars(variants);
  Table table{"Error rates; 95 % intervals in brackets", {{"Model", false}, {"EER", true}}, {}};
  for (const double far : fars) table.columns.push_back({"TAR at FAR " + far_text(far), true});
  table.columns.push_back({"minCllr, bits", true});
  bool few_errors = false;
  for (const JsonView& variant : variants) {
    const JsonView figures = variant["figures"];
    std::vector<Html> row = {Html::text(variant.text("name")),
                             rate_cell(figures.number("eer"), figures["eer_interval"])};
    for (const double far : fars) {
      const auto point = find_by_far(figures.items("operating_points"), "far_target", far);
      if (!point) {
        row.push_back(Html::text("refused"));
        continue;
      }
      Html cell = rate_cell(point->number("tar"), (*point)["tar_interval"]);
      if (point->flag("few_errors").value_or(false)) {
        few_errors = true;
        cell = Html::text("* ") + cell;
      }
      row.push_back(cell);
    }
    row.push_back(Html::text(or_dash(figures.number("min_cllr"), threshold_text)));
    table.rows.push_back(std::move(row));
  }
  Html content = render(table);
  if (few_errors) {
    content += element("p",
                       "* Fewer than 30 false accepts are expected here: the figure may be off by "
                       "more than 30 %, so read the interval (rule of 30, Doddington 2000).",
                       "class=\"note\"");
  }
  return content;
}

Html refused_note(const std::vector<JsonView>& variants) {
  std::vector<std::string> refused;
  double impostors = 0;
  for (const JsonView& variant : variants) {
    impostors = variant["figures"].number("impostors").value_or(0);
    for (const JsonView& entry : variant["figures"].items("refused_fars")) {
      refused.push_back(absl::StrCat(or_dash(entry.number("far"), far_text), " needs at least ",
                                     or_dash(entry.number("impostors_needed"), count_text)));
    }
    if (!refused.empty()) break;
  }
  if (refused.empty()) return {};
  return element("p",
                 "Refused for want of impostor comparisons (there are " + count_text(impostors) +
                     "): a false accept rate of " + enumerate(refused) +
                     " (rule of 3: fewer cannot even show that the rate is not larger).",
                 "class=\"note\"");
}

// The loss, its interval and its upper bound, one below the other.
Html loss_cell(const JsonView& point) {
  Html cell = Html::text(or_dash(point.number("loss"), points_text));
  const std::string interval = interval_text(point["interval"], points_text);
  if (!interval.empty()) cell += Html::markup("<br>") + element("small", interval);
  const std::optional<double> bound = point.number("upper_bound");
  if (bound) cell += Html::markup("<br>") + element("small", "below " + points_text(*bound));
  return cell;
}

Html losses_table(const JsonView& evaluation) {
  const std::vector<JsonView> pairs = evaluation.items("losses");
  const std::vector<double> fars = all_fars(evaluation.items("variants"));
  if (pairs.empty() || fars.empty()) return {};
  Table table{"Loss of TAR in points, on the same comparisons, each model at its own threshold",
              {{"From, to", false}},
              {}};
  for (const double far : fars) table.columns.push_back({"at FAR " + far_text(far), true});
  for (const JsonView& pair : pairs) {
    std::vector<Html> row = {Html::text(pair.text("from") + " to " + pair.text("to"))};
    for (const double far : fars) {
      const auto point = find_by_far(pair.items("points"), "far", far);
      row.push_back(point ? loss_cell(*point) : Html::text(kNoValue));
    }
    table.rows.push_back(std::move(row));
  }
  return element("h3", "What was lost") + render(table) +
         element(
             "p",
             "Positive: the second model turns more genuine users away; a point is one genuine "
             "attempt of 100. In brackets the 95 % interval; \"below\": with 95 % confidence the "
             "loss is smaller than that. By bootstrap over people, in which both models meet the "
             "same people and each threshold is chosen anew.",
             "class=\"note\"");
}

Html drift_table(const JsonView& evaluation) {
  Table table{"What the original's thresholds do to the compressed model",
              {{"From, to", false},
               {"FAR wanted", true},
               {"Old threshold", true},
               {"FAR there now", true},
               {"TAR there now", true},
               {"New threshold", true}},
              {}};
  for (const JsonView& pair : evaluation.items("drift")) {
    for (const JsonView& point : pair.items("points")) {
      table.rows.push_back({Html::text(pair.text("from") + " to " + pair.text("to")),
                            Html::text(or_dash(point.number("far_target"), far_text)),
                            Html::text(or_dash(point.number("old_threshold"), threshold_text)),
                            Html::text(or_dash(point.number("far_at_old"), percent_text)),
                            Html::text(or_dash(point.number("tar_at_old"), percent_text)),
                            Html::text(or_dash(point.number("new_threshold"), threshold_text))});
    }
  }
  if (table.rows.empty()) return {};
  return element("h3", "If the threshold is not changed") + render(table);
}

Html cross_table(const JsonView& evaluation) {
  std::vector<JsonView> crosses = evaluation.items("cross");
  if (crosses.empty()) return {};
  const std::vector<double> fars = all_fars(crosses);
  Table table{"One side by one model, the other side by the other; 95 % intervals in brackets",
              {{"Enrolled by", false}, {"Probe by", false}, {"EER", true}},
              {}};
  for (const double far : fars) table.columns.push_back({"TAR at FAR " + far_text(far), true});
  for (const JsonView& cross : crosses) {
    const JsonView figures = cross["figures"];
    std::vector<Html> row = {Html::text(cross.text("enrolled")), Html::text(cross.text("probe")),
                             rate_cell(figures.number("eer"), figures["eer_interval"])};
    for (const double far : fars) {
      const auto point = find_by_far(figures.items("operating_points"), "far_target", far);
      row.push_back(point ? rate_cell(point->number("tar"), (*point)["tar_interval"])
                          : Html::text("refused"));
    }
    table.rows.push_back(std::move(row));
  }
  return element("h3", "Templates that were enrolled with the other model") + render(table);
}

Html cosine_table(const JsonView& evaluation) {
  Table table{"The same picture by both models: cosine of the two embeddings",
              {{"From, to", false}, {"Mean", true}, {"1 % lie below", true}, {"Lowest", true}},
              {}};
  for (const JsonView& pair : evaluation.items("cosine")) {
    table.rows.push_back({Html::text(pair.text("from") + " to " + pair.text("to")),
                          Html::text(or_dash(pair.number("mean"), cosine_text)),
                          Html::text(or_dash(pair.number("first_percentile"), cosine_text)),
                          Html::text(or_dash(pair.number("lowest"), cosine_text))});
  }
  return table.rows.empty() ? Html() : element("h3", "How far embeddings moved") + render(table);
}

Html group_tables(const JsonView& evaluation) {
  Html content;
  for (const JsonView& entry : evaluation.items("groups")) {
    Table table{absl::StrCat("Error rates by group: ", entry.text("variant"), " at threshold ",
                             or_dash(entry.number("threshold"), threshold_text), " (FAR ",
                             or_dash(entry.number("far"), far_text), ")"),
                {{"Group", false},
                 {"False match rate", true},
                 {"of impostors", true},
                 {"False non-match rate", true},
                 {"of genuine", true}},
                {}};
    const JsonView differential = entry["differential"];
    for (const JsonView& group : differential.items("groups")) {
      table.rows.push_back({Html::text(group.text("name")),
                            Html::text(or_dash(group.number("fmr"), percent_text)),
                            Html::text(or_dash(group.number("impostors"), count_text)),
                            Html::text(or_dash(group.number("fnmr"), percent_text)),
                            Html::text(or_dash(group.number("genuine"), count_text))});
    }
    if (table.rows.empty()) continue;
    content += render(table) +
               element("p",
                       absl::StrCat("Worst group over the geometric mean of all: false matches ",
                                    or_dash(differential.number("fmr_worst_to_mean"), ratio_text),
                                    ", false non-matches ",
                                    or_dash(differential.number("fnmr_worst_to_mean"), ratio_text),
                                    " (1 is even; a dash: a group without errors)."),
                       "class=\"note\"");
  }
  return content.empty() ? content : element("h3", "Demographic groups") + content;
}

Html certificate_table(const JsonView& certificate) {
  Table table{
      "At the bundle's thresholds, on other people like these: bounds with 95 % confidence",
      {{"For FAR", true}, {"Threshold", true}, {"FAR is at most", true}, {"TAR is at least", true}},
      {}};
  for (const JsonView& point : certificate.items("points")) {
    table.rows.push_back({Html::text(or_dash(point.number("far"), far_text)),
                          Html::text(or_dash(point.number("threshold"), threshold_text)),
                          Html::text(or_dash(point.number("far_bound"), far_text)),
                          Html::text(or_dash(point.number("tar_bound"), percent_text))});
  }
  Html refusals;
  for (const JsonView& refused : certificate.items("refused")) {
    refusals += element("p",
                        "FAR " + or_dash(refused.number("far"), far_text) +
                            " is not promised: " + refused.text("reason") + ".",
                        "class=\"note\"");
  }
  if (table.rows.empty() && refusals.empty()) return {};
  return element("h3", "What the bundle's certificate promises") +
         (table.rows.empty() ? Html() : render(table)) + refusals;
}

Html calibration_table(const JsonView& calibration) {
  const std::vector<JsonView> features = calibration.items("features");
  const std::vector<JsonView> weights = calibration.items("weights");
  if (features.empty() || features.size() != weights.size()) return {};
  Table table{"Natural log-likelihood ratio: the offset and, of each feature, its weight times it",
              {{"Feature", false}, {"Weight", true}},
              {}};
  for (size_t i = 0; i < features.size(); ++i) {
    table.rows.push_back(
        {Html::text(features[i].text()), Html::text(or_dash(weights[i].number(), threshold_text))});
  }
  table.rows.push_back(
      {Html::text("offset"), Html::text(or_dash(calibration.number("offset"), threshold_text))});
  return element("h3", "What a score weighs") + render(table) +
         element(
             "p",
             absl::StrCat("Fitted on half of ", or_dash(calibration.number("people"), count_text),
                          " people; on the other half Cllr is ",
                          or_dash(calibration.number("cllr"), threshold_text), " bits, of which ",
                          or_dash(calibration.number("min_cllr"), threshold_text),
                          " are what no calibration could take away (minCllr)."),
             "class=\"note\"");
}

std::string source_sentence(const JsonView& evaluation) {
  const JsonView figures = evaluation.items("variants").front()["figures"];
  std::string sentence =
      absl::StrCat(evaluation.text("source").empty() ? "The evaluation" : evaluation.text("source"),
                   ": ", or_dash(figures.number("genuine"), count_text), " genuine and ",
                   or_dash(figures.number("impostors"), count_text), " impostor comparisons of ",
                   or_dash(figures.number("people"), count_text), " people");
  if (const auto images = evaluation.number("images")) {
    sentence += " in " + count_text(*images) + " pictures";
  }
  sentence += ".";
  const double skipped = evaluation.number("images_skipped").value_or(0);
  if (skipped > 0) {
    sentence += " " + count_text(skipped) + " pictures were left out since no face was found.";
  }
  const std::string no_intervals = figures.text("no_intervals_because");
  if (!no_intervals.empty()) sentence += " No intervals: " + no_intervals + ".";
  if (figures.items("operating_points").empty()) {
    sentence +=
        " So few comparisons bound no error rate: that a figure below is 0 shows only that these "
        "pictures are told apart.";
  }
  return sentence;
}

}  // namespace

Html accuracy_section(const JsonView& result) {
  const JsonView evaluation = result["evaluation"];
  const std::vector<JsonView> variants = evaluation.items("variants");
  if (variants.empty()) {
    return section("accuracy", "Recognition",
                   paragraph("Recognition was not evaluated in this run: no trials were given."));
  }
  return section("accuracy", "Recognition",
                 paragraph(source_sentence(evaluation)) + det(variants) + figures_table(variants) +
                     refused_note(variants) + condition_table(variants) + losses_table(evaluation) +
                     drift_table(evaluation) + cosine_table(evaluation) + cross_table(evaluation) +
                     group_tables(evaluation) + certificate_table(result["certificate"]) +
                     calibration_table(result["score_calibration"]));
}

}  // namespace durward
