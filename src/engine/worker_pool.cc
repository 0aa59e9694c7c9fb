// A round is a number that the caller publishes. Each worker has a seat, where it or the caller
// enters by compare-and-swap that the round's part is begun, so that one of them computes it. The
// caller publishes the next round when all parts of this one are done: until then its task stays as
// it is.
//
// What the threads look for lies in lines of the cache so that each is passed on once a round: the
// caller's number to the workers, and from each worker that it is done. That a part is begun stays
// with the worker, unless it is late.
#include "engine/worker_pool.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <thread>
#include <utility>

namespace durward {
namespace {

constexpr size_t kMostThreads = 8;
// Longer than a model's short steps between two rounds, and than waking up.
constexpr std::chrono::microseconds kSpin{50};
// Apart, so that no two threads write to one line.
constexpr size_t kLine = 64;

void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Whether it becomes true within a number of looks.
template <typename Ready>
bool look_for(const Ready& ready, int looks) noexcept {
  for (int i = 0; i < looks; ++i) {
    if (ready()) return true;
    pause();
  }
  return false;
}
constexpr int kLooks = 64;  // the better part of a microsecond

template <typename Ready>
bool spin(const Ready& ready) noexcept {
  if (look_for(ready, kLooks)) return true;
  const auto end = std::chrono::steady_clock::now() + kSpin;
  while (std::chrono::steady_clock::now() < end) {
    if (look_for(ready, kLooks)) return true;
  }
  return false;
}

// Where one thread waits until others make something true. What they write to make it so and the
// flag are sequentially consistent: either they see the flag, or the thread sees what they wrote.
// They are written by exchange, as QEMU 7.2 moves loads of Arm programs ahead of plain stores.
class Waiter {
 public:
  template <typename Ready>
  void wait(const Ready& ready) noexcept {
    if (spin(ready)) return;
    for (;;) {
      asleep_.exchange(1);
      if (ready()) break;
      asleep_.wait(1);
    }
    asleep_ = 0;
  }
  void wake() noexcept {
    if (asleep_ == 0) return;
    asleep_.exchange(0);
    asleep_.notify_one();
  }

 private:
  std::atomic<uint32_t> asleep_{0};
};

// A number that never comes again, and in the last bits how many parts the round has.
using Round = uint64_t;
constexpr Round kPartsMask = 15, kNextRound = 16;
constexpr Round kStop = ~Round{0};  // more parts than there can be
static_assert(kMostThreads < kPartsMask);

struct Seat {
  alignas(kLine) std::atomic<Round> begun{0};
  std::thread thread;
  alignas(kLine) std::atomic<Round> done{0};  // by the worker
  Waiter waiter;
};

}  // namespace

class WorkerPool::Workers {
 public:
  ~Workers() {
    round_.exchange(kStop);
    for (Seat& seat : seats_) {
      seat.waiter.wake();
      if (seat.thread.joinable()) seat.thread.join();
    }
  }

  // Throws std::system_error where there is no thread, and std::bad_alloc.
  void start(size_t threads) {
    for (size_t part = 1; part < threads; ++part) {
      seat_of(part).thread = std::thread([this, part] { work(part); });
    }
  }

  void run(const Task& task, size_t parts) noexcept {
    task_ = task;
    const Round round = (round_.load(std::memory_order_relaxed) & ~kPartsMask) + kNextRound + parts;
    // Not in order with the flags of those who sleep, which would take as long as all the rest: who
    // is not woken by this round is by the next.
    round_.store(round, std::memory_order_release);
    for (size_t part = 1; part < parts; ++part) seat_of(part).waiter.wake();
    task.run(task, 0);
    for (size_t part = 1; part < parts; ++part) finish(round, part);
  }

 private:
  Seat& seat_of(size_t part) { return seats_[part - 1]; }

  // Waits for a part that its worker has begun, computes another.
  void finish(Round round, size_t part) noexcept {
    Seat& seat = seat_of(part);
    const auto is_done = [&] { return seat.done == round; };
    bool& was_late = was_late_[part - 1];
    if (look_for(is_done, was_late ? 1 : kLooks)) return;
    Round begun = seat.begun;
    was_late = begun != round && seat.begun.compare_exchange_strong(begun, round);
    if (was_late) {
      task_.run(task_, part);
    } else {
      caller_.wait(is_done);
    }
  }

  void work(size_t part) noexcept {
    Seat& seat = seat_of(part);
    for (Round seen = 0;;) {
      seat.waiter.wait([&] {
        const Round round = round_;
        return round != seen && part < (round & kPartsMask);
      });
      // In this order: what is begun is never of a later round than the one that is read behind it.
      Round begun = seat.begun;
      seen = round_;
      if (seen == kStop) return;
      const bool late = part >= (seen & kPartsMask) || begun == seen;
      if (late || !seat.begun.compare_exchange_strong(begun, seen)) continue;
      task_.run(task_, part);
      seat.done.exchange(seen);
      caller_.wake();
    }
  }

  alignas(kLine) std::atomic<Round> round_{0};
  Task task_{};  // of the round
  alignas(kLine) Waiter caller_;
  // The caller's: whether a worker left it its part, as it will do again if its processor is taken.
  alignas(kLine) std::array<bool, kMostThreads - 1> was_late_{};
  std::array<Seat, kMostThreads - 1> seats_;
};

size_t WorkerPool::most_threads() noexcept { return kMostThreads; }

WorkerPool::WorkerPool(std::unique_ptr<Workers> workers) : workers_(std::move(workers)) {}
WorkerPool::~WorkerPool() = default;

EngineError WorkerPool::create(size_t threads, std::unique_ptr<WorkerPool>& pool) {
  auto workers = std::make_unique<Workers>();
#if defined(__cpp_exceptions)
  try {
#endif
    workers->start(threads);
#if defined(__cpp_exceptions)
  } catch (const std::system_error& error) {
    return {EngineCode::kNoThreads, std::string("the system has no thread: ") + error.what()};
  }
#endif
  pool.reset(new WorkerPool(std::move(workers)));
  return {};
}

void WorkerPool::run(const Task& task, size_t parts) noexcept { workers_->run(task, parts); }

}  // namespace durward
