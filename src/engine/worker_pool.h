// The threads of a session. One thread, the caller, runs rounds: a task in as many parts as there
// are threads, or fewer, of which it computes one itself.
//
// A round takes a fraction of a microsecond beyond its parts, because workers that wait for the
// next one look for it, for kSpin at most; then they sleep until they are woken. The caller waits
// for no worker that has not begun: it takes the part over, so that a worker which sleeps, or whose
// processor is taken, costs the help that it would have been and no more.
#pragma once

#include <cstddef>
#include <memory>

#include "engine/error.h"

namespace durward {

class WorkerPool {
 public:
  // The most threads of a pool, the caller counted: 1 where the engine is built without threads.
  static size_t most_threads() noexcept;

  // Starts threads - 1 workers; `threads` is in 1..most_threads(). Errors: kNoThreads. Throws
  // std::bad_alloc where exceptions are on.
  [[nodiscard]] static EngineError create(size_t threads, std::unique_ptr<WorkerPool>& pool);
  ~WorkerPool();  // not during a round
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // What run() is called with is in the task, where all threads find it at once.
  struct Task {
    void (*run)(const Task& task, size_t part) noexcept;
    void* object;
    const void* argument;
  };
  // Runs parts 0..parts-1, each once and by some thread, 1 <= parts <= threads, and returns when
  // all are done. What was written before the call is seen by all parts, what the parts wrote is
  // seen after it. One round at a time.
  void run(const Task& task, size_t parts) noexcept;

 private:
  class Workers;
  explicit WorkerPool(std::unique_ptr<Workers> workers);
  std::unique_ptr<Workers> workers_;
};

}  // namespace durward
