#include "engine/call_needs.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <limits>

#include "engine/call_visit.h"
#include "engine/kernels/lstm_int16/lstm_int16.h"
#include "engine/kernels/resize/resize.h"

namespace durward {
namespace {

// Every size, stride and offset of a valid call is below this: sums and products of a few of them
// cannot overflow.
constexpr int64_t kMaxDimension = int64_t{1} << 24;
// Where pointers have 32 bits: what a kernel needs besides a tensor is up to 36 times as large.
constexpr int64_t kMaxBytes =
    std::min<int64_t>(int64_t{1} << 40, std::numeric_limits<ptrdiff_t>::max() / 64);
// Differences of int8 values that fit into an int32 sum.
constexpr int64_t kMaxInt32Terms = std::numeric_limits<int32_t>::max() / 255;

// Collects needs; the first problem stays. Once there is one, sizes may be anything and nothing may
// be computed of them.
class Needs {
 public:
  [[nodiscard]] bool ok() const { return needs_.problem == nullptr; }
  void require(bool condition, const char* problem) {
    if (!condition && needs_.problem == nullptr) needs_.problem = problem;
  }
  void dimension(int64_t value) {
    require(value >= 1 && value <= kMaxDimension, "a size is not between 1 and 2^24");
  }
  void offset(int64_t value) {
    require(value >= 0 && value <= kMaxDimension, "an offset is not between 0 and 2^24");
  }

  // The product of sizes that were checked; too large a one is a problem.
  int64_t product(std::initializer_list<int64_t> sizes) {
    int64_t result = 1;
    for (const int64_t size : sizes) {
      if (needs_.problem != nullptr) return 0;
      if (size != 0 && result > kMaxBytes / size) {
        require(false, "a tensor is too large");
        return 0;
      }
      result *= size;
    }
    return result;
  }

  OperandNeed& input(int64_t elements, int64_t element_bytes) {
    OperandNeed& need = needs_.inputs[needs_.input_count++];
    need.bytes = product({elements, element_bytes});
    // Of its members, where it has some.
    if (ok()) need.alignment = element_bytes & -element_bytes;
    return need;
  }
  void constant(int64_t elements, int64_t element_bytes) {
    input(elements, element_bytes).constant = true;
  }
  void optional_input(int64_t elements, int64_t element_bytes) {
    input(elements, element_bytes).optional = true;
  }
  void optional(int64_t elements, int64_t element_bytes) {
    OperandNeed& need = input(elements, element_bytes);
    need.constant = need.optional = true;
  }
  void output(int64_t elements, int64_t element_bytes) {
    needs_.output.bytes = product({elements, element_bytes});
    needs_.output.alignment = element_bytes;
  }
  [[nodiscard]] CallNeeds take() const { return needs_; }

