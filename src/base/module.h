// Modules: shared libraries of our own that are loaded when they are first needed, since what they
// link to takes long to load.
#pragma once

#include <string>

#include "base/status.h"

namespace durward {

// The address of a function in a module, which stays loaded. `built` is where the build put the
// module; the folder in DURWARD_MODULES goes before. Unavailable where it cannot be loaded or is of
// another version.
[[nodiscard]] absl::StatusOr<void*> module_function(const std::string& built, const char* name);

// What a module has to offer, as its function without parameters gives it. Errors: as above.
template <typename Offer>
[[nodiscard]] absl::StatusOr<const Offer*> module_offer(const std::string& built,
                                                        const char* name) {
  DURWARD_ASSIGN_OR_RETURN(void* const function, module_function(built, name));
  return reinterpret_cast<const Offer* (*)()>(function)();
}

}  // namespace durward
