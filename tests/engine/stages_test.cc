#include "engine/stages.h"

#include <gtest/gtest.h>

namespace durward {
namespace {

using Parts = std::vector<std::vector<Access>>;

Access reads(uint64_t begin, uint64_t end, uint32_t base = 0) { return {base, begin, end, false}; }
Access writes(uint64_t begin, uint64_t end, uint32_t base = 0) { return {base, begin, end, true}; }

// Steps in each stage.
std::vector<size_t> stages_of(const std::vector<Parts>& steps) {
  StageBuilder builder;
  for (const Parts& parts : steps) builder.add(parts);
  std::vector<size_t> counts;
  size_t instruction = 0, step = 0;
  for (const Stage& stage : builder.take()) {
    EXPECT_EQ(stage.first, instruction);
    EXPECT_EQ(stage.parts, steps[step].size());
    instruction += stage.steps * stage.parts;
    step += stage.steps;
    counts.push_back(stage.steps);
  }
  return counts;
}

// Two halves of tensors of 100 bytes, from one to the other.
Parts halves(uint64_t from, uint64_t to) {
  return {{reads(from, from + 50), writes(to, to + 50)},
          {reads(from + 50, from + 100), writes(to + 50, to + 100)}};
}

TEST(Stages, HaveStepsWhosePartsStayAmongThemselves) {
  EXPECT_EQ(stages_of({halves(0, 100), halves(100, 200), halves(200, 0)}),
            (std::vector<size_t>{3}));
}

TEST(Stages, EndWhereAPartReadsWhatAnotherWrote) {
  Parts window = halves(100, 200);
  window[0][0].end += 10;  // a row of the other half
  EXPECT_EQ(stages_of({halves(0, 100), window}), (std::vector<size_t>{1, 1}));
  // Also where it is not the last step that wrote it.
  window = halves(100, 300);
  window[1][0].begin -= 1;
  EXPECT_EQ(stages_of({halves(0, 100), halves(100, 200), window}), (std::vector<size_t>{2, 1}));
}

TEST(Stages, EndWhereAPartWritesWhatAnotherUses) {
  // A tensor that lies where another one was read, shifted.
  EXPECT_EQ(stages_of({halves(0, 100), halves(100, 10)}), (std::vector<size_t>{1, 1}));
  // Or written.
  EXPECT_EQ(stages_of({halves(0, 100), halves(200, 110)}), (std::vector<size_t>{1, 1}));
}

TEST(Stages, MayReadTheSame) {
  Parts all = halves(0, 100);
  all[0][0] = all[1][0] = reads(0, 100);
  Parts next = all;
  next[0][1] = writes(200, 250);
  next[1][1] = writes(250, 300);
  EXPECT_EQ(stages_of({all, next}), (std::vector<size_t>{2}));
}

TEST(Stages, KeepBasesApart) {
  Parts port = halves(100, 200);
  port[0][0] = reads(0, 1000, 2);
  port[1][0] = reads(0, 1000, 2);
  EXPECT_EQ(stages_of({halves(0, 100), port}), (std::vector<size_t>{2}));
}

TEST(Stages, HaveOneNumberOfParts) {
  const Parts whole = {{reads(1000, 1100), writes(1100, 1200)}};
  const Parts thirds = {{writes(2000, 2010)}, {writes(2010, 2020)}, {writes(2020, 2030)}};
  EXPECT_EQ(stages_of({halves(0, 100), whole}), (std::vector<size_t>{1, 1}));
  EXPECT_EQ(stages_of({whole, whole}), (std::vector<size_t>{1, 1}));
  EXPECT_EQ(stages_of({halves(0, 100), thirds}), (std::vector<size_t>{1, 1}));
}

}  // namespace
}  // namespace durward
