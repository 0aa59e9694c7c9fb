// What the reports of a profile document (docs/profile.md) and of a compression show alike.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/html.h"
#include "report/json_view.h"

namespace durward {

// "engine, face.bundle".
[[nodiscard]] std::string profile_name(const JsonView& profile);
// Microseconds of a profile or an op: the median, or the mean where its runtime tells no more.
[[nodiscard]] std::optional<double> typical_time(const JsonView& object);
[[nodiscard]] std::string time_text(const std::optional<double>& us);
[[nodiscard]] std::string microseconds_text(double us);
// The share of the ops' time that is spent in a precision, "int8" for example.
[[nodiscard]] double share_in(const JsonView& profile, const char* precision);
// The profile that "from" or "to" of a comparison says; an empty view where there is none.
[[nodiscard]] JsonView compared(const JsonView& comparison, const char* key,
                                const std::vector<JsonView>& profiles);
// A comparison op by op.
[[nodiscard]] Html comparison_table(const JsonView& comparison,
                                    const std::vector<JsonView>& profiles);

}  // namespace durward