 private:
  CallNeeds needs_;
};

void check(Needs& n, const WindowGeometry& w) {
  for (const int64_t size : {w.batch, w.in_h, w.in_w, w.in_c, w.out_h, w.out_w, w.out_c, w.kernel_h,
                             w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w}) {
    n.dimension(size);
  }
  n.offset(w.pad_top);
  n.offset(w.pad_left);
}

void check(Needs& n, const Int8Output& output) {
  n.require(output.zero_point >= -128 && output.zero_point <= 127 && output.lowest >= -128 &&
                output.lowest <= output.highest && output.highest <= 127,
            "an int8 output's zero point or range is outside -128..127");
}

void check_zero_point(Needs& n, int32_t zero_point) {
  n.require(zero_point >= -128 && zero_point <= 127, "a zero point is outside -128..127");
}

void check(Needs& n, const AxisGeometry& g) {
  n.dimension(g.outer);
  n.dimension(g.length);
  n.dimension(g.inner);
}

// The elements that a nest spans from its first element on; strides may go backwards in a copy's
// input, where `first` makes up for it.
struct Reach {
  int64_t lowest = 0, highest = 0;
};
Reach reach(Needs& n, const LoopNest& nest, const int64_t* strides, int64_t first) {
  n.require(first >= 0 && first <= kMaxBytes, "a first element is out of range");
  if (!n.ok()) return {};
  Reach reached{first, first};
  for (int i = 0; i < nest.rank; ++i) {
    if (strides[i] < -kMaxBytes || strides[i] > kMaxBytes ||
        (nest.dims[i] > 1 && std::abs(strides[i]) > kMaxBytes / nest.dims[i])) {
      n.require(false, "a stride is out of range");
      return {};
    }
    const int64_t span = (nest.dims[i] - 1) * strides[i];
    (span < 0 ? reached.lowest : reached.highest) += span;
    // 16 dimensions of 2^40 each stay below 2^63.
  }
  n.require(reached.lowest >= 0, "a loop reads before its operand");
  return reached;
}

int64_t check(Needs& n, const LoopNest& nest) {
  if (nest.rank < 1 || nest.rank > kMaxLoopRank) {
    n.require(false, "a loop has no dimension or more than 16");
    return 0;
  }
  int64_t elements = 1;
  for (int i = 0; i < nest.rank; ++i) {
    n.require(nest.dims[i] >= 1 && nest.dims[i] <= kMaxBytes, "a loop's size is out of range");
    elements = n.product({elements, nest.dims[i]});
  }
  return elements;
}

int64_t reached_elements(Needs& n, const LoopNest& nest, const int64_t* strides,
                         int64_t first = 0) {
  return reach(n, nest, strides, first).highest + 1;
}

int64_t image_in(Needs& n, const WindowGeometry& w) {
  return n.product({w.batch, w.in_h, w.in_w, w.in_c});
}
int64_t image_out(Needs& n, const WindowGeometry& w) {
  return n.product({w.batch, w.out_h, w.out_w, w.out_c});
}

// The operands behind the weights of an int8 layer.
void int8_layer(Needs& n, int64_t channels, int64_t outputs, int32_t input_zero_point,
                const Int8Output& output, const OptionalAdd& fused) {
  check_zero_point(n, input_zero_point);
  check(n, output);
  n.constant(channels, sizeof(int32_t));
  n.constant(channels, sizeof(float));
  n.constant(channels, sizeof(float));
  if (fused.present) {
    n.input(outputs, 1);
    check_zero_point(n, fused.add.zero_point);
    check_zero_point(n, fused.add.addend_zero_point);
    check(n, fused.add.output);
  }
  n.output(outputs, 1);
}

void float_layer(Needs& n, int64_t channels, int64_t outputs) {
  n.optional(channels, sizeof(float));
  n.optional(channels, sizeof(float));
  n.output(outputs, sizeof(float));
}

int64_t conv_weights(Needs& n, const Conv2DGeometry& g) {
  const WindowGeometry& w = g.window;
  check(n, w);
  n.dimension(g.groups);
  if (g.groups < 1 || w.in_c % g.groups != 0 || w.out_c % g.groups != 0) {
    n.require(false, "the channels are no multiple of the groups");
    return 0;
  }
  return n.product({w.out_c, w.kernel_h, w.kernel_w, w.in_c / g.groups});
}

int64_t depthwise_weights(Needs& n, const WindowGeometry& w) {
  check(n, w);
  n.require(w.in_c >= 1 && w.out_c % w.in_c == 0,
            "a depthwise layer's outputs are no multiple of its inputs");
  return n.product({w.kernel_h, w.kernel_w, w.out_c});
}

void pool_window(Needs& n, const WindowGeometry& w) {
  check(n, w);
  n.require(w.dilation_h == 1 && w.dilation_w == 1 && w.in_c == w.out_c,
            "a pool is dilated or changes the channels");
  if (!n.ok()) return;
  n.require(w.pad_top < w.kernel_h && w.pad_left < w.kernel_w &&
                (w.out_h - 1) * w.stride_h - w.pad_top < w.in_h &&
                (w.out_w - 1) * w.stride_w - w.pad_left < w.in_w,
            "a pool's window lies outside the image");
}

// Whether the nest visits each of the outputs, which lie densely, `reduced` times.
bool covers_outputs(const Reduction& r) {
  int64_t outputs = 1, reduced = 1;
  for (int i = r.loop.rank - 1; i >= 0; --i) {
    const int64_t size = r.loop.dims[i], stride = r.loop.stride_b[i];
    if (stride != 0 && stride != outputs) return false;
    (stride == 0 ? reduced : outputs) *= size;
  }
  return outputs == r.outputs && reduced == r.reduced;
}

void reduction(Needs& n, const Reduction& r, int64_t element_bytes) {
  check(n, r.loop);
  n.dimension(r.outputs);
  n.dimension(r.reduced);
  n.require(n.ok() && covers_outputs(r), "a reduction's loop does not fit its output");
  n.input(reached_elements(n, r.loop, r.loop.stride_a), element_bytes);
  n.output(r.outputs, element_bytes);
}

template <typename Call>
void resize(Needs& n, const Call& c, int64_t element_bytes) {
  for (const int64_t size : {c.batch, c.in_h, c.in_w, c.out_h, c.out_w, c.channels}) {
    n.dimension(size);
  }
  n.input(n.product({c.batch, c.in_h, c.in_w, c.channels}), element_bytes);
  n.constant(c.out_h, sizeof(ResizeTap));
  n.constant(c.out_w, sizeof(ResizeTap));
  n.output(n.product({c.batch, c.out_h, c.out_w, c.channels}), element_bytes);
}

void two_operands(Needs& n, const LoopNest& nest, int64_t element_bytes) {
  const int64_t elements = check(n, nest);
  n.input(reached_elements(n, nest, nest.stride_a), element_bytes);
  n.input(reached_elements(n, nest, nest.stride_b), element_bytes);
  n.output(elements, element_bytes);
}

void element_size(Needs& n, int64_t bytes) {
  n.require(bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8, "an element has no usual size");
}

void describe(Needs& n, const Conv2DInt8Call& c) {
  const int64_t weights = conv_weights(n, c.geometry);
  const WindowGeometry& w = c.geometry.window;
  n.input(image_in(n, w), 1);
  n.constant(weights, 1);
  int8_layer(n, w.out_c, image_out(n, w), c.input_zero_point, c.output, c.fused);
}
void describe(Needs& n, const DepthwiseInt8Call& c) {
  const int64_t weights = depthwise_weights(n, c.window);
  n.input(image_in(n, c.window), 1);
  n.constant(weights, 1);
  int8_layer(n, c.window.out_c, image_out(n, c.window), c.input_zero_point, c.output, c.fused);
}
void describe(Needs& n, const Conv2DFloatCall& c) {
  const int64_t weights = conv_weights(n, c.geometry);
  const WindowGeometry& w = c.geometry.window;
  n.input(image_in(n, w), sizeof(float));
  n.input(weights, sizeof(float));
  float_layer(n, w.out_c, image_out(n, w));
}
void describe(Needs& n, const DepthwiseFloatCall& c) {
  const int64_t weights = depthwise_weights(n, c.window);
  n.input(image_in(n, c.window), sizeof(float));
  n.input(weights, sizeof(float));
  float_layer(n, c.window.out_c, image_out(n, c.window));
}
void describe(Needs& n, const FullyConnectedFloatCall& c) {
  for (const int64_t size : {c.rows, c.in, c.out}) n.dimension(size);
  n.input(n.product({c.rows, c.in}), sizeof(float));
  n.input(n.product({c.out, c.in}), sizeof(float));
  float_layer(n, c.out, n.product({c.rows, c.out}));
}
void describe(Needs& n, const MatMulFloatCall& c) {
  for (const int64_t size : {c.rows, c.depth, c.columns}) n.dimension(size);
  const int64_t matrices = check(n, c.batch);
  const int64_t a = reached_elements(n, c.batch, c.batch.stride_a);
  const int64_t b = reached_elements(n, c.batch, c.batch.stride_b);
  n.input(n.product({a, c.rows, c.depth}), sizeof(float));
  n.input(n.product({b, c.depth, c.columns}), sizeof(float));
  n.output(n.product({matrices, c.rows, c.columns}), sizeof(float));
}
void describe(Needs& n, const AddInt8Call& c) {
  check_zero_point(n, c.parameters.zero_point_a);
  check_zero_point(n, c.parameters.zero_point_b);
  check(n, c.parameters.output);
  two_operands(n, c.parameters.loop, 1);
}
void describe(Needs& n, const MulInt8Call& c) {
  check_zero_point(n, c.parameters.zero_point_a);
  check_zero_point(n, c.parameters.zero_point_b);
  check(n, c.parameters.output);
  two_operands(n, c.parameters.loop, 1);
}
void describe(Needs& n, const ExtremumInt8Call& c) { two_operands(n, c.loop, 1); }
void describe(Needs& n, const BinaryFloatCall& c) { two_operands(n, c.loop, sizeof(float)); }
void describe(Needs& n, const LookupInt8Call& c) {
  n.require(c.count >= 0 && c.count <= kMaxBytes, "a count is out of range");
  n.input(c.count, 1);
  n.constant(256, 1);
  n.output(c.count, 1);
}
void describe(Needs& n, const PReluInt8Call& c) {
  n.dimension(c.rows);
  n.dimension(c.channels);
  check_zero_point(n, c.input_zero_point);
  check(n, c.output);
  n.input(n.product({c.rows, c.channels}), 1);
  n.constant(c.channels, sizeof(float));
  n.constant(c.channels, sizeof(float));
  n.output(n.product({c.rows, c.channels}), 1);
}
void describe(Needs& n, const PReluFloatCall& c) {
  n.dimension(c.rows);
  n.dimension(c.channels);
  n.input(n.product({c.rows, c.channels}), sizeof(float));
  n.constant(c.channels, sizeof(float));
  n.output(n.product({c.rows, c.channels}), sizeof(float));
}
void describe(Needs& n, const UnaryFloatCall& c) {
  n.require(c.count >= 0 && c.count <= kMaxBytes, "a count is out of range");
  n.input(c.count, sizeof(float));
  n.output(c.count, sizeof(float));
}
void describe(Needs& n, const ScaleShiftFloatCall& c) {
  for (const int64_t size : {c.rows, c.channels, c.inner}) n.dimension(size);
  n.input(n.product({c.rows, c.channels, c.inner}), sizeof(float));
  n.constant(c.channels, sizeof(float));
  n.constant(c.channels, sizeof(float));
  n.output(n.product({c.rows, c.channels, c.inner}), sizeof(float));
}
void describe(Needs& n, const MaxPoolCall& c) {
  pool_window(n, c.window);
  const int64_t bytes = c.is_float ? sizeof(float) : 1;
  n.input(image_in(n, c.window), bytes);
  n.output(image_out(n, c.window), bytes);
}
void describe(Needs& n, const AveragePoolInt8Call& c) {
  pool_window(n, c.window);
  check_zero_point(n, c.input_zero_point);
  check(n, c.output);
  n.input(image_in(n, c.window), 1);
  const int64_t multipliers = n.ok() ? average_pool_multipliers(c.window, c.count_padding) : 0;
  n.require(multipliers - 1 <= kMaxInt32Terms, "a sum could overflow");
  n.constant(multipliers, sizeof(float));
  n.output(image_out(n, c.window), 1);
}
void describe(Needs& n, const AveragePoolFloatCall& c) {
  pool_window(n, c.window);
  n.input(image_in(n, c.window), sizeof(float));
  n.output(image_out(n, c.window), sizeof(float));
}
void describe(Needs& n, const SumInt8Call& c) {
  check_zero_point(n, c.input_zero_point);
  check(n, c.output);
  n.require(c.reduction.reduced <= kMaxInt32Terms, "a sum could overflow");
  reduction(n, c.reduction, 1);
}
void describe(Needs& n, const ReduceExtremumInt8Call& c) { reduction(n, c.reduction, 1); }
void describe(Needs& n, const ReduceFloatCall& c) { reduction(n, c.reduction, sizeof(float)); }
void describe(Needs& n, const CopyCall& c) {
  const StridedCopy& copy = c.copy;
  element_size(n, copy.element_bytes);
  const int64_t elements = check(n, copy.loop);
  const int64_t from = reached_elements(n, copy.loop, copy.loop.stride_a, copy.first_a);
  const int64_t to = reached_elements(n, copy.loop, copy.loop.stride_b, copy.first_b);
  n.require(elements <= to, "a copy writes an element twice");
  n.input(from, copy.element_bytes);
  if (copy.element_bytes == 1) n.optional(256, 1);
  n.output(to, copy.element_bytes);
}
void describe(Needs& n, const FillCall& c) {
  element_size(n, c.element_bytes);
  n.require(c.count >= 0 && c.count <= kMaxBytes, "a count is out of range");
  n.input(1, c.element_bytes);
  n.output(c.count, c.element_bytes);
}
void describe(Needs& n, const GatherCall& c) {
  for (const int64_t size :
       {c.geometry.outer, c.geometry.axis, c.geometry.indices, c.geometry.inner_bytes}) {
    n.dimension(size);
  }
  n.input(n.product({c.geometry.outer, c.geometry.axis, c.geometry.inner_bytes}), 1);
  n.input(c.geometry.indices, c.wide_indices ? sizeof(int64_t) : sizeof(int32_t));
  n.output(n.product({c.geometry.outer, c.geometry.indices, c.geometry.inner_bytes}), 1);
}
void describe(Needs& n, const ResizeNearestCall& c) {
  element_size(n, c.element_bytes);
  resize(n, c, c.element_bytes);
}
void describe(Needs& n, const ResizeLinearFloatCall& c) { resize(n, c, sizeof(float)); }
void describe(Needs& n, const ResizeLinearInt8Call& c) {
  check_zero_point(n, c.input_zero_point);
  check(n, c.output);
  resize(n, c, 1);
}
void describe(Needs& n, const SoftmaxInt8Call& c) {
  check(n, c.geometry);
  check(n, c.output);
  const int64_t elements = n.product({c.geometry.outer, c.geometry.length, c.geometry.inner});
  n.input(elements, 1);
  n.constant(256, sizeof(int32_t));
  n.output(elements, 1);
}
void describe(Needs& n, const SoftmaxFloatCall& c) {
  check(n, c.geometry);
  const int64_t elements = n.product({c.geometry.outer, c.geometry.length, c.geometry.inner});
  n.input(elements, sizeof(float));
  n.output(elements, sizeof(float));
}
void describe(Needs& n, const L2NormalizeInt8Call& c) {
  check(n, c.geometry);
  check_zero_point(n, c.input_zero_point);
  check(n, c.output);
  const int64_t elements = n.product({c.geometry.outer, c.geometry.length, c.geometry.inner});
  n.input(elements, 1);
  n.output(elements, 1);
}
void describe(Needs& n, const L2NormalizeFloatCall& c) {
  check(n, c.geometry);
  const int64_t elements = n.product({c.geometry.outer, c.geometry.length, c.geometry.inner});
  n.input(elements, sizeof(float));
  n.output(elements, sizeof(float));
}
void describe(Needs& n, const QuantizeInt8Call& c) {
  check(n, c.output);
  n.require(c.count >= 0 && c.count <= kMaxBytes, "a count is out of range");
  n.input(c.count, sizeof(float));
  n.output(c.count, 1);
}
void describe(Needs& n, const DequantizeCall& c) {
  for (const int64_t size : {c.outer, c.channels, c.inner}) n.dimension(size);
  const int64_t elements = n.product({c.outer, c.channels, c.inner});
  const int64_t bytes = c.type == QuantizedType::kInt32   ? 4
                        : c.type == QuantizedType::kInt16 ? 2
                                                          : 1;
  n.input(elements, bytes);
  n.constant(c.channels, sizeof(float));
  n.constant(c.channels, sizeof(int32_t));
  n.output(elements, sizeof(float));
}
void describe(Needs& n, const LstmInt16Call& c) {
  const RecurrentGeometry& g = c.geometry;
  for (const int64_t size : {g.steps, g.batch, g.inputs, g.hidden}) n.dimension(size);
  n.input(n.product({g.steps, g.batch, g.inputs}), c.wide_input ? 4 : 2);
  n.constant(n.product({4, g.hidden, g.inputs}), c.wide_weights ? 2 : 1);
  n.constant(n.product({4, g.hidden, g.hidden}), 1);
  n.constant(n.product({3, 4, g.hidden}), sizeof(float));
  n.constant(2 * kGateTableEntries, 2);
  n.output(n.product({g.steps, g.batch, g.hidden}), 2);
}
void describe(Needs& n, const FullyConnectedInt16Call& c) {
  for (const int64_t size : {c.rows, c.in, c.out}) n.dimension(size);
  n.require(c.lowest >= -32768 && c.lowest <= c.highest && c.highest <= 32767,
            "an int16 output's range is outside -32768..32767");
  n.input(n.product({c.rows, c.in}), 2);
  n.constant(n.product({c.out, c.in}), 1);
  n.constant(c.out, sizeof(int32_t));
  n.constant(c.out, sizeof(float));
  n.output(n.product({c.rows, c.out}), 2);
}
void describe(Needs& n, const QuantizeSymmetricCall& c) {
  for (const int64_t size : {c.outer, c.channels, c.inner}) n.dimension(size);
  const int64_t elements = n.product({c.outer, c.channels, c.inner});
  n.input(elements, sizeof(float));
  n.constant(c.channels, sizeof(float));
  n.output(elements, c.wide ? 4 : 2);
}

// x, the two matrices of weights for `gates` gates and the bias for `biases` of them.
void recurrent_layer(Needs& n, const RecurrentGeometry& g, int64_t gates, int64_t biases) {
  for (const int64_t size : {g.steps, g.batch, g.inputs, g.hidden}) n.dimension(size);
  n.input(n.product({g.steps, g.batch, g.inputs}), sizeof(float));
  n.input(n.product({gates, g.hidden, g.inputs}), sizeof(float));
  n.input(n.product({gates, g.hidden, g.hidden}), sizeof(float));
  n.optional(n.product({biases, g.hidden}), sizeof(float));
}
void describe(Needs& n, const LstmFloatCall& c) {
  const RecurrentGeometry& g = c.geometry;
  recurrent_layer(n, g, 4, 4);
  const int64_t states = n.product({g.batch, g.hidden});
  n.optional_input(states, sizeof(float));
  n.optional_input(states, sizeof(float));
  const int64_t rows = n.ok() ? g.steps + (c.returns_cell ? 1 : 0) : 0;
  n.output(n.product({states, rows}), sizeof(float));
}
void describe(Needs& n, const GruFloatCall& c) {
  const RecurrentGeometry& g = c.geometry;
  recurrent_layer(n, g, 3, 6);
  const int64_t states = n.product({g.batch, g.hidden});
  n.optional_input(states, sizeof(float));
  n.output(n.product({states, g.steps}), sizeof(float));
}

}  // namespace

CallNeeds needs_of(const KernelCall& call) {
  Needs needs;
  visit_call(call, [&needs](const auto& c) { describe(needs, c); });
  return needs.take();
}

}  // namespace durward
