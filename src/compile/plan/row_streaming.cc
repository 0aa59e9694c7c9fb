#include "compile/plan/row_streaming.h"

#include <algorithm>

namespace durward {
namespace {

struct Rows {
  int64_t begin = 0, end = 0;
};

// The rows of the image that some rows of the output look at.
Rows rows_below(const WindowGeometry& w, const Rows& out) {
  const int64_t first = out.begin * w.stride_h - w.pad_top;
  const int64_t last = (out.end - 1) * w.stride_h - w.pad_top + (w.kernel_h - 1) * w.dilation_h;
  const int64_t begin = std::clamp<int64_t>(first, 0, w.in_h - 1);
  return {begin, std::clamp<int64_t>(last + 1, begin + 1, w.in_h)};
}

class Streaming {
 public:
  // `rows` of the last output at a time.
  Streaming(std::span<const WindowGeometry> chain, int64_t rows)
      : chain_(chain), held_(chain.size() + 1), at_once_(chain.size(), rows) {
    schedule_.held_rows.assign(chain.size() + 1, 0);
    held_.front() = {0, chain.front().in_h};
    schedule_.held_rows.front() = chain.front().in_h;
    schedule_.held_rows.back() = chain.back().out_h;
    for (size_t i = chain.size() - 1; i-- > 0;) {
      at_once_[i] = at_once_[i + 1] * chain[i + 1].stride_h;
    }
  }

  // The rows of call i's output up to `end`, and before them what they need.
  void make_up_to(size_t i, int64_t end) {
    while (held_[i + 1].end < end) {
      Rows made{held_[i + 1].end, end};
      // A first window needs more rows than those after it. In parts they need no more of the layer
      // below; the lowest layer's input is whole anyway.
      if (i > 0 || chain_.size() == 1) made.end = std::min(end, made.begin + at_once_[i]);
      if (i > 0) {
        const Rows below = rows_below(chain_[i], made);
        drop_before(i, below.begin);
        make_up_to(i - 1, below.end);
      }
      make(i, made);
    }
  }

  RowSchedule take() && { return std::move(schedule_); }

 private:
  void drop_before(size_t tensor, int64_t row) {
    Rows& held = held_[tensor];
    if (held.end <= row) {
      held = {row, row};
      return;
    }
    if (held.begin >= row) return;
    PlanStep slide;
    slide.kind = PlanStep::Kind::kSlide;
    slide.index = static_cast<uint32_t>(tensor);
    slide.input_row = static_cast<uint32_t>(row - held.begin);
    slide.input_rows = static_cast<uint32_t>(held.end - row);
    schedule_.steps.push_back(slide);
    held.begin = row;
  }

  void make(size_t i, const Rows& made) {
    const WindowGeometry& w = chain_[i];
    const Rows below = rows_below(w, made);
    PlanStep step;
    step.index = static_cast<uint32_t>(i);
    step.input_row = static_cast<uint32_t>(below.begin - held_[i].begin);
    step.input_rows = static_cast<uint32_t>(below.end - below.begin);
    step.pad_top = static_cast<uint32_t>(std::max<int64_t>(0, w.pad_top - made.begin * w.stride_h));
    step.output_row = static_cast<uint32_t>(made.begin - held_[i + 1].begin);
    step.output_rows = static_cast<uint32_t>(made.end - made.begin);
    step.addend_row = static_cast<uint32_t>(made.begin);
    schedule_.steps.push_back(step);
    held_[i + 1].end = made.end;
    int64_t& most = schedule_.held_rows[i + 1];
    most = std::max(most, held_[i + 1].end - held_[i + 1].begin);
  }

  std::span<const WindowGeometry> chain_;
  std::vector<Rows> held_;        // of each tensor, by its own rows
  std::vector<int64_t> at_once_;  // rows of each call's output that are made in one step
  RowSchedule schedule_;
};

}  // namespace

RowSchedule stream_rows(std::span<const WindowGeometry> chain, int64_t rows) {
  Streaming streaming(chain, rows);
  streaming.make_up_to(chain.size() - 1, chain.back().out_h);
  return std::move(streaming).take();
}

}  // namespace durward
