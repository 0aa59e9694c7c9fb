#include <cmath>
#include <cstdint>

#include "data/score_csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto table = durward::parse_score_csv(text);
  if (!table.ok()) return 0;
  // Whoever uses it indexes by these numbers.
  for (const durward::ListedScore& one : table->scores) {
    const auto people = static_cast<int32_t>(table->people.size());
    if (one.enrolled < 0 || one.enrolled >= people || one.probed < 0 || one.probed >= people ||
        !std::isfinite(one.score)) {
      __builtin_trap();
    }
  }
  return 0;
}
