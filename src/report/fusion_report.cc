#include "report/fusion_report.h"

#include <absl/strings/str_cat.h>

#include "report/charts.h"
#include "report/format.h"
#include "report/html.h"
#include "report/json_view.h"
#include "report/lookup.h"
#include "report/style.h"
#include "report/svg.h"

namespace durward {
namespace {

std::string names_of(const JsonView& fusion) {
  std::vector<std::string> names;
  for (const JsonView& factor : fusion.items("factors")) names.push_back(factor.text("name"));
  return enumerate(names);
}

Html fused_det(const std::vector<JsonView>& variants) {
  std::vector<DetSeries> series;
  std::optional<double> least_far;
  for (const JsonView& variant : variants) {
    const JsonView figures = variant["figures"];
    DetSeries one{variant.text("name"), {}, figures.number("eer")};
    for (const JsonView& point : figures.items("det")) {
      const std::vector<JsonView> rates = point.items();
      if (rates.size() < 2 || !rates[0].number() || !rates[1].number()) continue;
      one.points.emplace_back(*rates[0].number(), *rates[1].number());
    }
    const auto impostors = figures.number("impostors");
    if (impostors && *impostors > 0) least_far = 3 / *impostors;  // rule of 3
    series.push_back(std::move(one));
  }
  return det_chart(series, least_far,
                   "Detection error trade-off (DET). Lower and further left is better.");
}

Html fused_figures(const std::vector<JsonView>& variants) {
  const std::vector<double> fars = all_fars(variants);
  Table table{"Error rates; 95 % intervals in brackets", {{"Factor", false}, {"EER", true}}, {}};
  for (const double far : fars) table.columns.push_back({"TAR at FAR " + far_text(far), true});
  table.columns.push_back({"Cllr, bits", true});
  table.columns.push_back({"minCllr", true});
  for (const JsonView& variant : variants) {
    const JsonView figures = variant["figures"];
    std::vector<Html> row = {Html::text(variant.text("name")),
                             rate_cell(figures.number("eer"), figures["eer_interval"])};
    for (const double far : fars) {
      const auto point = find_by_far(figures.items("operating_points"), "far_target", far);
      row.push_back(point ? rate_cell(point->number("tar"), (*point)["tar_interval"])
                          : Html::text("refused"));
    }
    row.push_back(Html::text(or_dash(variant.number("cllr"), threshold_text)));
    row.push_back(Html::text(or_dash(figures.number("min_cllr"), threshold_text)));
    table.rows.push_back(std::move(row));
  }
  Html content = render(table);
  for (const JsonView& variant : variants) {
    const std::string reason = variant["figures"].text("no_intervals_because");
    if (reason.empty()) continue;
    content += element("p", "There are no intervals: " + reason + ".", "class=\"note\"");
    break;
  }
  return content;
}

Html gains_table(const JsonView& fusion) {
  Table table{"What the sum of both adds to the better factor, in points of TAR",
              {{"FAR", false}, {"Better factor", false}, {"Gain", true}, {"At least", true}},
              {}};
  for (const JsonView& gain : fusion.items("gains")) {
    Html cell = Html::text(or_dash(gain.number("gain"), points_text));
    const std::string range = interval_text(gain["interval"], points_text);
    if (!range.empty()) cell += Html::markup("<br>") + element("small", range);
    table.rows.push_back({Html::text(or_dash(gain.number("far"), far_text)),
                          Html::text(gain.text("best")), cell,
                          Html::text(or_dash(gain.number("lower_bound"), points_text))});
  }
  if (table.rows.empty()) return {};
  return render(table) +
         element("p",
                 "On the same claims, each at its own threshold; intervals by bootstrap over "
                 "people, in which both meet the same people. \"At least\": with 95 % confidence.",
                 "class=\"note\"");
}

std::string floor_cell(const JsonView& rule, size_t factor) {
  std::vector<std::string> floors;
  for (const JsonView& pair : rule.items("floors")) {
    const std::vector<JsonView> both = pair.items();
    const auto floor = factor < both.size() ? both[factor].number() : std::nullopt;
    floors.push_back(or_dash(floor, ratio_text));
  }
  return enumerate(floors);
}

Html rules_table(const JsonView& fusion) {
  const std::vector<JsonView> factors = fusion.items("factors");
  Table table{"What passes, and who is turned away, at the policy's threshold of the sum",
              {{"Rule", false}},
              {}};
  for (const JsonView& factor : factors) {
    table.columns.push_back({"Floor, " + factor.text("name"), true});
  }
  table.columns.push_back({"Nothing stolen", true});
  for (const JsonView& factor : factors) {
    table.columns.push_back({factor.text("name") + " stolen", true});
  }
  table.columns.push_back({"FRR", true});
  table.columns.push_back({"of it by floors, points", true});
  for (const JsonView& rule : fusion.items("rules")) {
    std::vector<Html> row = {Html::text(rule.text("name"))};
    for (size_t i = 0; i < factors.size(); ++i) row.push_back(Html::text(floor_cell(rule, i)));
    const std::vector<JsonView> rates = rule.items("rates");
    for (size_t i = 0; i < factors.size() + 1; ++i) {
      row.push_back(i < rates.size() ? rate_cell(rates[i].number("far"), rates[i]["far_bounds"])
                                     : Html::text(kNoValue));
    }
    row.push_back(rate_cell(rule.number("frr"), rule["frr_bounds"]));
    row.push_back(Html::text(or_dash(rule.number("frr_of_floors"), points_text)));
    table.rows.push_back(std::move(row));
  }
  return render(table) +
         element("p",
                 "Rates are shares of claims that pass; below them bounds, each one-sided with "
                 "95 % confidence. \"Stolen\": an impostor presents the claimed person's own, and "
                 "his own other factor. Floors are of the LLRs; two of them where each half was "
                 "judged by the other's.",
                 "class=\"note\"");
}

std::string people_sentence(const JsonView& fusion) {
  const std::string people = or_dash(fusion.number("people"), count_text);
  const bool chimeric = fusion.flag("chimeric").value_or(true);
  std::string text = absl::StrCat(people, " people");
  if (chimeric) {
    absl::StrAppend(&text, " were made of ", names_of(fusion), " of different persons, in ",
                    or_dash(fusion.number("pairings"), count_text),
                    " pairings: the factors are taken for independent");
  } else {
    text += " have both factors";
  }
  const std::vector<JsonView> folds = fusion.items("folds");
  if (fusion.flag("crosswise").value_or(false)) {
    text += ". Each half was judged by the calibration and the floors of the other";
  } else if (!folds.empty()) {
    absl::StrAppend(&text, ". ", or_dash(folds[0].number("calibration_people"), count_text),
                    " of them calibrated the scores and gave the floors, ",
                    or_dash(folds[0].number("test_people"), count_text), " others were judged");
  }
  return text + ".";
}

Html fusion_provenance(const JsonView& fusion) {
  Html list;
  const auto add = [&](std::string_view term, const std::string& value) {
    list += element("dt", term) + element("dd", value);
  };
  for (const JsonView& factor : fusion.items("factors")) {
    add(factor.text("name"),
        absl::StrCat(factor.text("file"), ", ", or_dash(factor.number("people"), count_text),
                     " people, ", or_dash(factor.number("genuine"), count_text), " genuine and ",
                     or_dash(factor.number("impostors"), count_text), " impostor scores, SHA-256 ",
                     factor.text("sha256")));
  }
  const JsonView policy = fusion["policy"];
  add("Policy", absl::StrCat(policy.text("name"), ", threshold ",
                             or_dash(policy.number("threshold"), ratio_text), ", SHA-256 ",
                             policy.text("sha256")));
  add("Seed, replicates", absl::StrCat(or_dash(fusion.number("seed"), count_text), ", ",
                                       or_dash(fusion.number("replicates"), count_text)));
  return element("dl", list);
}

}  // namespace

std::string render_fusion_report(const nlohmann::json& result) {
  const JsonView view(result);
  const JsonView fusion = view["fusion"], tool = view["tool"];
  const std::vector<JsonView> variants = fusion.items("variants");
  const std::string title = "Fusion of " + names_of(fusion);
  const Html head = Html::markup("<meta charset=\"utf-8\">\n") +
                    Html::markup("<meta name=\"viewport\" content=\"width=device-width\">\n") +
                    element("title", "Durward: " + title) +
                    element("style", Html::markup(report_style()));
  Html body = element(
      "header", element("p", absl::StrCat("Durward ", tool.text("version")), "class=\"meta\"") +
                    element("h1", title));
  body += section("recognition", "Recognition",
                  paragraph(people_sentence(fusion)) + fused_det(variants) +
                      fused_figures(variants) + gains_table(fusion));
  body += section("stolen", "One factor stolen",
                  paragraph(absl::StrCat(
                      "At most ", or_dash(fusion.number("stolen_factor_rate"), percent_text),
                      " of attempts with one stolen factor are to pass; the floors found here are "
                      "the lowest that kept this on the people they were chosen with.")) +
                      rules_table(fusion));
  body += section("provenance", "Where this is from", fusion_provenance(fusion));
  return (Html::markup("<!DOCTYPE html>\n<html lang=\"en\">\n") + element("head", head) +
          element("body", svg_patterns() + body) + Html::markup("</html>\n"))
      .string();
}

}  // namespace durward
