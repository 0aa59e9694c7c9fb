#include "compile/plan/schedule.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "compile/arena.h"
#include "compile/plan/row_streaming.h"

namespace durward {
namespace {

constexpr int64_t kMaxArenaBytes = int64_t{16} << 30;
// Layers that are streamed together: what is gained shrinks with each, the work to find it grows.
constexpr size_t kMostStreamed = 16;

// The window of a call that can be streamed; nullptr for others. A window that lies wholly below
// the image has no first row that a step could begin with.
const WindowGeometry* streamed_window(const KernelCall& call) {
  const WindowGeometry* w = row_window(call);
  return w != nullptr && (w->out_h - 1) * w->stride_h - w->pad_top < w->in_h ? w : nullptr;
}

// Whether one layer's result is the other's input, in the same rows: a reshape may lie between
// them.
bool same_image(const WindowGeometry& from, const Shape& shape, const WindowGeometry& to) {
  return shape == Shape{1, from.out_h, from.out_w, from.out_c} && from.out_h == to.in_h &&
         from.out_w == to.in_w && from.out_c == to.in_c;
}

// First and last call that touch a tensor of the arena.
struct Lifetime {
  size_t first = std::numeric_limits<size_t>::max();
  size_t last = 0;
};

// A part of a chain whose inner tensors are held a few rows at a time: calls first..last.
struct Segment {
  size_t first = 0, last = 0;
  int64_t rows = 0;  // of the last output at a time; 0: one call, whole

  [[nodiscard]] size_t streamed() const { return last - first; }
};

class Scheduler {
 public:
  explicit Scheduler(PlanDraft& draft) : draft_(draft), lifetimes_(draft.plan.tensors.size()) {
    for (size_t i = 0; i < calls().size(); ++i) {
      for (const int32_t input : calls()[i].inputs) {
        if (input >= 0) touch(input, i);
      }
      touch(calls()[i].output, i);
    }
  }

  void run(int64_t arena_bytes) {
    const std::vector<Segment> chains = find_chains();
    int64_t smallest = 0;
    for (const Segment& chain : chains) {
      smallest = std::max(smallest, cheapest(chain, -1).second);
    }
    const int64_t budget = std::max(arena_bytes, smallest);
    for (const Segment& chain : chains) {
      for (const Segment& segment : cheapest(chain, budget).first) {
        add_steps(segment, budget);
      }
    }
  }

 private:
  const std::vector<PlanCall>& calls() const { return draft_.plan.calls; }
  void touch(int32_t tensor, size_t call) {
    Lifetime& lifetime = lifetimes_[static_cast<size_t>(tensor)];
    lifetime.first = std::min(lifetime.first, call);
    lifetime.last = std::max(lifetime.last, call);
  }

  // All calls in order, in runs that could be streamed: each reads the one before's output, which
  // nothing else reads.
  std::vector<Segment> find_chains() const {
    std::vector<Segment> chains;
    for (size_t i = 0; i < calls().size(); ++i) {
      if (i > 0 && follows(i)) {
        chains.back().last = i;
      } else {
        chains.push_back({i, i, 0});
      }
    }
    return chains;
  }

  [[nodiscard]] bool follows(size_t call) const {
    const PlanCall& before = calls()[call - 1];
    const WindowGeometry* from = streamed_window(before.call);
    const WindowGeometry* to = streamed_window(calls()[call].call);
    if (from == nullptr || to == nullptr) return false;
    const int32_t between = before.output;
    const auto& inputs = calls()[call].inputs;
    return inputs[0] == between && std::count(inputs.begin(), inputs.end(), between) == 1 &&
           draft_.tensor(between).place == PlanTensor::Place::kArena &&
           same_image(*from, draft_.tensor(between).shape, *to) &&
           lifetimes_[static_cast<size_t>(between)].last == call;
  }

  std::vector<WindowGeometry> windows(const Segment& segment) const {
    std::vector<WindowGeometry> result;
    for (size_t i = segment.first; i <= segment.last; ++i) {
      result.push_back(*streamed_window(calls()[i].call));
    }
    return result;
  }

  // Bytes of the arena that are in use while the segment runs.
  int64_t bytes_during(const Segment& segment) const {
    std::vector<bool> inside(draft_.plan.tensors.size(), false);
    for (size_t i = segment.first; i < segment.last; ++i) {
      inside[static_cast<size_t>(calls()[i].output)] = true;
    }
    int64_t total = 0;
    for (size_t t = 0; t < inside.size(); ++t) {
      const PlanTensor& tensor = draft_.plan.tensors[t];
      if (inside[t] || tensor.place != PlanTensor::Place::kArena) continue;
      if (lifetimes_[t].first <= segment.last && lifetimes_[t].last >= segment.first) {
        total += static_cast<int64_t>(tensor.bytes);
      }
    }
    if (segment.first == segment.last) return total;
    const std::vector<WindowGeometry> chain = windows(segment);
    const RowSchedule schedule = stream_rows(chain, std::max<int64_t>(segment.rows, 1));
    for (size_t i = 0; i + 1 < chain.size(); ++i) {
      total += schedule.held_rows[i + 1] * chain[i].out_w * chain[i].out_c;
    }
    return total;
  }

