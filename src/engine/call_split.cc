#include "engine/call_split.h"

#include <algorithm>
#include <type_traits>

#include "engine/call_visit.h"
#include "engine/plan.h"

namespace durward {
namespace {

// What a part has of the whole's rows, pixels or elements.
struct Range {
  int64_t first = 0, count = 0;
};

uint64_t bytes(int64_t elements, size_t element) {
  return static_cast<uint64_t>(elements) * element;
}

// ---- windows: rows of the output, or its pixels ----

template <typename Call>
concept HasWindow = requires(Call c) { c.window; };
template <typename Call>
concept HasGeometry = requires(Call c) { c.geometry.window; };
template <typename Call>
concept Windowed = HasWindow<Call> || HasGeometry<Call>;

template <Windowed Call>
auto& window_of(Call& call) {
  if constexpr (HasWindow<Call>) {
    return call.window;
  } else {
    return call.geometry.window;
  }
}

template <Windowed Call>
size_t element_of(const Call& call) {
  if constexpr (std::is_same_v<Call, MaxPoolCall>) {
    return call.is_float ? sizeof(float) : 1;
  } else {
    const bool is_float = std::is_same_v<Call, Conv2DFloatCall> ||
                          std::is_same_v<Call, DepthwiseFloatCall> ||
                          std::is_same_v<Call, AveragePoolFloatCall>;
    return is_float ? sizeof(float) : 1;
  }
}

// Where there are no rows to speak of. Otherwise parts of one layer and the next meet at the same
// rows, which spares the threads waiting for each other.
bool runs_by_pixels(const WindowGeometry& w) {
  return (w.out_h == 1 || w.batch > 1) && w.kernel_h == 1 && w.kernel_w == 1 && w.stride_h == 1 &&
         w.stride_w == 1 && w.pad_top == 0 && w.pad_left == 0 && w.in_h == w.out_h &&
         w.in_w == w.out_w;
}

int64_t top_of(const WindowGeometry& w, int64_t row) { return row * w.stride_h - w.pad_top; }

int64_t units_of_window(const WindowGeometry& w) {
  if (runs_by_pixels(w)) return w.batch * w.out_h * w.out_w;
  // The image of a part begins where its windows do, so all of them begin above its end.
  return w.batch == 1 && top_of(w, w.out_h - 1) < w.in_h ? w.out_h : 1;
}

void take_of_window(WindowGeometry& w, size_t element, Range range, CallPart& part) {
  if (runs_by_pixels(w)) {
    part.input_offsets[0] = bytes(range.first * w.in_c, element);
    part.output_offset = bytes(range.first * w.out_c, element);
    w.batch = w.in_h = w.out_h = 1;
    w.in_w = w.out_w = range.count;
  } else {
    const int64_t top = top_of(w, range.first);
    const int64_t above = std::max<int64_t>(top, 0);
    const int64_t bottom =
        top_of(w, range.first + range.count - 1) + (w.kernel_h - 1) * w.dilation_h + 1;
    part.input_offsets[0] = bytes(above * w.in_w * w.in_c, element);
    part.output_offset = bytes(range.first * w.out_w * w.out_c, element);
    // One row at least, though windows that lie above the image see none.
    w.in_h = std::max<int64_t>(std::min(w.in_h, bottom) - above, 1);
    w.pad_top = above - top;
    w.out_h = range.count;
  }
  part.input_offsets[kAddendOperand] = part.output_offset;
}

template <Windowed Call>
int64_t units(const Call& call) {
  return units_of_window(window_of(call));
}
template <Windowed Call>
void take(Call& call, Range range, CallPart& part) {
  take_of_window(window_of(call), element_of(call), range, part);
}

// ---- two tensors: the outermost loop that runs more than once ----

template <typename Call>
concept HasLoop = requires(Call c) { c.loop; };
template <typename Call>
concept HasParameters = requires(Call c) { c.parameters.loop; };
template <typename Call>
concept Looped = HasLoop<Call> || HasParameters<Call>;

template <Looped Call>
auto& loop_of(Call& call) {
  if constexpr (HasLoop<Call>) {
    return call.loop;
  } else {
    return call.parameters.loop;
  }
}

int outermost(const LoopNest& loop) {
  int axis = 0;
  while (axis + 1 < loop.rank && loop.dims[axis] == 1) ++axis;
  return axis;
}

int64_t elements_inside(const LoopNest& loop, int axis) {
  int64_t elements = 1;
  for (int i = axis + 1; i < loop.rank; ++i) elements *= loop.dims[i];
  return elements;
}

void take_of_loop(LoopNest& loop, size_t element, Range range, CallPart& part) {
  const int axis = outermost(loop);
  loop.dims[axis] = range.count;
  part.input_offsets[0] = bytes(range.first * loop.stride_a[axis], element);
  part.input_offsets[1] = bytes(range.first * loop.stride_b[axis], element);
  part.output_offset = bytes(range.first * elements_inside(loop, axis), element);
}

template <Looped Call>
int64_t units(const Call& call) {
  return loop_of(call).dims[outermost(loop_of(call))];
}
template <Looped Call>
void take(Call& call, Range range, CallPart& part) {
  const size_t element = std::is_same_v<Call, BinaryFloatCall> ? sizeof(float) : 1;
  take_of_loop(loop_of(call), element, range, part);
}

// ---- functions of one element ----

struct Elements {
  size_t input, output;  // bytes of one
};
Elements elements_of(const LookupInt8Call&) { return {1, 1}; }
Elements elements_of(const UnaryFloatCall&) { return {sizeof(float), sizeof(float)}; }
Elements elements_of(const QuantizeInt8Call&) { return {sizeof(float), 1}; }
template <typename Call>
concept Counted = requires(Call c) { elements_of(c); };

template <Counted Call>
int64_t units(const Call& call) {
  return call.count;
}

template <Counted Call>
void take(Call& call, Range range, CallPart& part) {
  const Elements element = elements_of(call);
  call.count = range.count;
  part.input_offsets[0] = bytes(range.first, element.input);
  part.output_offset = bytes(range.first, element.output);
}

// ---- rows of channels ----

template <typename Call>
concept Rowed = std::is_same_v<Call, PReluInt8Call> || std::is_same_v<Call, PReluFloatCall>;

template <Rowed Call>
int64_t units(const Call& call) {
  return call.rows;
}

template <Rowed Call>
void take(Call& call, Range range, CallPart& part) {
  const size_t element = std::is_same_v<Call, PReluFloatCall> ? sizeof(float) : 1;
  call.rows = range.count;
  part.input_offsets[0] = part.output_offset = bytes(range.first * call.channels, element);
}

// ---- all others are run whole ----

template <typename Call>
int64_t units(const Call&) {
  return 1;
}
template <typename Call>
void take(Call&, Range, CallPart&) {}

// ---- what a call costs ----

struct Work {
  int64_t outputs = 0, products = 0;
};

template <typename Call>
Work work_of(const Call& call) {
  return {units(call), 0};
}
Work work_of(const RecurrentGeometry& g, int64_t gates) {
  const int64_t outputs = g.steps * g.batch * g.hidden * gates;
  return {outputs, outputs * (g.inputs + g.hidden)};
}
inline Work work_of(const LstmFloatCall& call) { return work_of(call.geometry, 4); }
inline Work work_of(const GruFloatCall& call) { return work_of(call.geometry, 3); }
template <Looped Call>
Work work_of(const Call& call) {
  return {elements_inside(loop_of(call), -1), 0};
}
template <Rowed Call>
Work work_of(const Call& call) {
  return {call.rows * call.channels, 0};
}
template <Windowed Call>
Work work_of(const Call& call) {
  const WindowGeometry& w = window_of(call);
  const int64_t outputs = w.batch * w.out_h * w.out_w * w.out_c;
  int64_t depth = w.kernel_h * w.kernel_w;
  if constexpr (HasGeometry<Call>) depth = call.geometry.depth();
  return {outputs, outputs * depth};
}

}  // namespace

int64_t most_parts(const KernelCall& call) {
  return visit_call(call, [](const auto& one) { return std::max<int64_t>(units(one), 1); });
}

CallPart part_of(const KernelCall& call, int64_t part, int64_t parts) {
  CallPart result{call};
  if (parts == 1) return result;
  visit_call(result.call, [&](auto& one) {
    const int64_t whole = units(one);
    const auto begin = [&](int64_t i) { return (whole * i + parts - 1) / parts; };
    take(one, {begin(part), begin(part + 1) - begin(part)}, result);
  });
  return result;
}

int64_t estimated_nanoseconds(const KernelCall& call, bool portable) {
  constexpr int64_t kOutputs = 8, kProducts = 1024, kPortableProducts = 8;  // in a nanosecond
  const Work work = visit_call(call, [](const auto& one) { return work_of(one); });
  return work.outputs / kOutputs + work.products / (portable ? kPortableProducts : kProducts);
}

}  // namespace durward
