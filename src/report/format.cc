#include "report/format.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <cmath>

namespace durward {

std::string count_text(double count) {
  std::string digits = absl::StrFormat("%.0f", std::abs(count));
  for (size_t place = digits.size(); place > 3;) {
    place -= 3;
    digits.insert(place, ",");
  }
  return count < 0 ? "-" + digits : digits;
}

std::string percent_number(double rate) {
  const double percent = rate * 100;
  if (percent == 0 || std::abs(percent) >= 0.1) return absl::StrFormat("%.2f", percent);
  // Two significant digits, without an exponent.
  const int decimals = 1 - static_cast<int>(std::floor(std::log10(std::abs(percent))));
  return absl::StrFormat("%.*f", std::min(decimals, 12), percent);
}

std::string percent_text(double rate) { return percent_number(rate) + " %"; }

std::string points_text(double rate) {
  const double points = rate * 100;
  return absl::StrFormat("%.2f", std::abs(points) < 0.005 ? 0.0 : points);  // never "-0.00"
}

std::string far_text(double far) {
  if (!(far > 0)) return "0";
  return "1\xC2\xA0in\xC2\xA0" + count_text(std::round(1 / far));
}

std::string far_exponent(double far) {
  if (!(far > 0)) return "0";
  const int exponent = static_cast<int>(std::floor(std::log10(far) + 1e-9));
  return absl::StrFormat("%.3ge%d", far / std::pow(10, exponent), exponent);
}

std::string milliseconds_text(double ms) { return absl::StrFormat("%.*f ms", ms < 10 ? 2 : 1, ms); }

std::string bytes_text(double bytes) {
  if (bytes < 1e3) return absl::StrFormat("%.0f bytes", bytes);
  if (bytes < 1e6) return absl::StrFormat("%.0f kB", bytes / 1e3);
  if (bytes < 1e9) return absl::StrFormat("%.2f MB", bytes / 1e6);
  return absl::StrFormat("%.2f GB", bytes / 1e9);
}

std::string threshold_text(double threshold) { return absl::StrFormat("%.4f", threshold); }

std::string cosine_text(double cosine) { return absl::StrFormat("%.5f", cosine); }

std::string ratio_text(double ratio) { return absl::StrFormat("%.2f", ratio); }

std::string times_text(double factor) {
  return absl::StrFormat("%.*f times", factor < 10 ? 1 : 0, factor);
}

std::string interval_text(const JsonView& interval, std::string (*format)(double)) {
  const std::vector<JsonView> ends = interval.items();
  if (ends.size() != 2 || !ends[0].number() || !ends[1].number()) return {};
  return absl::StrCat("[", format(*ends[0].number()), ", ", format(*ends[1].number()), "]");
}

std::string or_dash(const std::optional<double>& value, std::string (*format)(double)) {
  return value ? format(*value) : kNoValue;
}

std::string enumerate(const std::vector<std::string>& parts) {
  std::string joined;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) joined += i + 1 == parts.size() ? " and " : ", ";
    joined += parts[i];
  }
  return joined;
}

Html rate_cell(const std::optional<double>& rate, const JsonView& interval) {
  Html cell = Html::text(or_dash(rate, percent_text));
  const std::string range = interval_text(interval, percent_number);
  if (!range.empty()) cell += Html::markup("<br>") + element("small", range);
  return cell;
}

}  // namespace durward