  // The same with one row at a time, found once.
  int64_t fewest_bytes_during(const Segment& segment) {
    const auto [known, added] = fewest_bytes_.try_emplace({segment.first, segment.last}, 0);
    if (added) known->second = bytes_during(segment);
    return known->second;
  }

  // How to cut the chain: with the smallest peak where the budget is negative, else with the fewest
  // streamed tensors within the budget. -> the segments and their peak.
  std::pair<std::vector<Segment>, int64_t> cheapest(const Segment& chain, int64_t budget) {
    struct Best {
      int64_t cost = std::numeric_limits<int64_t>::max();
      int64_t peak = 0;
      size_t streamed = 0;
      size_t from = 0;
    };
    const size_t length = chain.last - chain.first + 1;
    std::vector<Best> best(length + 1);
    best[0].cost = 0;
    for (size_t end = 1; end <= length; ++end) {
      for (size_t begin = end > kMostStreamed ? end - kMostStreamed : 0; begin < end; ++begin) {
        const Segment segment{chain.first + begin, chain.first + end - 1, 0};
        const int64_t bytes = fewest_bytes_during(segment);
        const int64_t peak = std::max(best[begin].peak, bytes);
        const size_t streamed = best[begin].streamed + segment.streamed();
        // A peak within the budget costs nothing.
        const int64_t cost = peak <= budget ? 0 : peak;
        if (std::pair(cost, streamed) < std::pair(best[end].cost, best[end].streamed)) {
          best[end] = {cost, peak, streamed, begin};
        }
      }
    }
    std::vector<Segment> segments;
    for (size_t end = length; end > 0; end = best[end].from) {
      segments.push_back({chain.first + best[end].from, chain.first + end - 1, 0});
    }
    std::reverse(segments.begin(), segments.end());
    return {segments, best[length].peak};
  }

  // The most rows at a time that stay within the budget, in bands of nearly equal height.
  int64_t rows_within(Segment segment, int64_t budget) const {
    const int64_t height = windows(segment).back().out_h;
    int64_t rows = 1;
    for (int64_t bands = 1; bands <= height; ++bands) {
      segment.rows = (height + bands - 1) / bands;
      rows = segment.rows;
      if (bytes_during(segment) <= budget) break;
    }
    return rows;
  }

  void add_steps(const Segment& segment, int64_t budget) {
    if (segment.first == segment.last) {
      PlanStep step;
      step.index = static_cast<uint32_t>(segment.first);
      draft_.plan.steps.push_back(step);
      return;
    }
    const std::vector<WindowGeometry> chain = windows(segment);
    const RowSchedule schedule = stream_rows(chain, rows_within(segment, budget));
    for (size_t i = 0; i + 1 < chain.size(); ++i) {
      PlanTensor& tensor = draft_.tensor(calls()[segment.first + i].output);
      tensor.bytes =
          static_cast<uint64_t>(schedule.held_rows[i + 1] * chain[i].out_w * chain[i].out_c);
    }
    for (PlanStep step : schedule.steps) {
      // A slide's index is a tensor's place in the chain: what the call before it writes.
      step.index = step.kind == PlanStep::Kind::kSlide
                       ? static_cast<uint32_t>(calls()[segment.first + step.index - 1].output)
                       : static_cast<uint32_t>(segment.first) + step.index;
      draft_.plan.steps.push_back(step);
    }
  }

  PlanDraft& draft_;
  std::vector<Lifetime> lifetimes_;
  std::map<std::pair<size_t, size_t>, int64_t> fewest_bytes_;  // by first and last call
};

}  // namespace

void schedule_steps(PlanDraft& draft, int64_t arena_bytes) { Scheduler(draft).run(arena_bytes); }

absl::Status place_tensors(PlanDraft& draft) {
  Plan& plan = draft.plan;
  std::vector<Lifetime> lifetimes(plan.tensors.size());
  const auto touch = [&](int32_t tensor, size_t step) {
    if (tensor < 0) return;
    Lifetime& lifetime = lifetimes[static_cast<size_t>(tensor)];
    lifetime.first = std::min(lifetime.first, step);
    lifetime.last = std::max(lifetime.last, step);
  };
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    if (step.kind == PlanStep::Kind::kSlide) continue;  // between two runs that touch it as well
    for (const int32_t input : plan.calls[step.index].inputs) touch(input, i);
    touch(plan.calls[step.index].output, i);
  }
  ArenaPlanner planner;
  std::vector<std::pair<size_t, size_t>> blocks;  // tensor, block
  for (size_t t = 0; t < plan.tensors.size(); ++t) {
    if (plan.tensors[t].place != PlanTensor::Place::kArena) continue;
    if (lifetimes[t].first > lifetimes[t].last) continue;  // empty: no step makes it
    blocks.emplace_back(t,
                        planner.add(plan.tensors[t].bytes, lifetimes[t].first, lifetimes[t].last));
  }
  DURWARD_RETURN_IF_ERROR(planner.plan(kMaxArenaBytes));
  for (const auto& [tensor, block] : blocks) plan.tensors[tensor].offset = planner.offset(block);
  plan.arena_bytes = planner.total_bytes();
  return absl::OkStatus();
}

}  // namespace durward
