// Schedules of random chains, followed step by step with the rows that are held at each.
#include "compile/plan/row_streaming.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/random.h"

namespace durward {
namespace {

int64_t pick(Random& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random.below(static_cast<uint64_t>(high - low + 1)));
}

// Windows of one column; every one begins inside or above its image.
std::vector<WindowGeometry> random_chain(Random& random) {
  std::vector<WindowGeometry> chain(static_cast<size_t>(pick(random, 1, 6)));
  int64_t height = pick(random, 1, 40);
  for (WindowGeometry& w : chain) {
    w.in_h = height;
    w.kernel_h = pick(random, 1, 5);
    w.stride_h = pick(random, 1, 4);
    w.dilation_h = pick(random, 1, 3);
    w.pad_top = pick(random, 0, w.kernel_h + 1);
    const int64_t most = (w.in_h - 1 + w.pad_top) / w.stride_h + 1;
    w.out_h = std::max<int64_t>(1, most - pick(random, 0, 3));
    height = w.out_h;
  }
  return chain;
}

// What a chain's tensors hold, by the numbers of their rows in the whole image.
class Held {
 public:
  explicit Held(const std::vector<WindowGeometry>& chain) : chain_(chain) {
    rows_.resize(chain.size() + 1);
    for (int64_t row = 0; row < chain[0].in_h; ++row) rows_[0].push_back(row);
    most_.assign(rows_.size(), 0);
  }

  void follow(const PlanStep& step) {
    if (step.kind == PlanStep::Kind::kSlide) {
      slide(rows_[step.index], step);
    } else {
      run(chain_[step.index], rows_[step.index], rows_[step.index + 1], step);
    }
    for (size_t i = 0; i < rows_.size(); ++i) {
      most_[i] = std::max(most_[i], static_cast<int64_t>(rows_[i].size()));
    }
  }
  [[nodiscard]] const std::vector<int64_t>& result() const { return rows_.back(); }
  [[nodiscard]] int64_t most(size_t tensor) const { return most_[tensor]; }

 private:
  static void slide(std::vector<int64_t>& rows, const PlanStep& step) {
    ASSERT_LE(step.input_row + step.input_rows, rows.size());
    std::rotate(rows.begin(), rows.begin() + step.input_row, rows.end());
    rows.resize(step.input_rows);
  }

  // Every row that the window looks at has to be where the step says.
  static void run(const WindowGeometry& w, const std::vector<int64_t>& in,
                  std::vector<int64_t>& out, const PlanStep& step) {
    ASSERT_GE(step.output_rows, 1u);
    ASSERT_LE(step.input_row + step.input_rows, in.size());
    ASSERT_LE(step.output_row, out.size());
    out.resize(step.output_row);
    for (uint32_t r = 0; r < step.output_rows; ++r) {
      const int64_t row = int64_t{step.addend_row} + r;
      for (int64_t k = 0; k < w.kernel_h; ++k) {
        const int64_t wanted = row * w.stride_h - w.pad_top + k * w.dilation_h;
        const int64_t place = r * w.stride_h - step.pad_top + k * w.dilation_h;
        const bool inside = place >= 0 && place < step.input_rows;
        ASSERT_EQ(inside, wanted >= 0 && wanted < w.in_h);
        if (!inside) continue;
        ASSERT_EQ(in[step.input_row + static_cast<size_t>(place)], wanted);
      }
      out.push_back(row);
    }
  }

  const std::vector<WindowGeometry>& chain_;
  std::vector<std::vector<int64_t>> rows_;
  std::vector<int64_t> most_;
};

TEST(RowStreaming, ReadsRowsThatAreHeldAndMakesEachOnce) {
  Random random(11);
  for (int trial = 0; trial < 3000; ++trial) {
    SCOPED_TRACE(trial);
    const std::vector<WindowGeometry> chain = random_chain(random);
    const int64_t rows = pick(random, 1, chain.back().out_h);
    const RowSchedule schedule = stream_rows(chain, rows);
    Held held(chain);
    std::vector<int64_t> made(chain.size(), 0);
    for (const PlanStep& step : schedule.steps) {
      held.follow(step);
      if (HasFatalFailure()) return;
      if (step.kind == PlanStep::Kind::kSlide) continue;
      // Rows in order, none twice.
      ASSERT_GE(step.addend_row, made[step.index]);
      made[step.index] = int64_t{step.addend_row} + step.output_rows;
    }
    ASSERT_EQ(held.result().size(), static_cast<size_t>(chain.back().out_h));
    for (int64_t row = 0; row < chain.back().out_h; ++row) {
      ASSERT_EQ(held.result()[static_cast<size_t>(row)], row);
    }
    ASSERT_EQ(schedule.held_rows.size(), chain.size() + 1);
    EXPECT_EQ(schedule.held_rows.front(), chain.front().in_h);
    EXPECT_EQ(schedule.held_rows.back(), chain.back().out_h);
    for (size_t i = 1; i < chain.size(); ++i) EXPECT_EQ(held.most(i), schedule.held_rows[i]);
  }
}

// Expand, depthwise 3x3, project: docs/plan.md shows these steps.
TEST(RowStreaming, HoldsThreeRowsForAWindowOfThree) {
  WindowGeometry pointwise, window;
  pointwise.in_h = pointwise.out_h = window.in_h = window.out_h = 6;
  window.kernel_h = 3;
  window.pad_top = 1;
  const WindowGeometry chain[] = {pointwise, window, pointwise};
  const RowSchedule schedule = stream_rows(chain, 2);
  EXPECT_EQ(schedule.held_rows, (std::vector<int64_t>{6, 4, 2, 6}));
  using Row = std::array<uint32_t, 8>;
  std::vector<Row> steps;
  for (const PlanStep& s : schedule.steps) {
    steps.push_back({static_cast<uint32_t>(s.kind), s.index, s.input_row, s.input_rows, s.pad_top,
                     s.output_row, s.output_rows, s.addend_row});
  }
  const std::vector<Row> expected = {
      {0, 0, 0, 3, 0, 0, 3, 0}, {0, 1, 0, 3, 1, 0, 2, 0}, {0, 2, 0, 2, 0, 0, 2, 0},
      {1, 1, 1, 2, 0, 0, 0, 0}, {0, 0, 3, 2, 0, 2, 2, 3}, {0, 1, 0, 4, 0, 0, 2, 2},
      {0, 2, 0, 2, 0, 2, 2, 2}, {1, 1, 2, 2, 0, 0, 0, 0}, {0, 0, 5, 1, 0, 2, 1, 5},
      {0, 1, 0, 3, 0, 0, 2, 4}, {0, 2, 0, 2, 0, 4, 2, 4}};
  EXPECT_EQ(steps, expected);
}

}  // namespace
}  // namespace durward
