// One call of a kernel with everything but the addresses: what lowering makes of a node, what the
// reference executor runs and what a plan stores. Whatever has an address is an operand: tensors,
// and constants such as weights, multipliers and tables, in the order that the comment of each
// call gives; [] marks one that may be left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "engine/kernels/binary/binary.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/copy/copy.h"
#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/geometry.h"
#include "engine/kernels/layer_kernel.h"
#include "engine/kernels/reduce/reduce.h"
#include "engine/kernels/requantize.h"
#include "engine/kernels/vectors/vector_kernels.h"

namespace durward {

// The range of a float result; a slope is an operand.
struct FloatRange {
  float min = -__builtin_inff();
  float max = __builtin_inff();
};

// What an Add behind the layer adds, where `present`.
struct OptionalAdd {
  bool present = false;
  FusedAdd add;
};

// (x, weights, bias, multiplier, multiplier_negative, [addend]) -> y; a fully connected layer is a
// convolution of [1, rows] pixels.
struct Conv2DInt8Call {
  Conv2DGeometry geometry;
  int32_t input_zero_point = 0;
  Int8Output output;
  OptionalAdd fused;
};
// (x, weights, bias, multiplier, multiplier_negative, [addend]) -> y
struct DepthwiseInt8Call {
  WindowGeometry window;
  int32_t input_zero_point = 0;
  Int8Output output;
  OptionalAdd fused;
};
// (x, weights, [bias], [slope]) -> y
struct Conv2DFloatCall {
  Conv2DGeometry geometry;
  FloatRange range;
};
struct DepthwiseFloatCall {
  WindowGeometry window;
  FloatRange range;
};
struct FullyConnectedFloatCall {
  int64_t rows = 1, in = 1, out = 1;
  FloatRange range;
};
// (a, b) -> y: a loop over the matrices of the batch, strides in matrices.
struct MatMulFloatCall {
  LoopNest batch;
  int64_t rows = 1, depth = 1, columns = 1;
};

// (a, b) -> y
struct AddInt8Call {
  AddInt8 parameters;
};
struct MulInt8Call {
  MulInt8 parameters;
};
struct ExtremumInt8Call {
  LoopNest loop;
  bool maximum = true;
};
struct BinaryFloatCall {
  FloatBinary kind = FloatBinary::kAdd;
  LoopNest loop;
  FloatRange range;
};

// (x, table[256]) -> y
struct LookupInt8Call {
  int64_t count = 0;
};
// (x, multiplier[channels], multiplier_negative[channels]) -> y
struct PReluInt8Call {
  int64_t rows = 1, channels = 1;
  int32_t input_zero_point = 0;
  Int8Output output;
};
// (x, slope[channels]) -> y
struct PReluFloatCall {
  int64_t rows = 1, channels = 1;
};
// (x) -> y
struct UnaryFloatCall {
  UnaryFunction function;
  int64_t count = 0;
};
// (x, scale[channels], shift[channels]) -> y
struct ScaleShiftFloatCall {
  int64_t rows = 1, channels = 1, inner = 1;
};

// (x) -> y
struct MaxPoolCall {
  WindowGeometry window;
  bool is_float = false;
};
// (x, multiplier[largest number of elements + 1]) -> y; see average_pool_multipliers()
struct AveragePoolInt8Call {
  WindowGeometry window;
  bool count_padding = false;
  int32_t input_zero_point = 0;
  Int8Output output;
};
// (x) -> y
struct AveragePoolFloatCall {
  WindowGeometry window;
  bool count_padding = false;
};
struct SumInt8Call {
  Reduction reduction;
  int32_t input_zero_point = 0;
  float multiplier = 0;
  Int8Output output;
};
struct ReduceExtremumInt8Call {
  Reduction reduction;
  bool maximum = true;
};
struct ReduceFloatCall {
  FloatReduction kind = FloatReduction::kMean;
  Reduction reduction;
};

// (x, [table[256]]) -> part of y. With a table, which int8 elements alone can have, each element
// goes through it.
struct CopyCall {
  StridedCopy copy;
};
// (value) -> y
struct FillCall {
  int64_t element_bytes = 1, count = 0;
};
// (x, indices of int32, or of int64) -> y
struct GatherCall {
  Gathering geometry;
  bool wide_indices = false;
};

// (x, row taps[out_h], column taps[out_w]) -> y
struct ResizeNearestCall {
  int64_t batch = 1, in_h = 1, in_w = 1, out_h = 1, out_w = 1, channels = 1;
  int64_t element_bytes = 1;
};
struct ResizeLinearFloatCall {
  int64_t batch = 1, in_h = 1, in_w = 1, out_h = 1, out_w = 1, channels = 1;
};
struct ResizeLinearInt8Call {
  int64_t batch = 1, in_h = 1, in_w = 1, out_h = 1, out_w = 1, channels = 1;
  int32_t input_zero_point = 0;
  float multiplier = 0;
  Int8Output output;
};

// (x, table[256] of int32) -> y
struct SoftmaxInt8Call {
  AxisGeometry geometry;
  float inverse_output_scale = 256;
  Int8Output output;
};
// (x) -> y
struct SoftmaxFloatCall {
  AxisGeometry geometry;
};
struct L2NormalizeInt8Call {
  AxisGeometry geometry;
  int32_t input_zero_point = 0;
  float inverse_output_scale = 128;
  Int8Output output;
};
struct L2NormalizeFloatCall {
  AxisGeometry geometry;
  float epsilon = 0;
};

// (x) -> y
struct QuantizeInt8Call {
  float scale = 1;
  Int8Output output;
  int64_t count = 0;
};
enum class QuantizedType : uint8_t { kInt8, kUInt8, kInt16, kInt32 };
// (x, scales[channels], zero_points[channels]) -> y
struct DequantizeCall {
  QuantizedType type = QuantizedType::kInt8;
  int64_t outer = 1, channels = 1, inner = 1;
};

// (x, weights, recurrent, [bias], [initial hidden], [initial cell]) -> y, and the last cell behind
// it where it is returned
struct LstmFloatCall {
  RecurrentGeometry geometry;
  bool returns_cell = false;
};
// (x, weights, recurrent, [bias], [initial hidden]) -> y
struct GruFloatCall {
  RecurrentGeometry geometry;
  bool linear_before_reset = false;
};
// (x of 16 bits, or of 32 where wide_input, weights of 8, or of 16 where wide_weights, recurrent,
// scales[3, 4 * hidden], tables[2, kGateTableEntries]) -> y of 16 bits; see LstmInt16.
struct LstmInt16Call {
  RecurrentGeometry geometry;
  bool wide_input = false, wide_weights = false;
};
// (x of 16 bits, weights of 8, bias, multiplier) -> y of 16 bits
struct FullyConnectedInt16Call {
  int64_t rows = 1, in = 1, out = 1;
  int32_t lowest = -32768, highest = 32767;
};
// (x, scales[channels]) -> y of 16 bits, or of 32 where wide
struct QuantizeSymmetricCall {
  bool wide = false;
  int64_t outer = 1, channels = 1, inner = 1;
};

using KernelCall =
    std::variant<Conv2DInt8Call, DepthwiseInt8Call, Conv2DFloatCall, DepthwiseFloatCall,
                 FullyConnectedFloatCall, MatMulFloatCall, AddInt8Call, MulInt8Call,
                 ExtremumInt8Call, BinaryFloatCall, LookupInt8Call, PReluInt8Call, PReluFloatCall,
                 UnaryFloatCall, ScaleShiftFloatCall, MaxPoolCall, AveragePoolInt8Call,
                 AveragePoolFloatCall, SumInt8Call, ReduceExtremumInt8Call, ReduceFloatCall,
                 CopyCall, FillCall, GatherCall, ResizeNearestCall, ResizeLinearFloatCall,
                 ResizeLinearInt8Call, SoftmaxInt8Call, SoftmaxFloatCall, L2NormalizeInt8Call,
                 L2NormalizeFloatCall, QuantizeInt8Call, DequantizeCall, LstmFloatCall,
                 GruFloatCall, LstmInt16Call, FullyConnectedInt16Call, QuantizeSymmetricCall>;

// "Conv2DInt8", "Copy", ...
[[nodiscard]] const char* name(const KernelCall& call) noexcept;

// Where the operands of one call are; nullptr where one is left out.
struct CallOperands {
  std::span<const std::byte* const> inputs;  // in the order above
  std::byte* output = nullptr;
  std::byte* scratch = nullptr;  // scratch_bytes(call), aligned to 64 bytes

  template <typename T>
  [[nodiscard]] const T* in(size_t i) const {
    return i < inputs.size() ? reinterpret_cast<const T*>(inputs[i]) : nullptr;
  }
  template <typename T>
  [[nodiscard]] T* out() const {
    return reinterpret_cast<T*>(output);
  }
};

// Elements of an average pool's multipliers: one for each number of elements that a window can
// average, and one for none.
[[nodiscard]] int64_t average_pool_multipliers(const WindowGeometry& window, bool count_padding);

[[nodiscard]] size_t scratch_bytes(const KernelCall& call) noexcept;

// Runs the reference kernels.
void execute(const KernelCall& call, const CallOperands& operands) noexcept;
// Runs those of `kernels` where it has one, else the reference: the same bits.
void execute(const KernelCall& call, const CallOperands& operands,
             const VectorKernels& kernels) noexcept;
// What the instructions of execute(call, ..., kernels) are.
[[nodiscard]] Isa isa_of(const KernelCall& call, const VectorKernels& kernels) noexcept;

}  // namespace durward
