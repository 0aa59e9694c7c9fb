#include <cstdint>

#include "data/presentations.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto list =
      durward::parse_presentation_csv(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!list.ok()) return 0;
  for (const durward::ListedPresentation& presentation : list->presentations) {
    const auto& species = presentation.species;
    if (presentation.image.empty() ||
        (species && (*species < 0 || static_cast<size_t>(*species) >= list->species.size()))) {
      __builtin_trap();
    }
  }
  return 0;
}
