// What Linux tells a program of the machine and of itself, without streams.
#pragma once

#include <cstdint>
#include <string>

namespace durward::device {

struct AllocationCount {
  uint64_t count = 0, bytes = 0;  // that were taken, whatever was given back
};

// The processor's name of /proc/cpuinfo, "unknown" where it has none.
[[nodiscard]] std::string processor_name();
// The most memory that the process had in use so far (VmHWM), and has now (VmRSS); 0 where the
// system does not tell.
[[nodiscard]] uint64_t peak_resident_bytes();
[[nodiscard]] uint64_t resident_bytes();

}  // namespace durward::device
