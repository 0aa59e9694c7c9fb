#include "base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace durward {

absl::Status parallel_for(int64_t count, int threads,
                          const std::function<absl::Status(int64_t, int)>& work) {
  std::atomic<int64_t> next{0};
  std::mutex mutex;
  int64_t failed_index = count;
  absl::Status failure;
  const auto run = [&](int worker) {
    for (;;) {
      const int64_t index = next.fetch_add(1);
      if (index >= count) return;
      absl::Status status = work(index, worker);
      if (status.ok()) continue;
      next.store(count);
      const std::lock_guard<std::mutex> lock(mutex);
      if (index < failed_index) {
        failed_index = index;
        failure = std::move(status);
      }
    }
  };
  std::vector<std::thread> pool;
  const int workers = static_cast<int>(std::clamp<int64_t>(count, 1, std::max(threads, 1)));
  pool.reserve(static_cast<size_t>(workers) - 1);
  for (int worker = 1; worker < workers; ++worker) pool.emplace_back(run, worker);
  run(0);
  for (std::thread& thread : pool) thread.join();
  return failure;
}

int default_threads() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 1;
  return std::max(1, CPU_COUNT(&allowed));
}

}  // namespace durward
