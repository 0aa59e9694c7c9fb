// The two kinds of written trial lists, each parsed row by row; nothing is looked up on disk here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/status.h"

namespace durward {

// One comparison as a list states it. Empty where the list does not say.
struct TrialRow {
  std::string_view enrol{};  // pictures, relative to the folder of the list's pictures
  std::string_view probe{};
  std::optional<bool> same_person{};
  std::string_view person_enrol{};  // both or neither
  std::string_view person_probe{};
  std::string_view group{};
  int64_t line = 0;
};

// Takes each row in turn; the row's texts are valid during the call. An error ends the parse.
using TrialRowSink = std::function<absl::Status(const TrialRow&)>;

// The format of LFW's pairs.txt: "name i j" (two pictures of one person) or "name i name j" (of two
// people), fields separated by tabs or, where a line has none, by spaces. A first line of one or
// two numbers is its header. enrol and probe are "name/name_000i": without an ending. Errors:
// InvalidArgument, naming the line.
[[nodiscard]] absl::Status parse_lfw_pairs(std::string_view text, const TrialRowSink& sink);

// Comma-separated values (RFC 4180, a field on one line) whose first line names the columns:
// "enrol" and "probe" are required, and "label" (1, true, genuine; 0, false, impostor) or both of
// "person_enrol" and "person_probe"; "group" may be there, others are ignored. Errors:
// InvalidArgument, naming the line.
[[nodiscard]] absl::Status parse_trial_csv(std::string_view text, const TrialRowSink& sink);

}  // namespace durward
