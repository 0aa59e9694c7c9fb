// The kernel calls over the reference kernels, or those of an instruction set for functions without
// weights: each run() fills the kernel's parameters from the operands, in the order that
// kernel_call.h gives.
#include <algorithm>
#include <variant>

#include "engine/call_visit.h"
#include "engine/kernel_call.h"
#include "engine/kernels/depthwise/depthwise.h"
#include "engine/kernels/fully_connected/fully_connected.h"
#include "engine/kernels/gru/gru.h"
#include "engine/kernels/l2_normalize/l2_normalize.h"
#include "engine/kernels/lstm/lstm.h"
#include "engine/kernels/lstm_int16/lstm_int16.h"
#include "engine/kernels/matmul/matmul.h"
#include "engine/kernels/pool/pool.h"
#include "engine/kernels/portable.h"
#include "engine/kernels/quantize/quantize.h"
#include "engine/kernels/resize/resize.h"
#include "engine/kernels/softmax/softmax.h"

namespace durward {
namespace {

FloatOutput float_output(const FloatRange& range, const float* slope = nullptr) {
  return {range.min, range.max, slope};
}

// ---- layers with weights ----

constexpr size_t kWeights = 1, kBias = 2, kMultiplier = 3, kMultiplierNegative = 4, kAddend = 5;
constexpr size_t kSlope = 3;

void add_behind(const OptionalAdd& fused, const WindowGeometry& w, const CallOperands& o) {
  if (!fused.present) return;
  run_fused_add(fused.add, o.in<int8_t>(kAddend), o.out<int8_t>(),
                w.batch * w.out_h * w.out_w * w.out_c);
}

void run(const Conv2DInt8Call& call, const CallOperands& o) {
  conv2d_int8(
      {call.geometry, o.in<int8_t>(kWeights), o.in<int32_t>(kBias), o.in<float>(kMultiplier),
       o.in<float>(kMultiplierNegative), call.input_zero_point, call.output},
      o.in<int8_t>(0), o.out<int8_t>(), o.scratch);
  add_behind(call.fused, call.geometry.window, o);
}

void run(const DepthwiseInt8Call& call, const CallOperands& o) {
  depthwise_int8(
      {call.window, o.in<int8_t>(kWeights), o.in<int32_t>(kBias), o.in<float>(kMultiplier),
       o.in<float>(kMultiplierNegative), call.input_zero_point, call.output},
      o.in<int8_t>(0), o.out<int8_t>(), o.scratch);
  add_behind(call.fused, call.window, o);
}

void run(const Conv2DFloatCall& call, const CallOperands& o) {
  conv2d_float({call.geometry, o.in<float>(kWeights), o.in<float>(kBias),
                float_output(call.range, o.in<float>(kSlope))},
               o.in<float>(0), o.out<float>(), o.scratch);
}

void run(const DepthwiseFloatCall& call, const CallOperands& o) {
  depthwise_float({call.window, o.in<float>(kWeights), o.in<float>(kBias),
                   float_output(call.range, o.in<float>(kSlope))},
                  o.in<float>(0), o.out<float>(), o.scratch);
}

void run(const FullyConnectedFloatCall& call, const CallOperands& o) {
  fully_connected_float({call.rows, call.in, call.out, o.in<float>(kWeights), o.in<float>(kBias),
                         float_output(call.range, o.in<float>(kSlope))},
                        o.in<float>(0), o.out<float>());
}

void run(const MatMulFloatCall& call, const CallOperands& o) {
  const LoopNest& batch = call.batch;
  const int64_t length = batch.dims[batch.rank - 1];
  const int64_t step_a = batch.stride_a[batch.rank - 1], step_b = batch.stride_b[batch.rank - 1];
  for_each_row(batch, [&](int64_t row, int64_t first_a, int64_t first_b) {
    for (int64_t i = 0; i < length; ++i) {
      matmul_float(call.rows, call.depth, call.columns,
                   o.in<float>(0) + (first_a + i * step_a) * call.rows * call.depth,
                   o.in<float>(1) + (first_b + i * step_b) * call.depth * call.columns,
                   o.out<float>() + (row * length + i) * call.rows * call.columns);
    }
  });
}

// ---- two tensors, element by element ----

void run(const AddInt8Call& call, const CallOperands& o, const VectorKernels& kernels) {
  kernels.add_int8(call.parameters, o.in<int8_t>(0), o.in<int8_t>(1), o.out<int8_t>());
}

void run(const MulInt8Call& call, const CallOperands& o, const VectorKernels& kernels) {
  kernels.mul_int8(call.parameters, o.in<int8_t>(0), o.in<int8_t>(1), o.out<int8_t>());
}

void run(const ExtremumInt8Call& call, const CallOperands& o) {
  const auto kernel = call.maximum ? maximum_int8 : minimum_int8;
  kernel(call.loop, o.in<int8_t>(0), o.in<int8_t>(1), o.out<int8_t>());
}

void run(const BinaryFloatCall& call, const CallOperands& o) {
  binary_float(call.kind, call.loop, float_output(call.range), o.in<float>(0), o.in<float>(1),
               o.out<float>());
}

// ---- functions of one element ----

void run(const LookupInt8Call& call, const CallOperands& o, const VectorKernels& kernels) {
  kernels.lookup_int8(o.in<int8_t>(1), call.count, o.in<int8_t>(0), o.out<int8_t>());
}

void run(const PReluInt8Call& call, const CallOperands& o) {
  prelu_int8({call.rows, call.channels, o.in<float>(1), o.in<float>(2), call.input_zero_point,
              call.output},
             o.in<int8_t>(0), o.out<int8_t>());
}

void run(const PReluFloatCall& call, const CallOperands& o) {
  prelu_float(call.rows, call.channels, o.in<float>(1), o.in<float>(0), o.out<float>());
}

void run(const UnaryFloatCall& call, const CallOperands& o, const VectorKernels& kernels) {
  kernels.unary_float(call.function, call.count, o.in<float>(0), o.out<float>());
}

void run(const ScaleShiftFloatCall& call, const CallOperands& o) {
  scale_shift_float(call.rows, call.channels, call.inner, o.in<float>(1), o.in<float>(2),
                    o.in<float>(0), o.out<float>());
}

// ---- pooling and reductions ----

void run(const MaxPoolCall& call, const CallOperands& o, const VectorKernels& kernels) {
  if (call.is_float) {
    kernels.max_pool_float(call.window, o.in<float>(0), o.out<float>());
  } else {
    kernels.max_pool_int8(call.window, o.in<int8_t>(0), o.out<int8_t>());
  }
}

void run(const AveragePoolInt8Call& call, const CallOperands& o) {
  average_pool_int8(
      {call.window, call.count_padding, o.in<float>(1), call.input_zero_point, call.output},
      o.in<int8_t>(0), o.out<int8_t>(), o.scratch);
}

void run(const AveragePoolFloatCall& call, const CallOperands& o) {
  average_pool_float(call.window, call.count_padding, o.in<float>(0), o.out<float>(), o.scratch);
}

void run(const SumInt8Call& call, const CallOperands& o, const VectorKernels& kernels) {
  kernels.sum_int8(call.reduction, call.input_zero_point, call.multiplier, call.output,
                   o.in<int8_t>(0), o.out<int8_t>(), o.scratch);
}

void run(const ReduceExtremumInt8Call& call, const CallOperands& o) {
  const auto kernel = call.maximum ? reduce_max_int8 : reduce_min_int8;
  kernel(call.reduction, o.in<int8_t>(0), o.out<int8_t>());
}

void run(const ReduceFloatCall& call, const CallOperands& o) {
  reduce_float(call.kind, call.reduction, o.in<float>(0), o.out<float>(), o.scratch);
}

// ---- movement ----

void run(const CopyCall& call, const CallOperands& o) {
  const auto* table = o.in<int8_t>(1);
  if (table == nullptr) {
    strided_copy(call.copy, o.inputs[0], o.output);
  } else {
    lookup_copy(call.copy, table, o.in<int8_t>(0), o.out<int8_t>());
  }
}

void run(const FillCall& call, const CallOperands& o) {
  fill(o.inputs[0], call.element_bytes, call.count, o.output);
}

void run(const GatherCall& call, const CallOperands& o) {
  if (call.wide_indices) {
    gather(call.geometry, o.inputs[0], o.in<int64_t>(1), o.output);
  } else {
    gather(call.geometry, o.inputs[0], o.in<int32_t>(1), o.output);
  }
}

// ---- resizing ----

template <typename Call>
ResizeGeometry resize_geometry(const Call& call, const CallOperands& o) {
  return {call.batch, call.in_h,     call.in_w,          call.out_h,
          call.out_w, call.channels, o.in<ResizeTap>(1), o.in<ResizeTap>(2)};
}

void run(const ResizeNearestCall& call, const CallOperands& o) {
  resize_nearest(resize_geometry(call, o), call.element_bytes, o.inputs[0], o.output);
}

void run(const ResizeLinearFloatCall& call, const CallOperands& o) {
  resize_linear_float(resize_geometry(call, o), o.in<float>(0), o.out<float>());
}

void run(const ResizeLinearInt8Call& call, const CallOperands& o, const VectorKernels& kernels) {
  kernels.resize_linear_int8(resize_geometry(call, o), call.input_zero_point, call.multiplier,
                             call.output, o.in<int8_t>(0), o.out<int8_t>());
}

// ---- normalisation along an axis ----

void run(const SoftmaxInt8Call& call, const CallOperands& o) {
  softmax_int8({call.geometry, o.in<int32_t>(1), call.inverse_output_scale, call.output},
               o.in<int8_t>(0), o.out<int8_t>());
}

void run(const SoftmaxFloatCall& call, const CallOperands& o) {
  softmax_float(call.geometry, o.in<float>(0), o.out<float>());
}

void run(const L2NormalizeInt8Call& call, const CallOperands& o) {
  l2_normalize_int8({call.geometry, call.input_zero_point, call.inverse_output_scale, call.output},
                    o.in<int8_t>(0), o.out<int8_t>());
}

void run(const L2NormalizeFloatCall& call, const CallOperands& o) {
  l2_normalize_float(call.geometry, call.epsilon, o.in<float>(0), o.out<float>());
}

// ---- between float and integers ----

void run(const QuantizeInt8Call& call, const CallOperands& o, const VectorKernels& kernels) {
  kernels.quantize_int8(call.scale, call.output, call.count, o.in<float>(0), o.out<int8_t>());
}

void run(const DequantizeCall& call, const CallOperands& o) {
  const Dequantization geometry{call.outer, call.channels, call.inner, o.in<float>(1),
                                o.in<int32_t>(2)};
  switch (call.type) {
    case QuantizedType::kInt8:
      return dequantize(geometry, o.in<int8_t>(0), o.out<float>());
    case QuantizedType::kUInt8:
      return dequantize(geometry, o.in<uint8_t>(0), o.out<float>());
    case QuantizedType::kInt16:
      return dequantize(geometry, o.in<int16_t>(0), o.out<float>());
    case QuantizedType::kInt32:
      return dequantize(geometry, o.in<int32_t>(0), o.out<float>());
  }
}

// ---- recurrent layers ----

void run(const LstmFloatCall& call, const CallOperands& o) {
  lstm_float({call.geometry, call.returns_cell, o.in<float>(1), o.in<float>(2), o.in<float>(3),
              o.in<float>(4), o.in<float>(5)},
             o.in<float>(0), o.out<float>(), o.scratch);
}

void run(const GruFloatCall& call, const CallOperands& o) {
  gru_float({call.geometry, call.linear_before_reset, o.in<float>(1), o.in<float>(2),
             o.in<float>(3), o.in<float>(4)},
            o.in<float>(0), o.out<float>(), o.scratch);
}

// ---- 16 bits ----

void run(const LstmInt16Call& call, const CallOperands& o) {
  lstm_int16({call.geometry, call.wide_input, call.wide_weights, o.inputs[1], o.in<int8_t>(2),
              o.in<float>(3), o.in<int16_t>(4)},
             {o.inputs[0], o.out<int16_t>(), o.scratch});
}

void run(const FullyConnectedInt16Call& call, const CallOperands& o) {
  fully_connected_int16({call.rows, call.in, call.out, call.lowest, call.highest, o.in<int8_t>(1),
                         o.in<int32_t>(2), o.in<float>(3)},
                        o.in<int16_t>(0), o.out<int16_t>());
}

void run(const QuantizeSymmetricCall& call, const CallOperands& o) {
  const SymmetricQuantization geometry{call.outer, call.channels, call.inner, o.in<float>(1)};
  if (call.wide) {
    quantize_symmetric(geometry, o.in<float>(0), o.out<int32_t>());
  } else {
    quantize_symmetric(geometry, o.in<float>(0), o.out<int16_t>());
  }
}

// ---- whether a call that has VectorKernels does more with them than run the reference ----

bool uses(const auto&) { return true; }
bool uses(const AddInt8Call& call) { return run_as_vectors(call.parameters.loop); }
bool uses(const MulInt8Call& call) { return run_as_vectors(call.parameters.loop); }
bool uses(const UnaryFloatCall& call) { return run_as_vectors(call.function); }
bool uses(const SumInt8Call& call) { return run_as_vectors(call.reduction); }

template <typename Call>
concept HasVectors =
    requires(const Call& call, const CallOperands& o, const VectorKernels& k) { run(call, o, k); };

// ---- scratch memory: none but for the calls below ----

size_t scratch(const auto&) { return 0; }
size_t scratch(const Conv2DInt8Call& call) { return conv2d_int8_scratch_bytes(call.geometry); }
size_t scratch(const Conv2DFloatCall& call) { return conv2d_float_scratch_bytes(call.geometry); }
size_t scratch(const DepthwiseInt8Call& call) { return depthwise_scratch_bytes(call.window); }
size_t scratch(const DepthwiseFloatCall& call) { return depthwise_scratch_bytes(call.window); }
size_t scratch(const LstmInt16Call& call) { return lstm_int16_scratch_bytes(call.geometry); }
size_t scratch(const AveragePoolInt8Call& call) { return average_pool_scratch_bytes(call.window); }
size_t scratch(const AveragePoolFloatCall& call) { return average_pool_scratch_bytes(call.window); }
size_t scratch(const SumInt8Call& call) { return reduce_scratch_bytes(call.reduction); }
size_t scratch(const ReduceFloatCall& call) { return reduce_scratch_bytes(call.reduction); }
size_t scratch(const LstmFloatCall& call) { return lstm_float_scratch_bytes(call.geometry); }
size_t scratch(const GruFloatCall& call) { return gru_float_scratch_bytes(call.geometry); }

}  // namespace

int64_t average_pool_multipliers(const WindowGeometry& window, bool count_padding) {
  // A window counts at most its part of the image, unless the padding counts too.
  const int64_t most = count_padding ? window.kernel_h * window.kernel_w
                                     : std::min(window.kernel_h, window.in_h) *
                                           std::min(window.kernel_w, window.in_w);
  return most + 1;
}

size_t scratch_bytes(const KernelCall& call) noexcept {
  return visit_call(call, [](const auto& one) { return scratch(one); });
}

void execute(const KernelCall& call, const CallOperands& operands) noexcept {
  execute(call, operands, vector_kernels().front());
}

void execute(const KernelCall& call, const CallOperands& operands,
             const VectorKernels& kernels) noexcept {
  visit_call(call, [&]<typename Call>(const Call& one) {
    if constexpr (HasVectors<Call>) {
      run(one, operands, kernels);
    } else {
      run(one, operands);
    }
  });
}

Isa isa_of(const KernelCall& call, const VectorKernels& kernels) noexcept {
  const bool vectors = visit_call(call, []<typename Call>(const Call& one) {
    if constexpr (HasVectors<Call>) return uses(one);
    return false;
  });
  return vectors ? kernels.isa : Isa::kPortable;
}

const char* name(const KernelCall& call) noexcept {
  static constexpr const char* kNames[] = {"Conv2DInt8",
                                           "DepthwiseInt8",
                                           "Conv2DFloat",
                                           "DepthwiseFloat",
                                           "FullyConnectedFloat",
                                           "MatMulFloat",
                                           "AddInt8",
                                           "MulInt8",
                                           "ExtremumInt8",
                                           "BinaryFloat",
                                           "LookupInt8",
                                           "PReluInt8",
                                           "PReluFloat",
                                           "UnaryFloat",
                                           "ScaleShiftFloat",
                                           "MaxPool",
                                           "AveragePoolInt8",
                                           "AveragePoolFloat",
                                           "SumInt8",
                                           "ReduceExtremumInt8",
                                           "ReduceFloat",
                                           "Copy",
                                           "Fill",
                                           "Gather",
                                           "ResizeNearest",
                                           "ResizeLinearFloat",
                                           "ResizeLinearInt8",
                                           "SoftmaxInt8",
                                           "SoftmaxFloat",
                                           "L2NormalizeInt8",
                                           "L2NormalizeFloat",
                                           "QuantizeInt8",
                                           "Dequantize",
                                           "LstmFloat",
                                           "GruFloat",
                                           "LstmInt16",
                                           "FullyConnectedInt16",
                                           "QuantizeSymmetric"};
  static_assert(std::size(kNames) == std::variant_size_v<KernelCall>);
  return kNames[call.index()];
}

}  // namespace durward
