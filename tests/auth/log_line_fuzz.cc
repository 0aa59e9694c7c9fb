// Any text is a line of a decision log that is written the same again, or an error.
#include <cstdint>
#include <cstdlib>

#include "auth/log_line.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = durward::parse_log_line(text);
  if (line.ok() && durward::log_line_text(*line) != text) std::abort();
  return 0;
}
