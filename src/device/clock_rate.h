// How fast the processor's clock runs while a program is busy, where its counters are not to be
// had.
#pragma once

namespace durward::device {

// Cycles in a second by the time that a chain of additions takes, each of which waits a cycle for
// the one before; 0 on architectures without such a chain. Takes some milliseconds. Under emulation
// it is the emulator's.
[[nodiscard]] double measure_clock_rate();

}  // namespace durward::device
