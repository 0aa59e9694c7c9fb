#include <cstdint>

#include "data/voice_spec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto spec = durward::parse_voice_spec({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!spec.ok()) return 0;
  // What was accepted can be written and means the same again.
  const auto again = durward::parse_voice_spec(durward::to_json(*spec), "again");
  if (!again.ok() || *again != *spec) __builtin_trap();
  return 0;
}
