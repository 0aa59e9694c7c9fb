// A valid call of each kind, small, and more than one of the kinds that have alternatives.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "engine/kernel_call.h"

namespace durward {

inline LoopNest nest(std::initializer_list<int64_t> dims, std::initializer_list<int64_t> a,
                     std::initializer_list<int64_t> b) {
  LoopNest result;
  result.rank = static_cast<int>(dims.size());
  std::copy(dims.begin(), dims.end(), result.dims);
  std::copy(a.begin(), a.end(), result.stride_a);
  std::copy(b.begin(), b.end(), result.stride_b);
  return result;
}

inline std::vector<KernelCall> every_call() {
  const WindowGeometry window{1, 5, 4, 6, 3, 2, 6, 3, 2, 2, 2, 1, 1, 1, 0};
  WindowGeometry dilated = window;
  dilated.dilation_h = 2;
  dilated.batch = 2;
  const Conv2DGeometry plain{window, 1}, grouped{dilated, 3};
  const OptionalAdd add{true, {1, 2, 0.5f, 0.25f, {}}};
  const LoopNest rows = nest({3, 5}, {5, 1}, {0, 1});
  const Reduction reduction{nest({2, 3, 4}, {12, 4, 1}, {4, 0, 1}), 8, 3};
  const AxisGeometry axis{2, 3, 4};
  std::vector<KernelCall> calls = {
      Conv2DInt8Call{plain, 1, {}, {}},
      Conv2DInt8Call{grouped, -128, {}, add},
      DepthwiseInt8Call{window, 1, {}, {}},
      DepthwiseInt8Call{dilated, 127, {}, add},
      Conv2DFloatCall{grouped, {}},
      DepthwiseFloatCall{window, {}},
      FullyConnectedFloatCall{3, 4, 5, {}},
      MatMulFloatCall{nest({2, 3}, {1, 0}, {0, 1}), 2, 3, 4},
      AddInt8Call{{rows, 1, 2, 0.5f, 0.25f, {}}},
      MulInt8Call{{rows, 1, 2, 0.5f, {}}},
      ExtremumInt8Call{rows, true},
      ExtremumInt8Call{rows, false},
      LookupInt8Call{7},
      PReluInt8Call{3, 4, 1, {}},
      PReluFloatCall{3, 4},
      ScaleShiftFloatCall{3, 4, 5},
      MaxPoolCall{window, true},
      MaxPoolCall{window, false},
      AveragePoolInt8Call{window, true, 1, {}},
      AveragePoolInt8Call{window, false, 1, {}},
      AveragePoolFloatCall{window, true},
      SumInt8Call{reduction, 1, 0.5f, {}},
      ReduceExtremumInt8Call{reduction, true},
      CopyCall{{nest({3, 4}, {1, -3}, {4, 1}), 9, 5, 4}},
      CopyCall{{nest({3, 4}, {0, 1}, {4, 1}), 0, 0, 1}},
      FillCall{8, 5},
      GatherCall{{2, 3, 4, 5}, false},
      GatherCall{{2, 3, 4, 5}, true},
      ResizeNearestCall{2, 3, 4, 5, 6, 7, 2},
      ResizeLinearFloatCall{2, 3, 4, 5, 6, 7},
      ResizeLinearInt8Call{2, 3, 4, 5, 6, 7, 1, 0.5f, {}},
      SoftmaxInt8Call{axis, 256, {}},
      SoftmaxFloatCall{axis},
      L2NormalizeInt8Call{axis, 1, 128, {}},
      L2NormalizeFloatCall{axis, 1e-6f},
      QuantizeInt8Call{0.5f, {}, 9},
      LstmFloatCall{{4, 2, 3, 5, false}, false},
      LstmFloatCall{{4, 2, 3, 5, true}, true},
      GruFloatCall{{4, 2, 3, 5, false}, true},
      GruFloatCall{{4, 2, 3, 5, true}, false},
      LstmInt16Call{{4, 2, 3, 5, false}, false, true},
      LstmInt16Call{{4, 2, 3, 5, true}, true, false},
      FullyConnectedInt16Call{3, 4, 5, -7, 9},
      QuantizeSymmetricCall{false, 2, 3, 4},
      QuantizeSymmetricCall{true, 2, 3, 4},
  };
  for (int kind = 0; kind <= static_cast<int>(FloatBinary::kGreaterOrEqual); ++kind) {
    calls.push_back(BinaryFloatCall{static_cast<FloatBinary>(kind), rows, {}});
  }
  for (int kind = 0; kind <= static_cast<int>(FloatUnary::kHardSigmoid); ++kind) {
    calls.push_back(UnaryFloatCall{{static_cast<FloatUnary>(kind), 0.5f, 1.5f}, 7});
  }
  for (int kind = 0; kind <= static_cast<int>(FloatReduction::kL2); ++kind) {
    calls.push_back(ReduceFloatCall{static_cast<FloatReduction>(kind), reduction});
  }
  for (int type = 0; type <= static_cast<int>(QuantizedType::kInt32); ++type) {
    calls.push_back(DequantizeCall{static_cast<QuantizedType>(type), 2, 3, 4});
  }
  return calls;
}

}  // namespace durward
