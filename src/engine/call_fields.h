// The numbers of each kernel call, in the order in which a plan stores them. A visitor is called
// with a reference to each: `visitor(int64_t&)`, int32_t, bool, float, and
// `visitor.choice(enumerator&, last)`.
#pragma once

#include "engine/kernel_call.h"

namespace durward {

template <typename V>
void fields(V& v, WindowGeometry& w) {
  for (int64_t* field :
       {&w.batch, &w.in_h, &w.in_w, &w.in_c, &w.out_h, &w.out_w, &w.out_c, &w.kernel_h, &w.kernel_w,
        &w.stride_h, &w.stride_w, &w.dilation_h, &w.dilation_w, &w.pad_top, &w.pad_left}) {
    v(*field);
  }
}
template <typename V>
void fields(V& v, Conv2DGeometry& g) {
  fields(v, g.window);
  v(g.groups);
}
template <typename V>
void fields(V& v, AxisGeometry& g) {
  v(g.outer);
  v(g.length);
  v(g.inner);
}
template <typename V>
void fields(V& v, LoopNest& nest) {
  int32_t rank = nest.rank;
  v(rank);
  nest.rank = rank;
  for (int i = 0; i < rank && i < kMaxLoopRank; ++i) {
    v(nest.dims[i]);
    v(nest.stride_a[i]);
    v(nest.stride_b[i]);
  }
}
template <typename V>
void fields(V& v, Int8Output& output) {
  v(output.zero_point);
  v(output.lowest);
  v(output.highest);
}
template <typename V>
void fields(V& v, FloatRange& range) {
  v(range.min);
  v(range.max);
}
template <typename V>
void fields(V& v, OptionalAdd& fused) {
  v(fused.present);
  if (!fused.present) return;
  v(fused.add.zero_point);
  v(fused.add.addend_zero_point);
  v(fused.add.multiplier);
  v(fused.add.addend_multiplier);
  fields(v, fused.add.output);
}
template <typename V>
void fields(V& v, Reduction& reduction) {
  fields(v, reduction.loop);
  v(reduction.outputs);
  v(reduction.reduced);
}

template <typename V>
void fields(V& v, RecurrentGeometry& g) {
  for (int64_t* field : {&g.steps, &g.batch, &g.inputs, &g.hidden}) v(*field);
  v(g.reverse);
}

template <typename V>
void fields(V& v, Conv2DInt8Call& c) {
  fields(v, c.geometry);
  v(c.input_zero_point);
  fields(v, c.output);
  fields(v, c.fused);
}
template <typename V>
void fields(V& v, DepthwiseInt8Call& c) {
  fields(v, c.window);
  v(c.input_zero_point);
  fields(v, c.output);
  fields(v, c.fused);
}
template <typename V>
void fields(V& v, Conv2DFloatCall& c) {
  fields(v, c.geometry);
  fields(v, c.range);
}
template <typename V>
void fields(V& v, DepthwiseFloatCall& c) {
  fields(v, c.window);
  fields(v, c.range);
}
template <typename V>
void fields(V& v, FullyConnectedFloatCall& c) {
  v(c.rows);
  v(c.in);
  v(c.out);
  fields(v, c.range);
}
template <typename V>
void fields(V& v, MatMulFloatCall& c) {
  fields(v, c.batch);
  v(c.rows);
  v(c.depth);
  v(c.columns);
}
template <typename V>
void fields(V& v, AddInt8Call& c) {
  fields(v, c.parameters.loop);
  v(c.parameters.zero_point_a);
  v(c.parameters.zero_point_b);
  v(c.parameters.multiplier_a);
  v(c.parameters.multiplier_b);
  fields(v, c.parameters.output);
}
template <typename V>
void fields(V& v, MulInt8Call& c) {
  fields(v, c.parameters.loop);
  v(c.parameters.zero_point_a);
  v(c.parameters.zero_point_b);
  v(c.parameters.multiplier);
  fields(v, c.parameters.output);
}
template <typename V>
void fields(V& v, ExtremumInt8Call& c) {
  fields(v, c.loop);
  v(c.maximum);
}
template <typename V>
void fields(V& v, BinaryFloatCall& c) {
  v.choice(c.kind, FloatBinary::kGreaterOrEqual);
  fields(v, c.loop);
  fields(v, c.range);
}
template <typename V>
void fields(V& v, LookupInt8Call& c) {
  v(c.count);
}
template <typename V>
void fields(V& v, PReluInt8Call& c) {
  v(c.rows);
  v(c.channels);
  v(c.input_zero_point);
  fields(v, c.output);
}
template <typename V>
void fields(V& v, PReluFloatCall& c) {
  v(c.rows);
  v(c.channels);
}
template <typename V>
void fields(V& v, UnaryFloatCall& c) {
  v.choice(c.function.kind, FloatUnary::kHardSigmoid);
  v(c.function.a);
  v(c.function.b);
  v(c.count);
}
template <typename V>
void fields(V& v, ScaleShiftFloatCall& c) {
  v(c.rows);
  v(c.channels);
  v(c.inner);
}
template <typename V>
void fields(V& v, MaxPoolCall& c) {
  fields(v, c.window);
  v(c.is_float);
}
template <typename V>
void fields(V& v, AveragePoolInt8Call& c) {
  fields(v, c.window);
  v(c.count_padding);
  v(c.input_zero_point);
  fields(v, c.output);
}
template <typename V>
void fields(V& v, AveragePoolFloatCall& c) {
  fields(v, c.window);
  v(c.count_padding);
}
template <typename V>
void fields(V& v, SumInt8Call& c) {
  fields(v, c.reduction);
  v(c.input_zero_point);
  v(c.multiplier);
  fields(v, c.output);
}
template <typename V>
void fields(V& v, ReduceExtremumInt8Call& c) {
  fields(v, c.reduction);
  v(c.maximum);
}
template <typename V>
void fields(V& v, ReduceFloatCall& c) {
  v.choice(c.kind, FloatReduction::kL2);
  fields(v, c.reduction);
}
template <typename V>
void fields(V& v, CopyCall& c) {
  fields(v, c.copy.loop);
  v(c.copy.first_a);
  v(c.copy.first_b);
  v(c.copy.element_bytes);
}
template <typename V>
void fields(V& v, FillCall& c) {
  v(c.element_bytes);
  v(c.count);
}
template <typename V>
void fields(V& v, GatherCall& c) {
  v(c.geometry.outer);
  v(c.geometry.axis);
  v(c.geometry.indices);
  v(c.geometry.inner_bytes);
  v(c.wide_indices);
}
// What the three kinds of resizing share.
template <typename V, typename Call>
void resize_fields(V& v, Call& c) {
  for (int64_t* field : {&c.batch, &c.in_h, &c.in_w, &c.out_h, &c.out_w, &c.channels}) v(*field);
}
template <typename V>
void fields(V& v, ResizeNearestCall& c) {
  resize_fields(v, c);
  v(c.element_bytes);
}
template <typename V>
void fields(V& v, ResizeLinearFloatCall& c) {
  resize_fields(v, c);
}
template <typename V>
void fields(V& v, ResizeLinearInt8Call& c) {
  resize_fields(v, c);
  v(c.input_zero_point);
  v(c.multiplier);
  fields(v, c.output);
}
template <typename V>
void fields(V& v, SoftmaxInt8Call& c) {
  fields(v, c.geometry);
  v(c.inverse_output_scale);
  fields(v, c.output);
}
template <typename V>
void fields(V& v, SoftmaxFloatCall& c) {
  fields(v, c.geometry);
}
template <typename V>
void fields(V& v, L2NormalizeInt8Call& c) {
  fields(v, c.geometry);
  v(c.input_zero_point);
  v(c.inverse_output_scale);
  fields(v, c.output);
}
template <typename V>
void fields(V& v, L2NormalizeFloatCall& c) {
  fields(v, c.geometry);
  v(c.epsilon);
}
template <typename V>
void fields(V& v, QuantizeInt8Call& c) {
  v(c.scale);
  fields(v, c.output);
  v(c.count);
}
template <typename V>
void fields(V& v, DequantizeCall& c) {
  v.choice(c.type, QuantizedType::kInt32);
  v(c.outer);
  v(c.channels);
  v(c.inner);
}
template <typename V>
void fields(V& v, LstmFloatCall& c) {
  fields(v, c.geometry);
  v(c.returns_cell);
}
template <typename V>
void fields(V& v, GruFloatCall& c) {
  fields(v, c.geometry);
  v(c.linear_before_reset);
}
template <typename V>
void fields(V& v, LstmInt16Call& c) {
  fields(v, c.geometry);
  v(c.wide_input);
  v(c.wide_weights);
}
template <typename V>
void fields(V& v, FullyConnectedInt16Call& c) {
  for (int64_t* field : {&c.rows, &c.in, &c.out}) v(*field);
  v(c.lowest);
  v(c.highest);
}
template <typename V>
void fields(V& v, QuantizeSymmetricCall& c) {
  v(c.wide);
  for (int64_t* field : {&c.outer, &c.channels, &c.inner}) v(*field);
}

}  // namespace durward
