#include "precision_text.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

std::string far_name(const json& point) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0e", point["far"].get<double>());
  return text;
}

// The heads of the columns that losses_cells() fills.
void add_loss_heads(const json& entry, std::vector<std::string>& head) {
  for (const json& point : entry.value("losses", json::array())) {
    head.push_back("loss of TAR@" + far_name(point));
  }
}

// In points, with the paired interval.
void add_loss_cells(const json& entry, std::vector<std::string>& row) {
  for (const json& point : entry.value("losses", json::array())) {
    std::string cell = fixed(100 * point["loss"].get<double>(), 2);
    if (point["interval"].is_array()) {
      absl::StrAppend(&cell, " [", fixed(100 * point["interval"][0].get<double>(), 2), ", ",
                      fixed(100 * point["interval"][1].get<double>(), 2), "]");
    }
    row.push_back(std::move(cell));
  }
}

std::string held_out_text(const json& document) {
  return absl::StrCat("on ", document["held_out"]["images"].get<int64_t>(),
                      " pictures that were not calibrated on");
}

void add_judged(const json& entry, std::vector<std::string>& row) {
  row.push_back(fixed(1e3 * entry["loss"].get<double>(), 4));
  row.push_back(fixed(entry["cosine_min"].get<double>(), 5));
  row.push_back(entry["snr_db"].is_number() ? fixed(entry["snr_db"].get<double>(), 1) : "");
}

}  // namespace

std::string ablation_table(const json& ablation) {
  std::vector<std::string> head = {"", "1 - cosine, 1e-3", "lowest cosine", "SNR, dB"};
  add_loss_heads(ablation["rows"][0], head);
  TextTable table(std::move(head));
  for (const json& entry : ablation["rows"]) {
    std::vector<std::string> row = {entry["name"].get<std::string>()};
    add_judged(entry, row);
    add_loss_cells(entry, row);
    table.add(std::move(row));
  }
  return absl::StrCat("what each step is worth, ", held_out_text(ablation), ":\n", table.text());
}

std::string sensitivity_table(const json& sensitivity, size_t most) {
  std::vector<const json*> units;
  for (const json& unit : sensitivity["units"]) {
    if (unit.contains("loss")) units.push_back(&unit);
  }
  std::stable_sort(units.begin(), units.end(), [](const json* a, const json* b) {
    return (*a)["loss"].get<double>() > (*b)["loss"].get<double>();
  });
  units.resize(std::min(units.size(), most));
  std::vector<std::string> head = {"alone in int8", "op", "1 - cosine, 1e-3", "lowest cosine",
                                   "SNR, dB"};
  add_loss_heads(sensitivity["together"], head);
  TextTable table(std::move(head));
  for (const json* unit : units) {
    std::vector<std::string> row = {printable((*unit)["name"].get<std::string>()),
                                    (*unit)["op"].get<std::string>()};
    add_judged(*unit, row);
    add_loss_cells(*unit, row);
    table.add(std::move(row));
  }
  std::vector<std::string> row = {"all together", ""};
  add_judged(sensitivity["together"], row);
  add_loss_cells(sensitivity["together"], row);
  table.add(std::move(row));
  return absl::StrCat("the most sensitive layers, ", held_out_text(sensitivity), ":\n",
                      table.text());
}

std::string mixed_table(const json& mixed) {
  std::vector<std::string> head = {
      "", "in float", "ms", "foreseen ms", "KB", "1 - cosine, 1e-3", "lowest cosine", "SNR, dB"};
  add_loss_heads(mixed["front"][0], head);
  TextTable table(std::move(head));
  for (size_t i = 0; i < mixed["front"].size(); ++i) {
    const json& point = mixed["front"][i];
    std::vector<std::string> row = {
        i == mixed["chosen"] ? "chosen" : "", std::to_string(point["in_float"].size()),
        fixed(point["ms"].get<double>(), 3), fixed(point["foreseen_ms"].get<double>(), 3),
        fixed(point["bytes"].get<double>() / 1e3, 0)};
    add_judged(point, row);
    add_loss_cells(point, row);
    table.add(std::move(row));
  }
  std::string text =
      absl::StrCat("mixtures of int8 and float, ", held_out_text(mixed), ":\n", table.text());
  const json& in_float = mixed["front"][mixed["chosen"].get<size_t>()]["in_float"];
  absl::StrAppend(&text, "in float: ");
  for (size_t i = 0; i < in_float.size(); ++i) {
    absl::StrAppend(&text, i > 0 ? ", " : "", printable(in_float[i].get<std::string>()));
  }
  return text + (in_float.empty() ? "nothing\n" : "\n");
}

}  // namespace durward
