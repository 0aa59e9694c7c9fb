#include <absl/strings/str_cat.h>

#include <algorithm>

#include "compile/plan/schedule.h"

namespace durward {
namespace {

// Which byte of which tensor each byte of the arena holds.
class ArenaContents {
 public:
  explicit ArenaContents(const Plan& plan)
      : plan_(plan), owner_(plan.arena_bytes, kNobody), start_(plan.tensors.size(), 0) {}

  [[nodiscard]] bool in_arena(int32_t index) const {
    return tensor(index).place == PlanTensor::Place::kArena;
  }
  // `bytes` bytes from `offset` of what is held become those of this tensor from `first` on.
  void write(int32_t index, uint64_t offset, uint64_t bytes, uint64_t first) {
    if (!in_arena(index)) return;
    for (uint64_t i = 0; i < bytes; ++i) owner_[at(index, offset + i)] = tag(index, first + i);
  }
  [[nodiscard]] bool holds(int32_t index, uint64_t offset, uint64_t bytes, uint64_t first) const {
    if (!in_arena(index)) return true;
    for (uint64_t i = 0; i < bytes; ++i) {
      if (owner_[at(index, offset + i)] != tag(index, first + i)) return false;
    }
    return true;
  }
  // The tensor's byte that the start of what is held of it is.
  uint64_t& start(int32_t index) { return start_[static_cast<size_t>(index)]; }

 private:
  static constexpr uint64_t kNobody = ~uint64_t{0};
  static uint64_t tag(int32_t index, uint64_t byte) {
    return (static_cast<uint64_t>(index) << 40) | byte;
  }
  [[nodiscard]] const PlanTensor& tensor(int32_t index) const {
    return plan_.tensors[static_cast<size_t>(index)];
  }
  [[nodiscard]] size_t at(int32_t index, uint64_t offset) const {
    return static_cast<size_t>(tensor(index).offset + offset);
  }

  const Plan& plan_;
  std::vector<uint64_t> owner_;
  std::vector<uint64_t> start_;
};

class Proof {
 public:
  explicit Proof(const Plan& plan)
      : plan_(plan), contents_(plan), written_(plan.tensors.size(), false) {}

  absl::Status run() {
    for (const PlanStep& step : plan_.steps) {
      if (step.kind == PlanStep::Kind::kSlide) {
        DURWARD_RETURN_IF_ERROR(slide(step));
      } else if (step.output_rows > 0) {
        DURWARD_RETURN_IF_ERROR(run_rows(step, plan_.calls[step.index]));
      } else {
        DURWARD_RETURN_IF_ERROR(run_whole(plan_.calls[step.index]));
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status lost(std::string_view call, int32_t tensor) const {
    return absl::InternalError(absl::StrCat("the plan overwrites tensor '",
                                            plan_.tensors[static_cast<size_t>(tensor)].name,
                                            "' before '", std::string(call), "' reads it"));
  }
  [[nodiscard]] uint64_t bytes(int32_t tensor) const {
    return plan_.tensors[static_cast<size_t>(tensor)].bytes;
  }
  [[nodiscard]] uint64_t row_bytes(int32_t tensor) const {
    const PlanTensor& t = plan_.tensors[static_cast<size_t>(tensor)];
    return static_cast<uint64_t>(t.shape[2] * t.shape[3] * size_of(t.type));
  }

  absl::Status run_whole(const PlanCall& call) {
    for (const int32_t input : call.inputs) {
      if (input >= 0 && !contents_.holds(input, 0, bytes(input), 0)) return lost(call.name, input);
    }
    // What other calls wrote of it has to be there still.
    const auto output = static_cast<size_t>(call.output);
    if (written_[output] && !contents_.holds(call.output, 0, bytes(call.output), 0)) {
      return lost(call.name, call.output);
    }
    contents_.write(call.output, 0, bytes(call.output), 0);
    written_[output] = true;
    return absl::OkStatus();
  }

  absl::Status run_rows(const PlanStep& step, const PlanCall& call) {
    const auto* conv = std::get_if<Conv2DInt8Call>(&call.call);
    const WindowGeometry& w =
        conv != nullptr ? conv->geometry.window : std::get<DepthwiseInt8Call>(call.call).window;
    // addend_row is the output's row in the whole image.
    const int32_t input = call.inputs[0], output = call.output;
    const int64_t top = int64_t{step.addend_row} * w.stride_h - w.pad_top;
    const auto first_row = static_cast<uint64_t>(std::clamp<int64_t>(top, 0, w.in_h - 1));
    const uint64_t row = static_cast<uint64_t>(w.in_w * w.in_c);
    if (!contents_.holds(input, step.input_row * row, step.input_rows * row, first_row * row)) {
      return lost(call.name, input);
    }
    const uint64_t out_row = static_cast<uint64_t>(w.out_w * w.out_c);
    const uint64_t made = step.output_rows * out_row, place = step.addend_row * out_row;
    if (call.inputs.size() > 5 && call.inputs[5] >= 0 &&
        !contents_.holds(call.inputs[5], place, made, place)) {
      return lost(call.name, call.inputs[5]);
    }
    contents_.write(output, step.output_row * out_row, made, place);
    contents_.start(output) = place - step.output_row * out_row;
    return absl::OkStatus();
  }

  absl::Status slide(const PlanStep& step) {
    const auto tensor = static_cast<int32_t>(step.index);
    const uint64_t row = row_bytes(tensor);
    const uint64_t from = step.input_row * row, moved = step.input_rows * row;
    uint64_t& start = contents_.start(tensor);
    if (!contents_.holds(tensor, from, moved, start + from)) return lost("a slide", tensor);
    start += from;
    contents_.write(tensor, 0, moved, start);
    return absl::OkStatus();
  }

  const Plan& plan_;
  ArenaContents contents_;
  std::vector<bool> written_;
};

}  // namespace

absl::Status prove_schedule(const Plan& plan) {
  // The proof takes eight times the arena; models of that size run where memory is plenty.
  constexpr uint64_t kLargestProved = uint64_t{64} << 20;
  if (plan.arena_bytes > kLargestProved) return absl::OkStatus();
  return Proof(plan).run();
}

}  // namespace durward
