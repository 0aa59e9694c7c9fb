// Runs independent pieces of work on a few threads.
#pragma once

#include <cstdint>
#include <functional>

#include "base/status.h"

namespace durward {

// Calls work(index, worker) for index 0..count-1 on at most `threads` threads (worker 0..threads-1
// names the thread, for scratch memory of its own). Stops handing out indices at the first error
// and returns that of the lowest index. What is computed must not depend on which worker does it.
[[nodiscard]] absl::Status parallel_for(
    int64_t count, int threads, const std::function<absl::Status(int64_t index, int worker)>& work);

// The threads to use when the user names none: the CPUs this process may run on.
[[nodiscard]] int default_threads();

}  // namespace durward
