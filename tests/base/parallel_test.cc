#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace durward {
namespace {

TEST(ParallelFor, VisitsEveryIndexOnceWhateverTheThreadCount) {
  for (const int threads : {1, 2, 7}) {
    std::vector<std::atomic<int>> visits(1000);
    ASSERT_TRUE(parallel_for(1000, threads, [&](int64_t i, int worker) {
                  EXPECT_LT(worker, threads);
                  ++visits[static_cast<size_t>(i)];
                  return absl::OkStatus();
                }).ok());
    for (const auto& count : visits) EXPECT_EQ(count, 1);
  }
}

TEST(ParallelFor, ReturnsAnErrorAndStops) {
  std::atomic<int> after{0};
  const absl::Status status = parallel_for(1'000'000, 2, [&](int64_t i, int) {
    if (i == 10) return absl::DataLossError("the tenth");
    ++after;
    return absl::OkStatus();
  });
  EXPECT_EQ(status.message(), "the tenth");
  EXPECT_LT(after, 1'000'000 - 1);
}

TEST(ParallelFor, OfNothingIsOk) {
  EXPECT_TRUE(parallel_for(0, 4, [](int64_t, int) { return absl::InternalError("called"); }).ok());
}

}  // namespace
}  // namespace durward
