// Lstm and Gru: one call that computes all steps. The last states are copied out of what it leaves.
#include "compile/lower/lower.h"

namespace durward {
namespace {

absl::StatusOr<RecurrentGeometry> geometry_of(const LoweringContext& view, int64_t hidden,
                                              bool reverse) {
  const Shape& x = view.input(0).shape;
  // Without a step the last state would be the initial one.
  if (elements(x) == 0) return view.invalid("its input has no elements");
  return RecurrentGeometry{x[0], x[1], x[2], hidden, reverse};
}

bool is_float_layer(const LoweringContext& view) {
  for (const std::vector<TensorId>& ids : {view.node.inputs, view.node.outputs}) {
    for (const TensorId id : ids) {
      if (id.valid() && view.graph.tensor(id).type != DataType::kFloat32) return false;
    }
  }
  return true;
}

// Copies rows [batch, hidden] of a sequence from row number `row` on.
LoweredCall copy_rows(const RecurrentGeometry& g, Operand from, int64_t row, int64_t rows,
                      TensorId to, int64_t element_bytes = sizeof(float)) {
  CopyCall copy;
  const int64_t states = g.batch * g.hidden;
  copy.copy.loop.dims[0] = rows * states;
  copy.copy.loop.stride_a[0] = copy.copy.loop.stride_b[0] = 1;
  copy.copy.first_a = row * states;
  copy.copy.element_bytes = element_bytes;
  return {copy, {std::move(from), Operand{}}, to};
}

// The row of y that the last step writes.
int64_t last_row(const RecurrentGeometry& g) { return g.step(g.steps - 1); }

}  // namespace

absl::StatusOr<LoweredCalls> lower_op(const Lstm& op, const LoweringContext& view) {
  DURWARD_ASSIGN_OR_RETURN(const RecurrentGeometry g, geometry_of(view, op.hidden, op.reverse));
  const std::vector<TensorId>& outputs = view.node.outputs;
  if (view.input(0).type != DataType::kFloat32) {
    DURWARD_ASSIGN_OR_RETURN(LoweredCall layer, lower_lstm_int16(g, view));
    LoweredCalls calls{std::move(layer)};
    if (outputs.size() == 2) {
      const Operand states{outputs[0], nullptr};
      calls.push_back(copy_rows(g, states, last_row(g), 1, outputs[1], sizeof(int16_t)));
    }
    return calls;
  }
  if (!is_float_layer(view)) return view.no_kernel();
  LstmFloatCall call{g, outputs.size() > 2};
  std::vector<Operand> inputs;
  for (size_t i = 0; i < 6; ++i) inputs.push_back(view.operand(i));
  if (!call.returns_cell) {
    LoweredCalls calls{{call, std::move(inputs), outputs[0]}};
    if (outputs.size() == 2) {
      calls.push_back(copy_rows(g, {outputs[0], nullptr}, last_row(g), 1, outputs[1]));
    }
    return calls;
  }
  // y and the cell behind it are one result, which no tensor of the graph is.
  const int64_t states = g.batch * g.hidden;
  const Operand result{{}, nullptr, 0};
  return LoweredCalls{{call, std::move(inputs), {}, DataType::kFloat32, (g.steps + 1) * states},
                      copy_rows(g, result, 0, g.steps, outputs[0]),
                      copy_rows(g, result, last_row(g), 1, outputs[1]),
                      copy_rows(g, result, g.steps, 1, outputs[2])};
}

absl::StatusOr<LoweredCalls> lower_op(const Gru& op, const LoweringContext& view) {
  if (!is_float_layer(view)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const RecurrentGeometry g, geometry_of(view, op.hidden, op.reverse));
  const std::vector<TensorId>& outputs = view.node.outputs;
  std::vector<Operand> inputs;
  for (size_t i = 0; i < 5; ++i) inputs.push_back(view.operand(i));
  LoweredCalls calls{{GruFloatCall{g, op.linear_before_reset}, std::move(inputs), outputs[0]}};
  if (outputs.size() == 2) {
    calls.push_back(copy_rows(g, {outputs[0], nullptr}, last_row(g), 1, outputs[1]));
  }
  return calls;
}

}  // namespace durward
