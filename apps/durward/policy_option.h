// --policy: the name of a policy that comes along, or a file of one's own.
#pragma once

#include <string>

#include "base/status.h"

namespace durward {

// Its text, of at most 64 KiB. InvalidArgument lists those that come along; the file's errors.
[[nodiscard]] absl::StatusOr<std::string> policy_text(const std::string& name);

}  // namespace durward
