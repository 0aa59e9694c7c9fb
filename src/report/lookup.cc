#include "report/lookup.h"

#include <algorithm>
#include <cmath>

namespace durward {
namespace {

bool same_far(double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(b); }

}  // namespace

std::optional<JsonView> find_by_text(const std::vector<JsonView>& items, std::string_view key,
                                     std::string_view text) {
  for (const JsonView& item : items) {
    if (item.text(key) == text) return item;
  }
  return std::nullopt;
}

std::optional<JsonView> find_by_far(const std::vector<JsonView>& items, std::string_view key,
                                    double far) {
  for (const JsonView& item : items) {
    const std::optional<double> number = item.number(key);
    if (number && same_far(*number, far)) return item;
  }
  return std::nullopt;
}

std::optional<Recommendation> recommendation(const JsonView& result) {
  const JsonView given = result["recommendation"];
  if (given.text("file").empty()) return std::nullopt;
  Recommendation found{.file = given.text("file"),
                       .runtime = given.text("runtime"),
                       .variant = given.text("variant"),
                       .because = given.text("because"),
                       .far = given.number("far")};
  for (const JsonView& run : result.items("runs")) {
    if (run.text("file") == found.file && run.text("runtime") == found.runtime) {
      found.run = run;
      break;
    }
  }
  const JsonView evaluation = result["evaluation"];
  const auto variant = find_by_text(evaluation.items("variants"), "name", found.variant);
  if (variant) found.figures = (*variant)["figures"];
  if (!found.far) return found;
  if (found.figures) {
    found.point = find_by_far(found.figures->items("operating_points"), "far_target", *found.far);
  }
  if (const auto losses = find_by_text(evaluation.items("losses"), "to", found.variant)) {
    found.loss = find_by_far(losses->items("points"), "far", *found.far);
    const auto from = find_by_text(evaluation.items("variants"), "name", losses->text("from"));
    if (from) {
      found.original =
          find_by_far((*from)["figures"].items("operating_points"), "far_target", *found.far);
    }
  }
  if (const auto drift = find_by_text(evaluation.items("drift"), "to", found.variant)) {
    found.drift = find_by_far(drift->items("points"), "far_target", *found.far);
  }
  return found;
}

Verdict overall_verdict(const JsonView& result) {
  Verdict verdict = Verdict::kNotGated;
  for (const JsonView& gate : result.items("gates")) {
    const std::string word = gate.text("verdict");
    if (word == "failed") return Verdict::kFailed;
    if (word != "passed") {
      verdict = Verdict::kUnproven;
    } else if (verdict == Verdict::kNotGated) {
      verdict = Verdict::kPassed;
    }
  }
  return verdict;
}

std::vector<double> all_fars(const std::vector<JsonView>& variants) {
  std::vector<double> fars;
  for (const JsonView& variant : variants) {
    for (const JsonView& point : variant["figures"].items("operating_points")) {
      const std::optional<double> far = point.number("far_target");
      if (!far) continue;
      const bool known =
          std::any_of(fars.begin(), fars.end(), [&](double f) { return same_far(*far, f); });
      if (!known) fars.push_back(*far);
    }
  }
  std::sort(fars.begin(), fars.end(), std::greater<>());
  return fars;
}

}  // namespace durward
