#include <cmath>
#include <cstdint>

#include "data/feature_csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto table =
      durward::parse_feature_csv(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!table.ok()) return 0;
  const auto values = static_cast<int64_t>(table->values.size());
  if (values != table->rows() * table->features) __builtin_trap();
  for (const float value : table->values) {
    if (std::isinf(value)) __builtin_trap();
  }
  return 0;
}
