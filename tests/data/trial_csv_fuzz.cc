#include <cstdint>

#include "data/trial_row.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)durward::parse_trial_csv(text, [](const durward::TrialRow& row) {
    // A row that reaches its user names two pictures.
    if (row.enrol.empty() || row.probe.empty()) __builtin_trap();
    return absl::OkStatus();
  });
  return 0;
}
