#include "report/profile_tables.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "report/format.h"

namespace durward {

std::string profile_name(const JsonView& profile) {
  return absl::StrCat(profile.text("runtime"), ", ", profile.text("file"));
}

std::optional<double> typical_time(const JsonView& object) {
  const JsonView us = object["us"];
  return us.number("median") ? us.number("median") : us.number("mean");
}

std::string time_text(const std::optional<double>& us) {
  return us ? milliseconds_text(*us / 1e3) : kNoValue;
}

std::string microseconds_text(double us) { return absl::StrFormat("%.1f", us); }

double share_in(const JsonView& profile, const char* precision) {
  double part = 0, all = 0;
  for (const JsonView& op : profile.items("ops")) {
    const double us = typical_time(op).value_or(0);
    all += us;
    if (op.text("precision") == precision) part += us;
  }
  return all > 0 ? part / all : 0;
}

JsonView compared(const JsonView& comparison, const char* key,
                  const std::vector<JsonView>& profiles) {
  const double place = comparison.number(key).value_or(-1);
  return place >= 0 && place < static_cast<double>(profiles.size())
             ? profiles[static_cast<size_t>(place)]
             : comparison[""];
}

Html comparison_table(const JsonView& comparison, const std::vector<JsonView>& profiles) {
  Table table{absl::StrCat("From ", profile_name(compared(comparison, "from", profiles)), " to ",
                           profile_name(compared(comparison, "to", profiles))),
              {{"Op", false},
               {"Before, \xC2\xB5s", true},
               {"After, \xC2\xB5s", true},
               {"Ratio", true},
               {"", false}},
              {}};
  for (const JsonView& op : comparison.items("ops")) {
    const bool slower = op.flag("slower").value_or(false);
    table.rows.push_back({element("code", op.text("name")),
                          Html::text(or_dash(op.number("before_us"), microseconds_text)),
                          Html::text(or_dash(op.number("after_us"), microseconds_text)),
                          Html::text(or_dash(op.number("ratio"), ratio_text)),
                          slower ? element("strong", "slower") : Html()});
  }
  return render(table);
}

}  // namespace durward
