// Bits that flip in what a session reads while it lives.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "engine/aligned_bytes.h"
#include "engine/allocations.h"
#include "engine/arithmetic.h"
#include "engine/hand_plan.h"
#include "engine/program.h"
#include "engine/scrubber.h"
#include "engine/session.h"

namespace durward {
namespace {

constexpr size_t kBlock = Scrubber::kBlockBytes;

std::vector<std::byte> some_bytes(size_t count) {
  Random random(81);
  const auto values = random_int8(random, static_cast<int64_t>(count));
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

void flip(std::byte& byte, size_t bit) { byte ^= std::byte{1} << bit; }

void expect_damaged(const ScrubResult& result, ScrubbedMemory memory, size_t offset, size_t bytes) {
  ASSERT_EQ(result.code, EngineCode::kDamaged) << offset;
  EXPECT_EQ(result.memory, memory);
  EXPECT_EQ(result.offset, offset);
  EXPECT_EQ(result.bytes, bytes);
}

TEST(Scrubber, FindsEveryBit) {
  std::vector<std::byte> memory = some_bytes(kBlock + 13);
  Scrubber scrubber;
  scrubber.watch(ScrubbedSpans{{{}, memory, {}}});
  EXPECT_EQ(scrubber.bytes(), memory.size());
  for (size_t i = 0; i < memory.size(); ++i) {
    for (size_t bit = 0; bit < 8; ++bit) {
      flip(memory[i], bit);
      const ScrubResult first = scrubber.check(kBlock), second = scrubber.check(kBlock);
      flip(memory[i], bit);
      const bool in_first = i < kBlock;
      expect_damaged(in_first ? first : second, ScrubbedMemory::kPackedWeights,
                     in_first ? 0 : kBlock, in_first ? kBlock : 13);
      ASSERT_EQ((in_first ? second : first).code, EngineCode::kOk);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(scrubber.check(SIZE_MAX).code, EngineCode::kOk);
}

// A line of a memory chip that fails flips the same bit of many words.
TEST(Scrubber, FindsABitOfSeveralWords) {
  std::vector<std::byte> memory(kBlock);
  Scrubber scrubber;
  scrubber.watch({memory});
  for (size_t bit = 0; bit < 64; ++bit) {
    for (size_t stride = 8; stride <= kBlock / 2; stride *= 2) {
      const auto flip_all = [&](size_t end) {
        for (size_t i = bit / 8; i < end; i += stride) flip(memory[i], bit % 8);
      };
      for (const size_t end : {2 * stride, kBlock}) {
        flip_all(end);
        ASSERT_EQ(scrubber.check(SIZE_MAX).code, EngineCode::kDamaged) << bit << " " << stride;
        flip_all(end);
      }
    }
  }
  EXPECT_EQ(scrubber.check(SIZE_MAX).code, EngineCode::kOk);
}

TEST(Scrubber, TellsWordsThatChangedPlacesApart) {
  std::vector<std::byte> memory = some_bytes(kBlock);
  Scrubber scrubber;
  scrubber.watch({memory});
  for (size_t distance = 8; distance < kBlock; distance += 8) {
    const auto swap = [&] {
      std::swap_ranges(memory.begin(), memory.begin() + 8,
                       memory.begin() + static_cast<ptrdiff_t>(distance));
    };
    swap();
    ASSERT_EQ(scrubber.check(SIZE_MAX).code, EngineCode::kDamaged) << distance;
    swap();
  }
}

TEST(Scrubber, GoesRoundWhateverIsAsked) {
  const std::array sizes = {3 * kBlock, kBlock + 1, size_t{5}};  // six blocks
  std::array<std::vector<std::byte>, 3> memory;
  for (size_t i = 0; i < memory.size(); ++i) memory[i] = some_bytes(sizes[i]);
  Scrubber scrubber;
  scrubber.watch({memory[0], memory[1], memory[2]});
  EXPECT_EQ(scrubber.bytes(), sizes[0] + sizes[1] + sizes[2]);
  for (const size_t most : {size_t{0}, size_t{1}, kBlock, kBlock + 1, 2 * kBlock, 2 * kBlock + 6,
                            3 * kBlock - 1, 4 * kBlock, 5 * kBlock, SIZE_MAX}) {
    for (size_t span = 0; span < memory.size(); ++span) {
      for (size_t i = 0; i < sizes[span]; i += kBlock) {
        flip(memory[span][i], 7);
        size_t calls = 1;
        ScrubResult result = scrubber.check(most);
        for (; calls < 6 && result.code == EngineCode::kOk; ++calls) result = scrubber.check(most);
        flip(memory[span][i], 7);
        expect_damaged(result, static_cast<ScrubbedMemory>(span), i,
                       std::min(kBlock, sizes[span] - i));
        EXPECT_LE(calls, most >= scrubber.bytes() ? 1u : 6u);
      }
    }
  }
}

TEST(Scrubber, ReadsNoMoreThanItMay) {
  std::vector<std::byte> memory = some_bytes(4 * kBlock);
  Scrubber scrubber;
  scrubber.watch({memory});
  flip(memory[3 * kBlock], 0);
  EXPECT_EQ(scrubber.check(3 * kBlock).code, EngineCode::kOk);
  EXPECT_EQ(scrubber.check(1).code, EngineCode::kDamaged);
  EXPECT_EQ(scrubber.check(4 * kBlock - 1).code, EngineCode::kOk);
  EXPECT_EQ(scrubber.check(0).code, EngineCode::kDamaged);
}

TEST(Scrubber, GoesOnBehindADamagedBlock) {
  std::vector<std::byte> memory = some_bytes(3 * kBlock);
  Scrubber scrubber;
  scrubber.watch({memory});
  flip(memory[1], 1);
  flip(memory[2 * kBlock + 1], 1);
  const auto place = ScrubbedMemory::kConstants;
  expect_damaged(scrubber.check(SIZE_MAX), place, 0, kBlock);
  expect_damaged(scrubber.check(SIZE_MAX), place, 2 * kBlock, kBlock);
  expect_damaged(scrubber.check(SIZE_MAX), place, 0, kBlock);
}

TEST(Scrubber, TakesMemoryOfNoBytes) {
  Scrubber scrubber;
  scrubber.watch({});
  EXPECT_EQ(scrubber.check(SIZE_MAX).code, EngineCode::kOk);
  EXPECT_EQ(scrubber.bytes(), 0u);
}

// Pixels of 300 channels through a layer of 128: weights of more than two blocks.
HandPlan pointwise_plan() {
  Random random(82);
  HandPlan hand;
  const int32_t x = hand.input({1, 8, 8, 300}), y = hand.output({1, 8, 8, 128});
  const int32_t weights = hand.constant(random_int8(random, 300 * 128, -127, 127));
  const int32_t bias = hand.constant(std::vector<int32_t>(128, 99));
  const int32_t multiplier = hand.constant(random_floats(random, 128, 1e-4f, 1e-3f));
  Conv2DInt8Call call;
  call.geometry.window = {1, 8, 8, 300, 8, 8, 128};
  hand.call(call, {x, weights, bias, multiplier, multiplier}, y);
  return hand;
}

// Splits all that can be split.
SessionOptions on_threads(uint64_t threads) {
  SessionOptions options;
  options.threads = threads;
  options.shortest_part = 0;
  return options;
}

class SessionScrub : public ::testing::Test {
 protected:
  std::unique_ptr<Session> session_of(SessionOptions options) {
    options.scrub = true;
    std::unique_ptr<Session> session;
    const EngineError error = Session::create(plan_.bytes(), options, session);
    EXPECT_TRUE(error.ok()) << error.message;
    return session;
  }
  std::vector<int8_t> run(Session& session) {
    std::vector<int8_t> output(session.output(0).bytes);
    const std::span<const std::byte> in[] = {std::as_bytes(std::span(input_))};
    const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
    EXPECT_EQ(session.run(in, out), EngineCode::kOk);
    return output;
  }

  // Flips a bit of each byte in turn, or of some of them.
  static void expect_found(Session& session, ScrubbedMemory place, std::span<std::byte> memory) {
    ASSERT_NE(memory.data(), nullptr);
    ASSERT_FALSE(memory.empty());
    const size_t step = memory.size() < 2000 ? 1 : 61;
    for (size_t i = 0; i < memory.size(); i += step) {
      flip(memory[i], i % 8);
      const ScrubResult result = session.scrub(SIZE_MAX);
      flip(memory[i], i % 8);
      const size_t block = i / kBlock * kBlock;
      expect_damaged(result, place, block, std::min(kBlock, memory.size() - block));
      if (HasFatalFailure()) return;
    }
    EXPECT_EQ(session.scrub(SIZE_MAX).code, EngineCode::kOk);
  }

  AlignedBytes plan_{pointwise_plan().bytes()};
  Random random_{83};
  const std::vector<int8_t> input_ = random_int8(random_, 8 * 8 * 300);
};

TEST_F(SessionScrub, FindsBitsOfThePlansConstants) {
  const auto session = session_of({});
  const std::span<const std::byte> constants = session->plan().constants;
  ASSERT_GT(constants.size(), 2 * kBlock);
  const size_t begin = static_cast<size_t>(constants.data() - plan_.bytes().data());
  expect_found(*session, ScrubbedMemory::kConstants,
               plan_.bytes().subspan(begin, constants.size()));
}

TEST_F(SessionScrub, FindsBitsOfPackedWeights) {
  for (const Isa isa : isas()) {
    if (!available(isa)) continue;
    SCOPED_TRACE(name(isa));
    const size_t packed = session_of({.isa = isa})->packed_bytes();
    EXPECT_EQ(packed > 2 * kBlock, isa != Isa::kPortable);
    if (packed == 0) continue;
    const WatchedAllocation taken(packed);
    const auto session = session_of({.isa = isa});
    expect_found(*session, ScrubbedMemory::kPackedWeights, {taken.memory(), packed});
  }
}

TEST_F(SessionScrub, FindsBitsOfInstructions) {
  const WatchedAllocation taken(sizeof(Instruction));
  const auto session = session_of({});
  ASSERT_EQ(session->plan().steps.size(), 1u);
  expect_found(*session, ScrubbedMemory::kInstructions, {taken.memory(), sizeof(Instruction)});
}

TEST_F(SessionScrub, FindsNothingWhereNothingChanged) {
  for (uint64_t threads = 1; threads <= std::min<uint64_t>(Session::most_threads(), 2); ++threads) {
    const auto session = session_of(on_threads(threads));
    for (const size_t most : {size_t{0}, kBlock, size_t{100'000}, SIZE_MAX}) {
      for (int i = 0; i < 20; ++i) {
        run(*session);
        ASSERT_EQ(session->scrub(most).code, EngineCode::kOk);
      }
    }
  }
}

TEST_F(SessionScrub, TakesNoMemoryAndChangesNone) {
  const auto session = session_of({});
  const std::vector<int8_t> expected = run(*session);
  const int64_t before = allocations();
  const ScrubResult result = session->scrub(SIZE_MAX);
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(result.code, EngineCode::kOk);
  EXPECT_EQ(run(*session), expected);
}

TEST_F(SessionScrub, CoversAllThatIsConstant) {
  const auto session = session_of({});
  EXPECT_EQ(session->scrub_bytes(), session->plan().constants.size() + session->packed_bytes() +
                                        sizeof(Instruction) + sizeof(KernelCall));
}

TEST_F(SessionScrub, IsNotThereUnlessAskedFor) {
  std::unique_ptr<Session> session;
  ASSERT_TRUE(Session::create(plan_.bytes(), {}, session).ok());
  EXPECT_EQ(session->scrub(SIZE_MAX).code, EngineCode::kNoScrub);
  EXPECT_EQ(session->scrub_bytes(), 0u);
}

TEST_F(SessionScrub, SaysSoWhereAnyOfItsAllocationsFails) {
  const auto allocations_of = [&](bool scrub) {
    SessionOptions options;
    options.scrub = scrub;
    for (int64_t failures = 0;; ++failures) {
      std::unique_ptr<Session> session;
      const FailingAllocation failing(failures);
      const EngineError error = Session::create(plan_.bytes(), options, session);
      if (!failing.happened()) return failures;
      EXPECT_EQ(error.code, EngineCode::kOutOfMemory) << failures;
    }
  };
  EXPECT_EQ(allocations_of(true), allocations_of(false) + 1);
}

// For the thread sanitizer, too: the scrub has a thread of its own.
TEST_F(SessionScrub, GoesOnDuringRuns) {
  if (Session::most_threads() == 1) GTEST_SKIP() << "this engine is built without threads";
  const std::vector<int8_t> expected = run(*session_of({}));
  for (const uint64_t threads : {1, 2}) {
    const auto session = session_of(on_threads(threads));
    std::atomic<bool> ended{false};
    std::atomic<int> clean{0}, damaged{0};
    std::thread scrubbing([&] {
      while (!ended) ++(session->scrub(kBlock).code == EngineCode::kOk ? clean : damaged);
    });
    for (int i = 0; i < 50 || clean + damaged < 20; ++i) EXPECT_EQ(run(*session), expected);
    ended = true;
    scrubbing.join();
    EXPECT_EQ(damaged, 0);
  }
}

}  // namespace
}  // namespace durward
