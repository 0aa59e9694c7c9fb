#include "runtimes/litert_api.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string>

namespace durward::litert {
namespace {

absl::StatusOr<Api> load() {
  const char* override_path = std::getenv("DURWARD_LITERT");
  const std::string path = override_path != nullptr ? override_path : DURWARD_LITERT_LIBRARY;
  const std::string advice =
      "; run scripts/setup, or set DURWARD_LITERT to libLiteRt.so of the wheel ai-edge-litert";
  if (path.empty())
    return absl::UnavailableError(absl::StrCat("this build found no LiteRT", advice));
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return absl::UnavailableError(absl::StrCat("LiteRT cannot be loaded: ", dlerror(), advice));
  Api api;
#define DURWARD_LITERT_LOOK_UP(result, name, parameters)                             \
  api.name = reinterpret_cast<result(*) parameters>(dlsym(library, "LiteRt" #name)); \
  if (api.name == nullptr)                                                           \
    return absl::UnavailableError(absl::StrCat(                                      \
        path, " has no function LiteRt" #name ": version 2.1 to 2.3 is needed", advice));
  DURWARD_LITERT_FUNCTIONS(DURWARD_LITERT_LOOK_UP)
#undef DURWARD_LITERT_LOOK_UP
  return api;
}

}  // namespace

absl::StatusOr<const Api*> api() {
  static const absl::StatusOr<Api> loaded = load();
  if (!loaded.ok()) return loaded.status();
  return &*loaded;
}

}  // namespace durward::litert
