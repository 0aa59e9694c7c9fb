#include "fusion_text.h"

#include <absl/strings/str_cat.h>

#include <cstdio>

#include "figures_table.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

// "98.73 [97.83, 99.17]".
std::string with_pair(double share, const json& pair) {
  if (!pair.is_array()) return points(share);
  return absl::StrCat(points(share), " [", points(pair[0].get<double>()), ", ",
                      points(pair[1].get<double>()), "]");
}

std::string far_name(double far) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0e", far);
  return text;
}

std::string people_line(const json& fusion) {
  std::string text = absl::StrCat(fusion["people"].get<int64_t>(), " people",
                                  fusion["chimeric"].get<bool>()
                                      ? absl::StrCat(" made of different persons, in ",
                                                     fusion["pairings"].get<int64_t>(), " pairings")
                                      : " of both lists");
  const json& fold = fusion["folds"][0];
  if (fusion["crosswise"].get<bool>()) {
    return text + "; each half judged by what was learnt of the other\n";
  }
  return absl::StrCat(text, "; learnt of ", fold["calibration_people"].get<int64_t>(),
                      ", judged on ", fold["test_people"].get<int64_t>(), " others\n");
}

std::string figures_of_variants(const json& fusion) {
  std::vector<std::string> header = {"factor", "EER %"};
  const json& first = fusion["variants"][0]["figures"];
  for (const json& point : first["operating_points"]) {
    header.push_back("TAR % at " + far_name(point["far_target"]));
  }
  header.insert(header.end(), {"Cllr", "minCllr"});
  TextTable table(header);
  for (const json& variant : fusion["variants"]) {
    const json& figures = variant["figures"];
    std::vector<std::string> row = {variant["name"].get<std::string>(),
                                    with_pair(figures["eer"], figures["eer_interval"])};
    for (const json& point : figures["operating_points"]) {
      row.push_back(with_pair(point["tar"], point["tar_interval"]));
    }
    row.push_back(fixed(variant["cllr"], 3));
    row.push_back(fixed(figures["min_cllr"], 3));
    table.add(std::move(row));
  }
  std::string text = table.text();
  for (const json& refused : first["refused_fars"]) {
    absl::StrAppend(&text, "FAR ", far_name(refused["far"]), " is refused: it needs at least ",
                    refused["impostors_needed"].get<int64_t>(), " impostor claims\n");
  }
  if (first.contains("no_intervals_because")) {
    absl::StrAppend(
        &text, "no intervals: ", first["no_intervals_because"].get<std::string>(),
        fusion["crosswise"].get<bool>() ? "" : "; --crosswise judges twice as many people", "\n");
  }
  return text;
}

std::string gains_of_fusion(const json& fusion) {
  std::string text;
  for (const json& gain : fusion["gains"]) {
    absl::StrAppend(&text, "TAR at FAR ", far_name(gain["far"]), ": the sum gains ",
                    with_pair(gain["gain"], gain["interval"]), " points on ",
                    gain["best"].get<std::string>());
    if (gain["lower_bound"].is_number()) {
      absl::StrAppend(&text, ", at least ", points(gain["lower_bound"]));
    }
    text += "\n";
  }
  return text;
}

std::string floors_cell(const json& rule) {
  std::string cell;
  for (const json& pair : rule["floors"]) {
    if (!cell.empty()) cell += "; ";
    for (size_t i = 0; i < 2; ++i) {
      absl::StrAppend(&cell, i > 0 ? ", " : "",
                      pair[i].is_number() ? fixed(pair[i], 2) : std::string("none"));
    }
  }
  return cell;
}

std::string rules_of_fusion(const json& fusion) {
  TextTable table({"rule", "floors", "passes, %: nothing stolen",
                   fusion["factors"][0]["name"].get<std::string>() + " stolen",
                   fusion["factors"][1]["name"].get<std::string>() + " stolen", "FRR %",
                   "of it by floors"});
  for (const json& rule : fusion["rules"]) {
    std::vector<std::string> row = {rule["name"].get<std::string>(), floors_cell(rule)};
    for (const json& rate : rule["rates"]) {
      row.push_back(with_pair(rate["far"], rate["far_bounds"]));
    }
    row.push_back(with_pair(rule["frr"], rule["frr_bounds"]));
    row.push_back(points(rule["frr_of_floors"]));
    table.add(std::move(row));
  }
  return table.text();
}

}  // namespace

std::string fusion_text(const json& fusion) {
  const json& policy = fusion["policy"];
  return absl::StrCat(people_line(fusion), "\n", figures_of_variants(fusion),
                      gains_of_fusion(fusion), "\npolicy ", policy["name"].get<std::string>(),
                      ": the sum of the LLRs above ", fixed(policy["threshold"], 2),
                      "; one stolen factor is to pass at most ",
                      percent(fusion["stolen_factor_rate"]), "\n", rules_of_fusion(fusion));
}

}  // namespace durward
