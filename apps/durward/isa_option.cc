#include <absl/strings/str_join.h>

#include "commands.h"

namespace durward {

absl::StatusOr<std::optional<Isa>> parse_isa(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const Isa isa : isas()) {
    if (text == name(isa)) return isa;
    names.emplace_back(name(isa));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--isa: there is no '", text, "' here, but ", absl::StrJoin(names, ", ")));
}

}  // namespace durward
