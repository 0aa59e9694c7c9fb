// Any bytes are read or refused; what was read can be written or is named as not expressible or too
// large, and what was written can be read.
#include <cstdint>
#include <cstdlib>

#include "formats/tflite/tflite.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto graph = durward::read_tflite(bytes);
  if (!graph.ok()) return 0;
  const auto written = durward::write_tflite(*graph);
  if (!written.ok()) {
    const absl::Status& status = written.status();
    if (!absl::IsUnimplemented(status) && !absl::IsResourceExhausted(status)) std::abort();
    return 0;
  }
  const auto again = durward::read_tflite(std::span<const std::byte>(*written));
  if (!again.ok()) std::abort();
  return 0;
}
