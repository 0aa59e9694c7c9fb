#include "auth/sample_guard.h"

#include <gmock/gmock.h>

namespace durward {
namespace {

using Use = SampleGuard::Use;

class SampleGuardTest : public ::testing::Test {
 protected:
  Use check(int64_t taken_ms, const std::string& digest, const std::string& source = "video0") {
    return guard_.check({source, taken_ms, digest}, taken_ms + 5);
  }

  SampleMemory memory_;
  SampleGuard guard_{1000, memory_};
};

TEST_F(SampleGuardTest, NewFramesInOrderAreUsed) {
  EXPECT_EQ(check(1000, "a"), Use::kUse);
  EXPECT_EQ(check(1033, "b"), Use::kUse);
  EXPECT_EQ(check(1066, "c"), Use::kUse);
  EXPECT_EQ(guard_.fault(), std::nullopt);
}

TEST_F(SampleGuardTest, FramesThatWaitedInABufferAreLeftOut) {
  EXPECT_EQ(check(900, "a"), Use::kSkip);
  EXPECT_EQ(check(999, "b"), Use::kSkip);
  EXPECT_EQ(check(1000, "c"), Use::kUse);
}

TEST_F(SampleGuardTest, ARepeatedFrameIsLeftOutAndAFrozenCameraIsAFault) {
  EXPECT_EQ(check(1000, "a"), Use::kUse);
  for (int i = 1; i < SampleGuard::kFrozenAfter; ++i) EXPECT_EQ(check(1000 + i, "a"), Use::kSkip);
  EXPECT_EQ(check(1900, "a"), Use::kFault);
  EXPECT_EQ(guard_.fault(), SampleFault::kFrozen);
  EXPECT_EQ(check(2000, "b"), Use::kFault) << "a fault stays";
}

TEST_F(SampleGuardTest, AFrameThatComesTwiceNowAndThenIsNoFault) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(check(1000 + 2 * i, std::to_string(i)), Use::kUse);
    EXPECT_EQ(check(1001 + 2 * i, std::to_string(i)), Use::kSkip);
  }
}

TEST_F(SampleGuardTest, ALoopOfFramesIsFrozenToo) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(check(1000 + i, std::to_string(i)), Use::kUse);
  Use last = Use::kUse;
  for (int i = 3; i < 3 + SampleGuard::kFrozenAfter; ++i) {
    last = check(1000 + i, std::to_string(i % 3));
  }
  EXPECT_EQ(last, Use::kFault);
}

TEST_F(SampleGuardTest, TimeThatGoesBackOrStandsStillIsAFault) {
  EXPECT_EQ(check(1000, "a"), Use::kUse);
  EXPECT_EQ(check(1000, "b"), Use::kFault);
  EXPECT_EQ(guard_.fault(), SampleFault::kOutOfOrder);
}

TEST_F(SampleGuardTest, AFrameOfTheFutureIsAFault) {
  EXPECT_EQ(guard_.check({"video0", 1000 + SampleGuard::kAheadMilliseconds, "a"}, 1000), Use::kUse);
  EXPECT_EQ(guard_.check({"video0", 2000, "b"}, 2000 - SampleGuard::kAheadMilliseconds - 1),
            Use::kFault);
  EXPECT_EQ(guard_.fault(), SampleFault::kFromTheFuture);
}

TEST_F(SampleGuardTest, ASwappedCameraIsAFault) {
  EXPECT_EQ(check(1000, "a", "video0"), Use::kUse);
  EXPECT_EQ(check(1033, "b", "video1"), Use::kFault);
  EXPECT_EQ(guard_.fault(), SampleFault::kSourceChanged);
}

TEST_F(SampleGuardTest, ContentOfAnEarlierRequestIsAReplay) {
  {
    SampleGuard earlier(0, memory_);
    EXPECT_EQ(earlier.check({"video0", 10, "a"}, 10), Use::kUse);
  }
  EXPECT_EQ(check(1000, "a"), Use::kFault);
  EXPECT_EQ(guard_.fault(), SampleFault::kReplayed);
}

TEST_F(SampleGuardTest, ContentWithoutADigestMayRepeat) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(check(1000 + i, ""), Use::kUse);
}

TEST(SampleMemory, KeepsTheLatestContents) {
  SampleMemory memory;
  for (size_t i = 0; i < SampleMemory::kMost + 10; ++i) memory.add(std::to_string(i));
  EXPECT_FALSE(memory.contains("9"));
  EXPECT_TRUE(memory.contains("10"));
  EXPECT_TRUE(memory.contains(std::to_string(SampleMemory::kMost + 9)));
}

}  // namespace
}  // namespace durward
