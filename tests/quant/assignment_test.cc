#include "quant/assignment.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/random.h"

namespace durward {
namespace {

using ::testing::ElementsAre;

constexpr Precision kInt8 = Precision::kInt8, kInt16 = Precision::kInt16x8,
                    kFloat = Precision::kFloat32;

struct Choice {
  double cost = 0, loss = 0;
};
// [unit][precision]; what each unit costs and loses adds up.
using Table = std::vector<std::vector<Choice>>;

template <typename Member>
double sum(const Table& table, const Assignment& assignment, Member member) {
  double total = 0;
  for (size_t i = 0; i < table.size(); ++i) {
    total += table[i][static_cast<size_t>(assignment[i])].*member;
  }
  return total;
}

AssignmentProblem separable(const Table& table, const std::vector<Precision>& precisions) {
  return {.candidates = std::vector(table.size(), precisions),
          .cost = [&table](const Assignment& a) { return sum(table, a, &Choice::cost); },
          .loss = [&table](const Assignment& a) { return sum(table, a, &Choice::loss); }};
}

// Costs rise with precision, losses fall.
Table random_table(Random& random, size_t units) {
  Table table;
  for (size_t i = 0; i < units; ++i) {
    const double cost = 1 + random.uniform(), loss = random.uniform();
    table.push_back({{cost, loss},
                     {cost + 0.1 + random.uniform(), loss * (0.1 + 0.8 * random.uniform())},
                     {cost + 1.2 + 2 * random.uniform(), 0}});
  }
  return table;
}

std::vector<AssignmentPoint> all_assignments(const AssignmentProblem& problem) {
  std::vector<AssignmentPoint> points;
  Assignment assignment(problem.candidates.size());
  std::vector<size_t> digits(problem.candidates.size(), 0);
  for (;;) {
    for (size_t i = 0; i < digits.size(); ++i) assignment[i] = problem.candidates[i][digits[i]];
    points.push_back({assignment, problem.cost(assignment), problem.loss(assignment)});
    size_t i = 0;
    while (i < digits.size() && ++digits[i] == problem.candidates[i].size()) digits[i++] = 0;
    if (i == digits.size()) return points;
  }
}

double least_loss(const std::vector<AssignmentPoint>& points, double budget) {
  double least = std::numeric_limits<double>::infinity();
  for (const AssignmentPoint& point : points) {
    if (point.cost <= budget + 1e-12) least = std::min(least, point.loss);
  }
  return least;
}

TEST(CheapestFirst, TakesTheUnitsOfAKnapsackByLossRemovedForEachMicrosecond) {
  // Removed for what float costs more: 6/2, 10/5, 3/3.
  const Table table = {{{1, 10}, {}, {6, 0}}, {{1, 6}, {}, {3, 0}}, {{1, 3}, {}, {4, 0}}};
  const auto path = cheapest_first(separable(table, {kInt8, kFloat}));
  ASSERT_EQ(path.size(), 4);
  EXPECT_THAT(path[0].assignment, ElementsAre(kInt8, kInt8, kInt8));
  EXPECT_THAT(path[1].assignment, ElementsAre(kInt8, kFloat, kInt8));
  EXPECT_THAT(path[2].assignment, ElementsAre(kFloat, kFloat, kInt8));
  EXPECT_THAT(path[3].assignment, ElementsAre(kFloat, kFloat, kFloat));
  EXPECT_EQ(path[2].cost, 10);
  EXPECT_EQ(path[2].loss, 3);
}

TEST(CheapestFirst, HasNoAssignmentThatAnotherBeats) {
  Random random(1);
  for (int trial = 0; trial < 20; ++trial) {
    const Table table = random_table(random, 7);
    for (const auto& precisions :
         {std::vector{kInt8, kFloat}, std::vector{kInt8, kInt16, kFloat}}) {
      const AssignmentProblem problem = separable(table, precisions);
      const std::vector<AssignmentPoint> all = all_assignments(problem);
      const std::vector<AssignmentPoint> path = cheapest_first(problem);
      EXPECT_EQ(path.back().loss, 0);
      for (const AssignmentPoint& point : path) {
        EXPECT_NEAR(point.loss, least_loss(all, point.cost), 1e-9);
      }
    }
  }
}

TEST(CheapestFirst, StaysWithinABudgetAndOneUnitFromTheLeastLoss) {
  Random random(2);
  for (int trial = 0; trial < 20; ++trial) {
    const Table table = random_table(random, 7);
    const AssignmentProblem problem = separable(table, {kInt8, kFloat});
    const std::vector<AssignmentPoint> all = all_assignments(problem);
    const double cheapest = all.front().cost;
    double largest = 0;
    for (const auto& unit : table) largest = std::max(largest, unit[0].loss);
    for (const double more : {0.0, 2.0, 5.0, 9.0}) {
      const AssignmentPoint chosen = cheapest_first(problem, cheapest + more).back();
      EXPECT_LE(chosen.cost, cheapest + more);
      EXPECT_LE(chosen.loss, least_loss(all, cheapest + more) + largest);
    }
  }
}

TEST(CheapestFirst, PaysOnceForAChangeOfPrecisionAroundNeighbours) {
  // The model takes and gives int8; each border between int8 and float costs 3, a unit in float 1.
  const std::vector<double> losses = {1, 8, 8, 1, 1, 9};
  const AssignmentProblem problem = {.candidates = std::vector(6, std::vector{kInt8, kFloat}),
                                     .cost =
                                         [](const Assignment& a) {
                                           double cost = 0;
                                           Precision before = kInt8;
                                           for (const Precision precision : a) {
                                             cost += (precision == kFloat ? 1 : 0) +
                                                     (precision != before ? 3 : 0);
                                             before = precision;
                                           }
                                           return cost + (before == kFloat ? 3 : 0);
                                         },
                                     .loss =
                                         [&](const Assignment& a) {
                                           double loss = 0;
                                           for (size_t i = 0; i < a.size(); ++i)
                                             loss += a[i] == kFloat ? 0 : losses[i];
                                           return loss;
                                         }};
  // The pair in the middle costs 8, either of it alone 7.
  const AssignmentPoint chosen = cheapest_first(problem, 8).back();
  EXPECT_THAT(chosen.assignment, ElementsAre(kInt8, kFloat, kFloat, kInt8, kInt8, kInt8));
  EXPECT_EQ(chosen.loss, least_loss(all_assignments(problem), 8));
}

TEST(CheapestFirst, TakesWhatCostsLessBeforeEverythingElse) {
  const Table table = {{{5, 1}, {}, {4, 0.5}}, {{1, 9}, {}, {2, 0}}};
  const auto path = cheapest_first(separable(table, {kInt8, kFloat}));
  ASSERT_GE(path.size(), 2);
  EXPECT_EQ(path[1].assignment[0], kFloat);
}

TEST(CheapestFirst, LeavesUnitsWithOneKernelAsTheyAre) {
  const Table table = {{{1, 5}, {}, {9, 0}}, {{1, 5}, {}, {2, 0}}};
  AssignmentProblem problem = separable(table, {kInt8, kFloat});
  problem.candidates[0] = {kInt8};
  const auto path = cheapest_first(problem);
  EXPECT_THAT(path.back().assignment, ElementsAre(kInt8, kFloat));
}

}  // namespace
}  // namespace durward
