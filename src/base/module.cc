#include "base/module.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

namespace durward {

absl::StatusOr<void*> module_function(const std::string& built, const char* name) {
  std::filesystem::path path = built;
  if (const char* folder = std::getenv("DURWARD_MODULES")) path = folder / path.filename();
  void* module = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (module == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("a module cannot be loaded: ", dlerror(),
                     "; run scripts/build again, or name its folder in DURWARD_MODULES"));
  }
  void* function = dlsym(module, name);
  if (function == nullptr) {
    return absl::UnavailableError(
        absl::StrCat(path.string(), " has no ", name, ": it is of another version"));
  }
  return function;
}

}  // namespace durward
