#include "engine/worker_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/random.h"

namespace durward {
namespace {

constexpr size_t kThreads = 4;

class WorkerPoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (WorkerPool::most_threads() < kThreads) {
      GTEST_SKIP() << "this engine is built without threads";
    }
    ASSERT_TRUE(WorkerPool::create(kThreads, pool_).ok());
  }

  // Calls work(part) for each part.
  template <typename Work>
  void run(size_t parts, const Work& work) {
    const auto call = [](const WorkerPool::Task& task, size_t part) noexcept {
      (*static_cast<const Work*>(task.argument))(part);
    };
    pool_->run({call, nullptr, &work}, parts);
  }

  std::unique_ptr<WorkerPool> pool_;
};

TEST_F(WorkerPoolTest, RunsEachPartOnce) {
  Random random(1);
  std::array<int64_t, kThreads> counts{}, expected{};
  for (int round = 0; round < 20'000; ++round) {
    const size_t parts = 1 + random.below(kThreads);
    for (size_t part = 0; part < parts; ++part) ++expected[part];
    run(parts, [&](size_t part) { ++counts[part]; });
  }
  EXPECT_EQ(counts, expected);
}

// Without synchronisation of their own: a round's parts see what all parts before it wrote.
TEST_F(WorkerPoolTest, PassesOnWhatARoundWrote) {
  std::array<std::array<uint64_t, kThreads>, 2> values{};
  uint64_t expected = 0;
  for (uint64_t round = 0; round < 20'000; ++round) {
    const auto& before = values[round % 2];
    auto& after = values[1 - round % 2];
    run(kThreads,
        [&](size_t part) { after[part] = round + before[0] + before[1] + before[2] + before[3]; });
    expected = round + 4 * expected;
    for (const uint64_t value : after) ASSERT_EQ(value, expected);
  }
}

// The caller waits for a part that takes long, and workers that waited long for a round wake up.
TEST_F(WorkerPoolTest, SleepsAndWakes) {
  std::array<int, kThreads> counts{};
  for (int round = 0; round < 10; ++round) {
    run(kThreads, [&](size_t part) {
      if (part == static_cast<size_t>(round) % kThreads) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
      ++counts[part];
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(round % 3));
  }
  for (const int count : counts) EXPECT_EQ(count, 10);
}

// While every part waits for all others, each has to be on a thread of its own.
TEST_F(WorkerPoolTest, RunsPartsAtTheSameTime) {
  bool together = false;
  for (int attempt = 0; attempt < 200 && !together; ++attempt) {
    std::atomic<size_t> begun{0};
    std::atomic<bool> all{false};
    run(kThreads, [&](size_t) {
      ++begun;
      // Parts that the caller takes over one by one never meet.
      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
      while (begun < kThreads && std::chrono::steady_clock::now() < end) std::this_thread::yield();
      if (begun == kThreads && std::chrono::steady_clock::now() < end) all = true;
    });
    together = all;
  }
  EXPECT_TRUE(together);
}

TEST_F(WorkerPoolTest, EndsAtAnyTimeBetweenRounds) {
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(WorkerPool::create(1 + static_cast<size_t>(i) % kThreads, pool_).ok());
    const size_t threads = 1 + static_cast<size_t>(i) % kThreads;
    for (int round = 0; round < i % 5; ++round) run(threads, [](size_t) {});
    if (i % 20 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    pool_.reset();
  }
}

}  // namespace
}  // namespace durward
