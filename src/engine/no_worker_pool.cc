// A platform without threads: the pool of a session that has none.
#include "engine/worker_pool.h"

namespace durward {

class WorkerPool::Workers {};

size_t WorkerPool::most_threads() noexcept { return 1; }

WorkerPool::WorkerPool(std::unique_ptr<Workers> workers) : workers_(std::move(workers)) {}
WorkerPool::~WorkerPool() = default;

EngineError WorkerPool::create(size_t, std::unique_ptr<WorkerPool>&) {
  return {EngineCode::kNoThreads, "this engine is built without threads"};
}

void WorkerPool::run(const Task& task, size_t parts) noexcept {
  for (size_t part = 0; part < parts; ++part) task.run(task, part);
}

}  // namespace durward
