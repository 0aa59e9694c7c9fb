// Plans of random calls of every kind that has a kernel for microcontrollers, and what the engine
// computes for them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/random.h"
#include "engine/aligned_bytes.h"
#include "engine/call_needs.h"
#include "engine/hand_plan.h"
#include "engine/session.h"

namespace durward {

// Every call reads random constants and writes a place of its own; the output is all of them.
class RandomPlan {
 public:
  explicit RandomPlan(uint64_t seed) : random_(seed) {}

  static constexpr int kKinds = 17;

  // A call of kind 0..kKinds-1.
  void add(int kind) {
    switch (kind) {
      case 0:
        return convolution();
      case 1:
        return depthwise();
      case 2:
        return call(AddInt8Call{{loop(), zero(), zero(), factor(), factor(), output()}});
      case 3:
        return call(MulInt8Call{{loop(), zero(), zero(), factor() / 100, output()}});
      case 4:
        return call(ExtremumInt8Call{loop(), chance()});
      case 5:
        return call(LookupInt8Call{pick(1, 300)});
      case 6:
        return call(PReluInt8Call{pick(1, 20), 9, zero(), output()},
                    {{1, floats(9, 0.1, 2)}, {2, floats(9, -1, 1)}});
      case 7:
        return call(MaxPoolCall{pool_window()});
      case 8:
        return average_pool();
      case 9:
        return call(SumInt8Call{reduction(), zero(), factor() / 4, output()});
      case 10:
        return call(ReduceExtremumInt8Call{reduction(), chance()});
      case 11:
        return copy();
      case 12:
        return call(FillCall{int64_t{1} << pick(0, 3), pick(1, 50)});
      case 13:
        return resize();
      case 14:
        return call(SoftmaxInt8Call{axis(), 256, {-128, -128, 127}}, {{1, exponentials()}});
      case 15:
        return call(L2NormalizeInt8Call{axis(), zero(), 128, {}});
      default:
        return between_float_and_int8();
    }
  }

  // The serialised plan: one input, which nothing reads, and one output.
  [[nodiscard]] std::vector<std::byte> finish() {
    int64_t bytes = 0;
    for (const auto& place : places_) bytes += place.second;
    plan_.input({1});
    const int32_t output = plan_.output({bytes});
    int64_t first = 0;
    for (const auto& [place, size] : places_) {
      CopyCall copy;
      copy.copy.loop.dims[0] = size;
      copy.copy.loop.stride_a[0] = copy.copy.loop.stride_b[0] = 1;
      copy.copy.first_b = first;
      plan_.call(copy, {place}, output);
      first += size;
    }
    return plan_.bytes();
  }

 private:
  using Bytes = std::vector<std::byte>;
  // Of a call, by operand; others are random bytes or, where elements have four, floats.
  using Special = std::map<size_t, Bytes>;

  int64_t pick(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_.below(static_cast<uint64_t>(high - low + 1)));
  }
  bool chance() { return random_.below(2) == 1; }
  int32_t zero() { return static_cast<int32_t>(pick(-128, 127)); }
  float factor() { return static_cast<float>(0.05 + random_.uniform()); }
  Int8Output output() {
    const auto lowest = static_cast<int32_t>(pick(-128, 0));
    return {zero(), lowest, static_cast<int32_t>(pick(1, 127))};
  }

