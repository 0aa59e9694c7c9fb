// Finding things in result.json, and the sentences that several sections share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/json_view.h"

namespace durward {

// The element of an array whose `key` is this text.
[[nodiscard]] std::optional<JsonView> find_by_text(const std::vector<JsonView>& items,
                                                   std::string_view key, std::string_view text);

// The element of an array whose `key` is this FAR.
[[nodiscard]] std::optional<JsonView> find_by_far(const std::vector<JsonView>& items,
                                                  std::string_view key, double far);

// What the pipeline recommends to ship, with all that is known of it. `result` must outlive it.
struct Recommendation {
  std::string file, runtime, variant, because;
  std::optional<double> far;
  std::optional<JsonView> run = std::nullopt;       // of "runs": the file in its runtime
  std::optional<JsonView> figures = std::nullopt;   // of its variant of "evaluation"
  std::optional<JsonView> point = std::nullopt;     // its operating point at the FAR
  std::optional<JsonView> loss = std::nullopt;      // against the original, at the FAR
  std::optional<JsonView> drift = std::nullopt;     // of the threshold, at the FAR
  std::optional<JsonView> original = std::nullopt;  // the original's operating point at the FAR
};
[[nodiscard]] std::optional<Recommendation> recommendation(const JsonView& result);

enum class Verdict : uint8_t { kNotGated, kPassed, kFailed, kUnproven };
// Failed if any gate failed, else unproven if any is, else passed.
[[nodiscard]] Verdict overall_verdict(const JsonView& result);

// The FARs of all variants' operating points, descending.
[[nodiscard]] std::vector<double> all_fars(const std::vector<JsonView>& variants);

}  // namespace durward
