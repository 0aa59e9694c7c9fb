// Any text gives a manifest or an error; what was accepted can be written and means the same again.
#include <cstdint>
#include <cstdlib>

#include "bundle/manifest.h"
#include "bundle/signature.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto signature = durward::parse_signature(text);
  if (signature.ok() && durward::signature_text(*signature) != text) std::abort();
  const auto manifest = durward::parse_manifest(text);
  if (!manifest.ok()) return 0;
  const auto written = durward::manifest_text(*manifest);
  if (!written.ok() || *durward::parse_manifest(*written) != *manifest) std::abort();
  return 0;
}
