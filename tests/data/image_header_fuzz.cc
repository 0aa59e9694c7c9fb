#include <cstdint>

#include "data/image_header.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto header = durward::read_image_header(std::as_bytes(std::span(data, size)));
  if (header.ok() && (header->width < 1 || header->height < 1)) __builtin_trap();
  return 0;
}