  template <typename T>
  static Bytes bytes_of(const std::vector<T>& values) {
    Bytes bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
  Bytes floats(int64_t count, double low, double high) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) {
      value = static_cast<float>(low + (high - low) * random_.uniform());
    }
    return bytes_of(values);
  }
  Bytes bytes(int64_t count) {
    Bytes values(static_cast<size_t>(count));
    for (std::byte& value : values) value = static_cast<std::byte>(random_.below(256));
    return values;
  }
  Bytes weights(int64_t count) {
    std::vector<int8_t> values(static_cast<size_t>(count));
    for (int8_t& value : values) value = static_cast<int8_t>(pick(-127, 127));
    return bytes_of(values);
  }
  Bytes integers(int64_t count, int64_t most) {
    std::vector<int32_t> values(static_cast<size_t>(count));
    for (int32_t& value : values) value = static_cast<int32_t>(pick(-most, most));
    return bytes_of(values);
  }

  void call(const KernelCall& kernel_call, Special special = {}) {
    const CallNeeds needs = needs_of(kernel_call);
    std::vector<int32_t> inputs;
    for (size_t i = 0; i < needs.input_count; ++i) {
      const OperandNeed& need = needs.inputs[i];
      if (need.optional && !special.contains(i)) continue;
      const bool given = special.contains(i);
      inputs.push_back(plan_.constant(given                 ? special[i]
                                      : need.alignment == 4 ? floats(need.bytes / 4, -4, 4)
                                                            : bytes(need.bytes)));
    }
    const int32_t place = plan_.arena(static_cast<uint64_t>(needs.output.bytes));
    plan_.call(kernel_call, inputs, place);
    places_.emplace_back(place, needs.output.bytes);
  }

  // Some windows hang over the edges, some begin outside.
  WindowGeometry window(int64_t in_c, int64_t out_c) {
    WindowGeometry w;
    w.batch = pick(1, 5) == 1 ? 2 : 1;
    w.in_h = pick(1, 9);
    w.in_w = pick(1, 9);
    w.in_c = in_c;
    w.out_c = out_c;
    const bool pointwise = pick(0, 2) == 0;
    w.kernel_h = pointwise ? 1 : pick(1, 4);
    w.kernel_w = pointwise ? 1 : pick(1, 4);
    w.stride_h = pick(1, 3);
    w.stride_w = pick(1, 3);
    w.dilation_h = pick(1, 4) == 1 ? 2 : 1;
    w.dilation_w = pick(1, 4) == 1 ? 2 : 1;
    w.pad_top = pointwise ? 0 : pick(0, 3);
    w.pad_left = pointwise ? 0 : pick(0, 3);
    w.out_h = pick(1, 5);
    w.out_w = pick(1, 5);
    return w;
  }
  OptionalAdd fused_add() { return {chance(), {zero(), zero(), factor(), factor(), output()}}; }
  // Multipliers that make results fill the range of int8.
  Special layer(int64_t channels, int64_t depth, int64_t weight_count) {
    const double deviation = 5400 * std::sqrt(static_cast<double>(depth));
    return {{1, weights(weight_count)},
            {2, integers(channels, static_cast<int64_t>(deviation))},
            {3, floats(channels, 30 / deviation, 90 / deviation)},
            {4, floats(channels, -30 / deviation, 60 / deviation)}};
  }
  void add_addend(const WindowGeometry& w, const OptionalAdd& fused, Special& special) {
    if (fused.present) special[5] = bytes(w.batch * w.out_h * w.out_w * w.out_c);
  }
  void convolution() {
    Conv2DInt8Call c;
    c.geometry.groups = pick(1, 4) == 1 ? pick(2, 3) : 1;
    const int64_t groups = c.geometry.groups;
    c.geometry.window = window(groups * pick(1, pick(1, 3) == 1 ? 70 : 12), groups * pick(1, 17));
    c.input_zero_point = zero();
    c.output = output();
    c.fused = fused_add();
    const int64_t channels = c.geometry.window.out_c, depth = c.geometry.depth();
    Special special = layer(channels, depth, channels * depth);
    add_addend(c.geometry.window, c.fused, special);
    call(c, special);
  }
  void depthwise() {
    DepthwiseInt8Call c;
    const int64_t in_c = pick(1, 37);
    c.window = window(in_c, in_c * (pick(1, 4) == 1 ? 2 : 1));
    c.input_zero_point = zero();
    c.output = output();
    c.fused = fused_add();
    const int64_t taps = c.window.kernel_h * c.window.kernel_w;
    Special special = layer(c.window.out_c, taps, c.window.out_c * taps);
    add_addend(c.window, c.fused, special);
    call(c, special);
  }

  // Both operands may repeat along any dimension.
  LoopNest loop() {
    LoopNest nest;
    nest.rank = static_cast<int>(pick(1, 4));
    int64_t a = 1, b = 1;
    for (int i = nest.rank - 1; i >= 0; --i) {
      nest.dims[i] = pick(1, 6);
      nest.stride_a[i] = chance() ? a : 0;
      nest.stride_b[i] = chance() ? b : 0;
      a *= nest.stride_a[i] > 0 ? nest.dims[i] : 1;
      b *= nest.stride_b[i] > 0 ? nest.dims[i] : 1;
    }
    return nest;
  }
  Reduction reduction() {
    const int64_t outer = pick(1, 4), reduced = pick(1, 9), inner = pick(1, 9);
    Reduction result{{3, {outer, reduced, inner}, {reduced * inner, inner, 1}, {inner, 0, 1}},
                     outer * inner,
                     reduced};
    return result;
  }
  AxisGeometry axis() { return {pick(1, 4), pick(1, 40), pick(1, 4)}; }

  // Every window meets the image.
  WindowGeometry pool_window() {
    WindowGeometry w = window(pick(1, 19), 1);
    w.out_c = w.in_c;
    w.dilation_h = w.dilation_w = 1;
    const auto fit = [&](int64_t& in, int64_t out, int64_t kernel, int64_t stride, int64_t& pad) {
      pad = std::min(pad, kernel - 1);
      in = std::max(in, (out - 1) * stride - pad + 1);
    };
    fit(w.in_h, w.out_h, w.kernel_h, w.stride_h, w.pad_top);
    fit(w.in_w, w.out_w, w.kernel_w, w.stride_w, w.pad_left);
    return w;
  }
  void average_pool() {
    const AveragePoolInt8Call c{pool_window(), chance(), zero(), output()};
    call(c, {{1, floats(average_pool_multipliers(c.window, c.count_padding), 0.01, 0.3)}});
  }

  // A transposition, backwards along one dimension, of elements of any size.
  void copy() {
    CopyCall c;
    const int64_t rows = pick(1, 7), columns = pick(1, 7);
    c.copy.element_bytes = int64_t{1} << pick(0, 3);
    c.copy.loop = {2, {rows, columns}, {1, -rows}, {columns, 1}};
    c.copy.first_a = rows * (columns - 1);
    const bool lookup = c.copy.element_bytes == 1 && chance();
    call(c, lookup ? Special{{1, bytes(256)}} : Special{});
  }

  Bytes taps(int64_t in, int64_t out) {
    std::vector<ResizeTap> taps(static_cast<size_t>(out));
    for (ResizeTap& tap : taps) {
      tap.low = static_cast<int32_t>(pick(0, in - 1));
      tap.high = std::min<int32_t>(tap.low + 1, static_cast<int32_t>(in) - 1);
      tap.fraction = static_cast<float>(random_.uniform());
    }
    return bytes_of(taps);
  }
  void resize() {
    const int64_t in_h = pick(1, 5), in_w = pick(1, 5), out_h = pick(1, 7), out_w = pick(1, 7);
    const Special special = {{1, taps(in_h, out_h)}, {2, taps(in_w, out_w)}};
    if (chance()) {
      call(ResizeNearestCall{pick(1, 2), in_h, in_w, out_h, out_w, pick(1, 9), 4}, special);
    } else {
      call(ResizeLinearInt8Call{pick(1, 2), in_h, in_w, out_h, out_w, pick(1, 9), zero(), factor(),
                                output()},
           special);
    }
  }

  Bytes exponentials() {
    std::vector<int32_t> table(256);
    const double scale = 0.01 + 0.2 * random_.uniform();
    for (size_t d = 0; d < table.size(); ++d) {
      table[d] =
          static_cast<int32_t>(std::lround(0x1p24 * std::exp(-scale * static_cast<double>(d))));
    }
    return bytes_of(table);
  }

  void between_float_and_int8() {
    if (chance()) return call(QuantizeInt8Call{factor() / 20, output(), pick(1, 200)});
    const int64_t channels = pick(1, 5);
    call(DequantizeCall{QuantizedType::kInt8, pick(1, 9), channels, pick(1, 9)},
         {{1, floats(channels, 0.01, 1)}, {2, integers(channels, 128)}});
  }

  HandPlan plan_;
  std::vector<std::pair<int32_t, int64_t>> places_;  // tensors and their bytes
  Random random_;
};

// A plan of `calls` calls, of each kind in turn.
inline std::vector<std::byte> random_plan(uint64_t seed, int calls) {
  RandomPlan plan(seed);
  for (int i = 0; i < calls; ++i) plan.add(i % RandomPlan::kKinds);
  return plan.finish();
}

}  // namespace durward
