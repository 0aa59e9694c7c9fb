// How many int8 multiply-accumulates a cycle the instructions of each kernel can do at the most, by
// what is published about the processors that have them.
#pragma once

#include "engine/kernels/isa.h"

namespace durward::device {

struct IsaLimit {
  double macs_per_cycle = 0;  // of one core; 0: nothing is published that fits
  const char* source = "";
};
[[nodiscard]] IsaLimit int8_limit(Isa isa);

}  // namespace durward::device
