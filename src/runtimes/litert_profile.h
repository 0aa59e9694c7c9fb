// Turns LiteRT's profiler events into op records.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtimes/litert_api.h"
#include "runtimes/runtime.h"

namespace durward {

// One record per op, in order of execution, of the events of `runs` runs. Names end in the op's
// place in that order. The device is "xnnpack" for an op inside the delegate and "cpu" for one of
// the interpreter's own. `input_precision` is that of the model's inputs: XNNPACK does not name the
// type of every op.
[[nodiscard]] std::vector<OpRecord> litert_op_records(std::span<const litert::ProfilerEvent> events,
                                                      size_t runs, std::string input_precision);

}  // namespace durward
