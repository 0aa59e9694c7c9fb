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

// Whether products of bytes are added in pairs of 16 bits, which large ones saturate (vpmaddubsw),
// by those who want int8 to be faster than float there: on x86 without VNNI.
[[nodiscard]] bool saturates_int8_sums(const Machine& machine);

// The machine that this process runs on.
[[nodiscard]] Machine this_machine();

}  // namespace durward
