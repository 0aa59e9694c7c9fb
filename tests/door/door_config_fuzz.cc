// Any text gives a configuration that is written and read as itself, or an error.
#include <cstdint>
#include <cstdlib>

#include "door/door_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto config =
      durward::parse_door_config({reinterpret_cast<const char*>(data), size}, "/door");
  if (!config.ok()) return 0;
  if (!config->face && !config->voice && !config->touch) std::abort();
  const auto again = durward::parse_door_config(durward::door_config_text(*config), "/door");
  // Texts that are no UTF-8 are written with replacement characters.
  if (!again.ok()) std::abort();
  return 0;
}
