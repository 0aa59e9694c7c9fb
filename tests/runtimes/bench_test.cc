#include "runtimes/bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "runtimes/machine.h"

namespace durward {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A model that does nothing but write down that it ran, and fails at its `fails_at`-th run.
class Recorder final : public RuntimeModel {
 public:
  Recorder(std::string* log, char letter, int fails_at = -1)
      : log_(log), letter_(letter), fails_at_(fails_at) {
    ports_.resize(1);
    ports_[0].name = "x";
    ports_[0].shape = {2};
  }
  [[nodiscard]] RuntimeKind kind() const override { return RuntimeKind::kReference; }
  [[nodiscard]] const std::vector<PortInfo>& inputs() const override { return ports_; }
  [[nodiscard]] const std::vector<PortInfo>& outputs() const override { return ports_; }
  [[nodiscard]] absl::Status run(std::span<const std::span<const std::byte>> inputs,
                                 std::span<const std::span<std::byte>> outputs) override {
    EXPECT_EQ(inputs[0].size(), 8u);
    EXPECT_EQ(outputs[0].size(), 8u);
    if (fails_at_-- == 0) return absl::InternalError("broken");
    log_->push_back(letter_);
    return absl::OkStatus();
  }
  [[nodiscard]] absl::StatusOr<std::vector<OpRecord>> profile() override {
    return std::vector<OpRecord>();
  }

 private:
  std::string* log_;
  char letter_;
  int fails_at_;
  std::vector<PortInfo> ports_;
};

std::vector<BenchSubject> subjects(std::span<Recorder> models) {
  std::vector<BenchSubject> result;
  for (Recorder& model : models) result.push_back({&model, {std::vector<std::byte>(8)}});
  return result;
}

TEST(Bench, RunsEveryModelInEveryRoundInAShuffledButRepeatableOrder) {
  const BenchOptions options{.rounds = 40, .runs = 2, .warm_up = 1, .seed = 5};
  std::string log, again, other;
  for (auto [text, seed] : {std::pair{&log, 5u}, {&again, 5u}, {&other, 6u}}) {
    Recorder models[] = {{text, 'a'}, {text, 'b'}, {text, 'c'}};
    std::vector<BenchSubject> list = subjects(models);
    BenchOptions seeded = options;
    seeded.seed = seed;
    const auto times = measure(list, seeded);
    ASSERT_TRUE(times.ok()) << times.status();
    ASSERT_EQ(times->size(), 3u);
    EXPECT_EQ((*times)[0].wall_rounds.size(), 40u);
    EXPECT_EQ((*times)[0].cpu_rounds.size(), 40u);
  }
  EXPECT_EQ(log, again);
  EXPECT_NE(log, other);
  ASSERT_EQ(log.size(), 3u * 3 * 40);
  std::string firsts;
  for (size_t round = 0; round < 40; ++round) {
    std::string order;
    for (size_t turn = 0; turn < 3; ++turn) {
      const std::string runs = log.substr(round * 9 + turn * 3, 3);
      EXPECT_EQ(runs, std::string(3, runs[0]));
      order.push_back(runs[0]);
    }
    firsts.push_back(order[0]);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, "abc");
  }
  for (const char letter : {'a', 'b', 'c'}) EXPECT_THAT(firsts, HasSubstr(std::string(1, letter)));
}

TEST(Bench, AFailingRunNamesTheModel) {
  std::string log;
  Recorder models[] = {{&log, 'a'}, {&log, 'b', 3}};
  std::vector<BenchSubject> list = subjects(models);
  const auto times = measure(list, {.rounds = 2, .runs = 3, .warm_up = 0});
  EXPECT_EQ(times.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(times.status().message(), "model 2: broken");
}

TEST(Bench, StopsWhenAsked) {
  std::string log;
  Recorder models[] = {{&log, 'a'}};
  std::vector<BenchSubject> list = subjects(models);
  const auto times = measure(list, {.rounds = 9, .runs = 1, .warm_up = 0},
                             [](std::string_view, int64_t done, int64_t) { return done < 4; });
  EXPECT_EQ(times.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(log, "aaaa");
}

TEST(Bench, CountsBelowOneAreRefused) {
  std::vector<BenchSubject> none;
  EXPECT_EQ(measure(none, {.rounds = 0}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(measure(none, {.runs = 0}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Bench, SummarisesByMedianAndNearestRank) {
  const std::vector<double> rounds[] = {{5, 1, 3, 2, 4}, {10, 6, 8, 7, 9}};
  const Latency latency = summarise(rounds);
  EXPECT_EQ(latency.median, 5.5);
  EXPECT_EQ(latency.p90, 9);  // nine of the ten values do not exceed 9
  EXPECT_EQ(latency.lowest_round, 3);
  EXPECT_EQ(latency.highest_round, 8);
  const std::vector<double> one[] = {{7}};
  EXPECT_EQ(summarise(one).p90, 7);
}

TEST(Bench, RatiosAreTakenRoundByRound) {
  const Ratio result = ratio(std::vector<double>{2, 9, 4}, std::vector<double>{4, 3, 4});
  EXPECT_EQ(result.median, 1);
  EXPECT_EQ(result.lowest, 0.5);
  EXPECT_EQ(result.highest, 3);
}

TEST(CpuPin, PinsAndRestores) {
  cpu_set_t before, pinned, after;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  int cpu = 0;
  while (!CPU_ISSET(static_cast<size_t>(cpu), &before)) ++cpu;
  {
    const auto pin = CpuPin::to(cpu);
    ASSERT_TRUE(pin.ok()) << pin.status();
    sched_getaffinity(0, sizeof pinned, &pinned);
    EXPECT_EQ(CPU_COUNT(&pinned), 1);
    EXPECT_TRUE(CPU_ISSET(static_cast<size_t>(cpu), &pinned));
  }
  sched_getaffinity(0, sizeof after, &after);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
  std::vector<int> own;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(static_cast<size_t>(i), &before)) own.push_back(i);
  }
  const auto all = CpuPin::to(own);
  ASSERT_TRUE(all.ok()) << all.status();
  sched_getaffinity(0, sizeof pinned, &pinned);
  EXPECT_TRUE(CPU_EQUAL(&before, &pinned));
  EXPECT_EQ(CpuPin::to(-1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CpuPin::to(std::vector<int>{cpu, -1}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CpuPin::to(100000).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Machine, ReadsX86AndArm) {
  const Machine x86 = parse_cpuinfo(
      "processor\t: 0\nmodel name\t: Some CPU @ 2.60GHz\nflags\t\t: fpu avx2 amx_int8 fma\n\n"
      "processor\t: 1\nmodel name\t: Some CPU @ 2.60GHz\nflags\t\t: fpu avx2 amx_int8 fma\n");
  EXPECT_EQ(x86.cpu, "Some CPU @ 2.60GHz");
  EXPECT_EQ(x86.cpus, 2);
  EXPECT_THAT(x86.isa, ElementsAre("avx2", "fma", "amx_int8"));
  const Machine arm = parse_cpuinfo("processor : 0\nFeatures : fp asimd asimddp\n");
  EXPECT_EQ(arm.cpu, "unknown");
  EXPECT_THAT(arm.isa, ElementsAre("asimd", "asimddp"));
}

TEST(Machine, ThisOneHasACpu) { EXPECT_GE(this_machine().cpus, 1); }

}  // namespace
}  // namespace durward
