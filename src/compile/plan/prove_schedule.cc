#include <absl/strings/str_cat.h>

#include <algorithm>

#include "compile/plan/schedule.h"

namespace durward {
namespace {

// Which byte of which tensor each byte of the arena and of the outputs holds. Inputs and constants
// hold themselves.
class Contents {
 public:
  explicit Contents(const Plan& plan) : plan_(plan), start_(plan.tensors.size(), 0) {
    uint64_t bytes = plan.arena_bytes;
    for (const int32_t output : plan.outputs) {
      output_start_.push_back(bytes);
      bytes += tensor(output).bytes;
    }
    owner_.assign(bytes, kNobody);
  }

  // `bytes` bytes from `offset` of what is held become those of this tensor from `first` on.
  void write(int32_t index, uint64_t offset, uint64_t bytes, uint64_t first) {
    if (!changes(index)) return;
    for (uint64_t i = 0; i < bytes; ++i) owner_[at(index, offset + i)] = tag(index, first + i);
  }
  [[nodiscard]] bool holds(int32_t index, uint64_t offset, uint64_t bytes, uint64_t first) const {
    if (!changes(index)) return offset == first;
    for (uint64_t i = 0; i < bytes; ++i) {
      if (owner_[at(index, offset + i)] != tag(index, first + i)) return false;
    }
    return true;
  }
  [[nodiscard]] bool holds_whole(int32_t index) const {
    return holds(index, 0, tensor(index).bytes, 0);
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
  [[nodiscard]] bool changes(int32_t index) const {
    const PlanTensor::Place place = tensor(index).place;
    return place == PlanTensor::Place::kArena || place == PlanTensor::Place::kOutput;
  }
  [[nodiscard]] size_t at(int32_t index, uint64_t offset) const {
    const PlanTensor& t = tensor(index);
    const bool output = t.place == PlanTensor::Place::kOutput;
    return static_cast<size_t>((output ? output_start_[t.offset] : t.offset) + offset);
  }

  const Plan& plan_;
  std::vector<uint64_t> output_start_;  // behind the arena
  std::vector<uint64_t> owner_;
  std::vector<uint64_t> start_;
};

class Proof {
 public:
  explicit Proof(const Plan& plan)
      : plan_(plan),
        contents_(plan),
        begun_(plan.calls.size(), false),
        missing_(plan.tensors.size(), 0),
        written_(plan.tensors.size(), false) {
    for (const PlanCall& call : plan.calls) ++missing_[static_cast<size_t>(call.output)];
  }

  absl::Status run() {
    for (const PlanStep& step : plan_.steps) {
      if (step.kind == PlanStep::Kind::kSlide) {
        DURWARD_RETURN_IF_ERROR(slide(step));
        continue;
      }
      const PlanCall& call = plan_.calls[step.index];
      DURWARD_RETURN_IF_ERROR(read_operands(call));
      DURWARD_RETURN_IF_ERROR(step.output_rows > 0 ? run_rows(step, call) : run_whole(call));
      if (!begun_[step.index]) --missing_[static_cast<size_t>(call.output)];
      begun_[step.index] = true;
    }
    for (const int32_t output : plan_.outputs) {
      if (!complete(output) || !contents_.holds_whole(output)) return lost("the caller", output);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status lost(std::string_view reader, int32_t tensor) const {
    return absl::InternalError(absl::StrCat(
        "the plan does not have tensor '", plan_.tensors[static_cast<size_t>(tensor)].name,
        "' where '", std::string(reader), "' needs it: not computed yet or overwritten"));
  }
  [[nodiscard]] uint64_t row_bytes(int32_t tensor) const {
    const PlanTensor& t = plan_.tensors[static_cast<size_t>(tensor)];
    return static_cast<uint64_t>(t.shape[2] * t.shape[3] * size_of(t.type));
  }
  // Whether every call that writes to the tensor has run or begun to run.
  [[nodiscard]] bool complete(int32_t tensor) const {
    return missing_[static_cast<size_t>(tensor)] == 0;
  }

  absl::Status read_operands(const PlanCall& call) const {
    for (const int32_t input : call.inputs) {
      if (input >= 0 && !complete(input)) return lost(call.name, input);
    }
    return absl::OkStatus();
  }

  absl::Status run_whole(const PlanCall& call) {
    for (const int32_t input : call.inputs) {
      if (input >= 0 && !contents_.holds_whole(input)) return lost(call.name, input);
    }
    // What other calls wrote of it has to be there still.
    const auto output = static_cast<size_t>(call.output);
    if (written_[output] && !contents_.holds_whole(call.output)) {
      return lost(call.name, call.output);
    }
    contents_.write(call.output, 0, plan_.tensors[output].bytes, 0);
    written_[output] = true;
    return absl::OkStatus();
  }

  absl::Status run_rows(const PlanStep& step, const PlanCall& call) {
    const WindowGeometry& w = *row_window(call.call);
    // addend_row is the output's row in the whole image.
    const int64_t first = int64_t{step.addend_row} * w.stride_h - w.pad_top;
    const int64_t last =
        first + (int64_t{step.output_rows} - 1) * w.stride_h + (w.kernel_h - 1) * w.dilation_h;
    const int64_t begin = std::max<int64_t>(first, 0), end = std::min(last + 1, w.in_h);
    if (begin >= w.in_h || int64_t{step.pad_top} != begin - first ||
        begin + int64_t{step.input_rows} < end) {
      return absl::InternalError(
          absl::StrCat("a step of '", call.name, "' sees other rows than its window looks at"));
    }
    const int32_t input = call.inputs[0], output = call.output;
    const auto row = static_cast<uint64_t>(w.in_w * w.in_c);
    if (!contents_.holds(input, step.input_row * row, step.input_rows * row,
                         static_cast<uint64_t>(begin) * row)) {
      return lost(call.name, input);
    }
    const auto out_row = static_cast<uint64_t>(w.out_w * w.out_c);
    const uint64_t made = step.output_rows * out_row, place = step.addend_row * out_row;
    if (call.inputs.size() > kAddendOperand &&
        !contents_.holds(call.inputs[kAddendOperand], place, made, place)) {
      return lost(call.name, call.inputs[kAddendOperand]);
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
  Contents contents_;
  std::vector<bool> begun_;    // by call
  std::vector<int> missing_;   // by tensor: calls that write to it and have not begun
  std::vector<bool> written_;  // by tensor: by a whole call
};

}  // namespace

absl::Status prove_schedule(const Plan& plan) {
  // The proof takes eight times the arena; models of that size run where memory is plenty.
  constexpr uint64_t kLargestProved = uint64_t{64} << 20;
  if (plan.arena_bytes > kLargestProved) return absl::OkStatus();
  return Proof(plan).run();
}

}  // namespace durward
