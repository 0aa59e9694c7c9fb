// The processor that a measurement was made on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace durward {

struct Machine {
  std::string cpu;               // the model's name, "unknown" where the system does not tell
  std::vector<std::string> isa;  // the extensions that matter to inference, in a fixed order
  int cpus = 0;                  // that the system has
};

// Reads the text of Linux's /proc/cpuinfo, of x86 or Arm.
[[nodiscard]] Machine parse_cpuinfo(std::string_view text);

// The machine that this process runs on.
[[nodiscard]] Machine this_machine();

}  // namespace durward
