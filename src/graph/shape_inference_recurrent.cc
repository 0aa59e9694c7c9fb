// Shapes of recurrent layers.
#include "base/checked.h"
#include "graph/shape_inference.h"

namespace durward::graph_detail {
namespace {

// The sizes that the operands of a recurrent layer share.
struct RecurrentSizes {
  int64_t steps, batch, inputs, hidden;
};

// x, weights and recurrent weights of a layer with `gates` gates.
absl::StatusOr<RecurrentSizes> check_layer(const TypedNode& node, int64_t hidden, int64_t gates) {
  if (node.rank() != 3) return node.error("input must be [T,N,I]");
  const Shape& x = node.shape();
  const auto rows = checked_mul(hidden, gates);
  if (hidden < 1 || !rows || *rows > kMaxElements) {
    return node.error("a hidden size of ", hidden, " is out of range");
  }
  if (node.shape(1) != Shape{*rows, x[2]}) {
    return node.error("weights must be [", *rows, ",", x[2], "], are ", to_string(node.shape(1)));
  }
  if (node.shape(2) != Shape{*rows, hidden}) {
    return node.error("recurrent weights must be [", *rows, ",", hidden, "], are ",
                      to_string(node.shape(2)));
  }
  for (const size_t i : {size_t{1}, size_t{2}}) {
    const DataType type = node.type(i);
    const bool wide = i == 1 && type == DataType::kInt16;
    const bool fits = is_float(node.type()) ? type == node.type() : type == DataType::kInt8 || wide;
    if (!fits) {
      return node.error("weights of type ", std::string(to_string(type)),
                        " do not fit an input of type ", std::string(to_string(node.type())));
    }
  }
  return RecurrentSizes{x[0], x[1], x[2], hidden};
}

absl::Status check_bias(const TypedNode& node, size_t index, int64_t count) {
  if (!node.has(index)) return absl::OkStatus();
  if (node.shape(index) != Shape{count}) {
    return node.error("bias must have shape ", count, ", has ", to_string(node.shape(index)));
  }
  // A quantised layer adds it in float.
  const DataType needed = is_float(node.type()) ? node.type() : DataType::kFloat32;
  return node.type(index) == needed
             ? absl::OkStatus()
             : node.error("a bias of type ", std::string(to_string(node.type(index))),
                          " does not fit");
}

absl::Status check_state(const TypedNode& node, size_t index, const RecurrentSizes& sizes,
                         DataType type) {
  if (!node.has(index)) return absl::OkStatus();
  if (node.shape(index) != Shape{sizes.batch, sizes.hidden} || node.type(index) != type) {
    return node.error("input ", index, ", an initial state, must be ", std::string(to_string(type)),
                      "[", sizes.batch, ",", sizes.hidden, "]");
  }
  return absl::OkStatus();
}

// As many of the results as the node has.
InferredTypes first_outputs(const TypedNode& node, std::vector<TensorType> results) {
  const size_t count = node.output_count();
  if (count < 1 || count > results.size()) {
    return node.error("has 1 to ", results.size(), " outputs, not ", count);
  }
  results.resize(count);
  return results;
}

TensorType sequence(const RecurrentSizes& sizes, DataType type) {
  return {type, {sizes.steps, sizes.batch, sizes.hidden}};
}
TensorType state(const RecurrentSizes& sizes, DataType type) {
  return {type, {sizes.batch, sizes.hidden}};
}

}  // namespace

InferredTypes infer(const TypedNode& node, const Lstm& op) {
  DURWARD_ASSIGN_OR_RETURN(const RecurrentSizes sizes, check_layer(node, op.hidden, 4));
  const bool real = is_float(node.type());
  if (!real && node.type() != DataType::kInt16 && node.type() != DataType::kInt32) {
    return node.error("takes float, int16 or int32, not ", std::string(to_string(node.type())));
  }
  // The hidden state of a quantised layer has 16 bits, its cell, which grows with the steps, 32.
  const DataType hidden = real ? node.type() : DataType::kInt16;
  const DataType cell = real ? node.type() : DataType::kInt32;
  DURWARD_RETURN_IF_ERROR(check_bias(node, 3, 4 * op.hidden));
  DURWARD_RETURN_IF_ERROR(check_state(node, 4, sizes, hidden));
  DURWARD_RETURN_IF_ERROR(check_state(node, 5, sizes, cell));
  return first_outputs(node, {sequence(sizes, hidden), state(sizes, hidden), state(sizes, cell)});
}

InferredTypes infer(const TypedNode& node, const Gru& op) {
  if (!is_float(node.type())) return node.error("is defined on float alone");
  DURWARD_ASSIGN_OR_RETURN(const RecurrentSizes sizes, check_layer(node, op.hidden, 3));
  DURWARD_RETURN_IF_ERROR(check_bias(node, 3, 6 * op.hidden));
  DURWARD_RETURN_IF_ERROR(check_state(node, 4, sizes, node.type()));
  return first_outputs(node, {sequence(sizes, node.type()), state(sizes, node.type())});
}

}  // namespace durward::graph_detail
