// Counts what a program takes from operator new: link counting_new.cc into it.
#pragma once

#include "device/system.h"

namespace durward {

// Of all threads so far. Libraries that the program loads count where they use its operator new;
// what they take from malloc does not.
[[nodiscard]] device::AllocationCount counted_allocations();

}  // namespace durward
