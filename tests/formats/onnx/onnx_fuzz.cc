// Reads arbitrary bytes as a model; what can be read is also written.
#include <cstddef>
#include <cstdint>
#include <span>

#include "formats/onnx/reader.h"
#include "formats/onnx/writer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = durward::read_onnx(std::as_bytes(std::span(data, size)));
  if (!graph.ok()) return 0;
  const auto written = durward::write_onnx(*graph, {.all_activations = true});
  return written.ok() && written->empty() ? 1 : 0;
}
