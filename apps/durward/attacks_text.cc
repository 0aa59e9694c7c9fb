#include "attacks_text.h"

#include <absl/strings/str_cat.h>

#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

std::string in_percent(const json& share) { return fixed(100 * share.get<double>(), 2); }

std::string with_interval(const json& value, const json& interval) {
  return absl::StrCat(in_percent(value), " [", in_percent(interval[0]), ", ",
                      in_percent(interval[1]), "]");
}

std::string pictures_text(const json& attacks) {
  const auto of_kind = [](const json& kind) {
    const auto pictures = kind["pictures"].get<int64_t>(), used = kind["used"].get<int64_t>();
    return absl::StrCat(used, " ", kind["name"].get<std::string>(),
                        used == pictures ? ""
                                         : absl::StrCat(" (", pictures - used,
                                                        " more could not be "
                                                        "used: no face, or unreadable)"));
  };
  std::string text = of_kind(attacks["live"]);
  for (const json& species : attacks["species"]) absl::StrAppend(&text, ", ", of_kind(species));
  absl::StrAppend(&text, "\n");
  const auto used = attacks["live"]["used"].get<double>(),
             needed = attacks["live_needed"].get<double>();
  if (used < needed) {
    absl::StrAppend(&text, "a BPCER of ", in_percent(attacks["bpcer_target"]),
                    " % is refused: it needs at least ", needed, " live presentations\n");
  }
  return text;
}

std::string rates_table(const json& attacks) {
  std::vector<std::string> header = {"in % [95 % interval]", "decided by", "BPCER"};
  for (const json& species : attacks["species"]) {
    header.push_back("APCER " + species["name"].get<std::string>());
  }
  TextTable table(header);
  for (const json& variant : attacks["variants"]) {
    for (const json& point : variant["points"]) {
      const json& bpcer = point["bpcer"];
      std::vector<std::string> row = {
          variant["name"].get<std::string>(), point["name"].get<std::string>(),
          bpcer.is_null() ? "" : with_interval(bpcer["rate"], bpcer["interval"])};
      for (const json& species : attacks["species"]) {
        std::string& cell = row.emplace_back();
        for (const json& apcer : point["apcer"]) {
          if (apcer["species"] != species["name"]) continue;
          cell = with_interval(apcer["rate"], apcer["interval"]);
        }
      }
      table.add(std::move(row));
    }
  }
  return table.text();
}

std::string changes_table(const json& change) {
  TextTable table({"decided by", "presented", "pictures", "new errors", "mended",
                   "more errors, points [95 %]", "p"});
  for (const json& point : change["points"]) {
    for (const json& kind : point["kinds"]) {
      table.add({point["name"].get<std::string>(), kind["kind"].get<std::string>(),
                 absl::StrCat(kind["presentations"].get<int64_t>()),
                 absl::StrCat(kind["new_errors"].get<int64_t>()),
                 absl::StrCat(kind["mended_errors"].get<int64_t>()),
                 with_interval(kind["increase"], kind["interval"]),
                 fixed(kind["p_value"].get<double>(), 3)});
    }
  }
  return absl::StrCat("\n", change["to"].get<std::string>(), " against ",
                      change["from"].get<std::string>(), ":\n", table.text());
}

}  // namespace

std::string attacks_text(const json& attacks) {
  std::string text = pictures_text(attacks) + "\n" + rates_table(attacks);
  for (const json& change : attacks.value("changes", json::array())) text += changes_table(change);
  return text;
}

}  // namespace durward
