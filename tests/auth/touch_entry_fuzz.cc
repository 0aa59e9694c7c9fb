// Any line gives an entry whose features are numbers, or an error.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "auth/touch_entry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto entry = durward::parse_touch_entry({reinterpret_cast<const char*>(data), size});
  if (!entry.ok()) return 0;
  for (const float value : durward::timing_features(entry->taps)) {
    if (!std::isfinite(value)) std::abort();
  }
  return 0;
}
