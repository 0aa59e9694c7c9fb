#include "compile/arena.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace durward {
namespace {

TEST(ArenaPlanner, NeverPlacesTwoLivingBlocksOverOneAnother) {
  Random random(31);
  for (int trial = 0; trial < 200; ++trial) {
    struct Block {
      size_t bytes, first, last;
    };
    std::vector<Block> blocks;
    ArenaPlanner planner;
    for (int i = 0; i < 30; ++i) {
      const size_t first = random.below(20);
      blocks.push_back({random.below(5000), first, first + random.below(6)});
      planner.add(blocks.back().bytes, blocks.back().first, blocks.back().last);
    }
    ASSERT_TRUE(planner.plan(1 << 20).ok());
    for (size_t a = 0; a < blocks.size(); ++a) {
      EXPECT_EQ(planner.offset(a) % kArenaAlignment, 0u);
      EXPECT_LE(planner.offset(a) + blocks[a].bytes, planner.total_bytes());
      for (size_t b = 0; b < a; ++b) {
        const bool alive_together =
            blocks[a].first <= blocks[b].last && blocks[b].first <= blocks[a].last;
        const bool apart = planner.offset(a) + blocks[a].bytes <= planner.offset(b) ||
                           planner.offset(b) + blocks[b].bytes <= planner.offset(a);
        EXPECT_TRUE(!alive_together || apart);
      }
    }
  }
}

TEST(ArenaPlanner, ReusesWhatIsDead) {
  ArenaPlanner planner;
  for (size_t i = 0; i < 10; ++i) planner.add(1000, i, i + 1);
  ASSERT_TRUE(planner.plan(1 << 20).ok());
  EXPECT_EQ(planner.total_bytes(), 2048u);
}

TEST(ArenaPlanner, RefusesMoreThanItsLimit) {
  ArenaPlanner planner;
  planner.add(1 << 20, 0, 1);
  EXPECT_EQ(planner.plan(1 << 19).code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace durward
