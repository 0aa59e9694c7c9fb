#include <cmath>
#include <cstdint>

#include "data/feature_spec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto spec =
      durward::parse_feature_spec(std::string_view(reinterpret_cast<const char*>(data), size), "");
  if (!spec.ok()) return 0;
  const std::vector<float> images = durward::normal_images(spec->knots[0].size());
  std::vector<float> values(spec->features());
  const std::vector<float> raw(spec->features(), .5F);
  if (!durward::apply_feature_spec(*spec, raw, values).ok()) __builtin_trap();
  for (const float value : values) {
    if (!(value >= images.front() && value <= images.back())) __builtin_trap();
  }
  const auto again = durward::parse_feature_spec(durward::to_json(*spec), "");
  if (!again.ok() || !(*again == *spec)) __builtin_trap();
  return 0;
}
