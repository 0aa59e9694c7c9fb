// Splits a call into parts that several threads can run at the same time: each computes rows,
// pixels or elements of the output, as a call of its own with the same bits, and writes nothing of
// another's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/call_needs.h"
#include "engine/kernel_call.h"

namespace durward {

// A part as a call, and where its operands begin, in bytes from those of the whole.
struct CallPart {
  KernelCall call;
  std::array<uint64_t, kMaxCallInputs> input_offsets{};
  uint64_t output_offset = 0;
};

// The most parts that a call can have: 1 where it is run whole.
[[nodiscard]] int64_t most_parts(const KernelCall& call);
// Part 0..parts-1 of a call that can have as many; the first ones are the larger ones.
[[nodiscard]] CallPart part_of(const KernelCall& call, int64_t part, int64_t parts);

// How many nanoseconds a call takes at the least, on the fastest processors: less than this is not
// worth another thread. `portable` says whether its kernel is the portable one.
[[nodiscard]] int64_t estimated_nanoseconds(const KernelCall& call, bool portable);

}  // namespace durward
