// LSTM, GRU  =>  Lstm, Gru; both directions are two of them, one reversed, and a Concat
//
// ONNX stacks the gates in another order, has an axis for directions, and gives an LSTM two biases,
// of which only the sum counts.
#include <algorithm>

#include "formats/onnx/gate_order.h"
#include "formats/onnx/import_ops.h"

namespace durward {
namespace {

constexpr int kX = 0, kWeights = 1, kRecurrent = 2, kBias = 3, kLengths = 4, kHidden = 5, kCell = 6;
constexpr int kPeepholes = 7;

// A recurrent node while it is read: sizes, and its inputs in the IR's form.
struct RecurrentNode {
  Importer& importer;
  const NodeView& node;
  int64_t gates = 4;
  std::vector<std::string> activations;  // ONNX's defaults, of one direction
  int64_t hidden = 0, directions = 1;
  bool batch_first = false, reverse = false;
  Shape x_shape = {};  // [steps, batch, inputs]
};

absl::Status check_attributes(const RecurrentNode& r) {
  const NodeView& node = r.node;
  if (node.has("clip")) return node.unimplemented("clip is not supported");
  if (node.get_int("input_forget", 0) != 0) {
    return node.unimplemented("input_forget (coupled gates) is not supported");
  }
  if (!node.has("activations")) return absl::OkStatus();
  const std::vector<std::string> named = node.get_strings("activations");
  for (size_t i = 0; i < named.size(); ++i) {
    if (named[i] != r.activations[i % r.activations.size()]) {
      return node.unimplemented(absl::StrCat("the activation '", named[i],
                                             "' is not supported; Sigmoid for the gates and Tanh "
                                             "are"));
    }
  }
  return absl::OkStatus();
}

absl::Status read_direction(RecurrentNode& r) {
  const std::string direction = r.node.get_string("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
    return r.node.invalid(absl::StrCat("'", direction, "' is no direction"));
  }
  r.reverse = direction == "reverse";
  r.directions = direction == "bidirectional" ? 2 : 1;
  r.batch_first = r.node.get_int("layout", 0) != 0;
  return absl::OkStatus();
}

// x as [steps, batch, inputs].
absl::StatusOr<TensorId> sequence(RecurrentNode& r) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, r.importer.input(r.node, kX));
  if (x.order.size() != 3) {
    return r.node.invalid(
        absl::StrCat("its input ", to_string(r.importer.shape(x)), " should have 3 dimensions"));
  }
  const Permutation order = r.batch_first ? Permutation{1, 0, 2} : Permutation{0, 1, 2};
  r.x_shape = permuted(r.importer.shape(x), order);
  if (elements(r.x_shape) == 0) return r.node.unimplemented("an input without elements");
  return r.importer.in_order(x, order);
}

// Lengths of the sequences are only understood where they are those of the input.
absl::Status check_lengths(const RecurrentNode& r) {
  DURWARD_ASSIGN_OR_RETURN(const auto lengths, r.importer.optional_input(r.node, kLengths));
  if (!lengths) return absl::OkStatus();
  DURWARD_ASSIGN_OR_RETURN(const auto values, r.importer.integers(r.node, *lengths));
  for (const int64_t length : values) {
    if (length != r.x_shape[0]) {
      return r.node.unimplemented(absl::StrCat("a sequence of ", length, " of ", r.x_shape[0],
                                               " steps is not supported; all have to be whole"));
    }
  }
  return absl::OkStatus();
}

// A float constant of this shape in ONNX's order.
absl::StatusOr<const Tensor*> constant(const RecurrentNode& r, const ImportedValue& value,
                                       const Shape& shape) {
  const Importer& importer = r.importer;
  if (!importer.constant(value)) {
    return r.node.unimplemented(
        absl::StrCat("'", importer.tensor(value).name, "' must be constant (weights and biases)"));
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId id, r.importer.plain(value));
  const Tensor& tensor = r.importer.graph().tensor(id);
  if (tensor.type != DataType::kFloat32 || tensor.shape != shape) {
    return r.node.invalid(absl::StrCat("'", tensor.name, "' should be float32[", to_string(shape),
                                       "], is ", std::string(to_string(tensor.type)), "[",
                                       to_string(tensor.shape), "]"));
  }
  return &tensor;
}

// The weights [directions, gates * hidden, columns] of one direction, gates in the IR's order.
absl::StatusOr<TensorId> weights(const RecurrentNode& r, int input, int64_t columns,
                                 int64_t direction, std::span<const int64_t> gates) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue value, r.importer.input(r.node, input));
  const int64_t rows = r.gates * r.hidden;
  DURWARD_ASSIGN_OR_RETURN(const Tensor* const tensor,
                           constant(r, value, {r.directions, rows, columns}));
  const auto bytes = static_cast<size_t>(rows * columns) * sizeof(float);
  const std::span<const std::byte> own(tensor->data->data() + direction * rows * columns * 4,
                                       bytes);
  return r.importer.graph().add_constant(r.importer.unique_name(tensor->name), DataType::kFloat32,
                                         {rows, columns},
                                         reordered_rows(own, gate_rows(gates, r.hidden)));
}

// The two biases [directions, 2 * gates * hidden] of one direction, in ONNX's order; empty where
// the node has none.
absl::StatusOr<std::vector<float>> biases(const RecurrentNode& r, int64_t direction) {
  DURWARD_ASSIGN_OR_RETURN(const auto value, r.importer.optional_input(r.node, kBias));
  if (!value) return std::vector<float>();
  const int64_t count = 2 * r.gates * r.hidden;
  DURWARD_ASSIGN_OR_RETURN(const Tensor* const tensor, constant(r, *value, {r.directions, count}));
  const auto all = tensor->values<float>();
  const auto own = all.subspan(static_cast<size_t>(direction * count), static_cast<size_t>(count));
  return std::vector<float>(own.begin(), own.end());
}

std::vector<float> in_gate_order(const std::vector<float>& values, std::span<const int64_t> gates,
                                 int64_t hidden) {
  std::vector<float> result;
  for (const int64_t row : gate_rows(gates, hidden)) {
    result.push_back(values[static_cast<size_t>(row)]);
  }
  return result;
}

// A node on the way to the outputs.
absl::StatusOr<TensorId> step(const RecurrentNode& r, const std::string& name, Op op,
                              std::vector<TensorId> inputs) {
  return r.importer.graph().add_op(std::move(op), r.importer.unique_name(name), std::move(inputs));
}

// The initial state [directions, batch, hidden] (batch first with that layout) of one direction as
// [batch, hidden].
absl::StatusOr<TensorId> state(const RecurrentNode& r, int input, int64_t direction) {
  DURWARD_ASSIGN_OR_RETURN(const auto value, r.importer.optional_input(r.node, input));
  if (!value) return TensorId{};
  const int64_t batch = r.x_shape[1];
  const Shape expected =
      r.batch_first ? Shape{batch, r.directions, r.hidden} : Shape{r.directions, batch, r.hidden};
  if (r.importer.shape(*value) != expected) {
    return r.node.invalid(absl::StrCat("initial state ", to_string(r.importer.shape(*value)),
                                       " should be ", to_string(expected)));
  }
  const Permutation order = r.batch_first ? Permutation{1, 0, 2} : Permutation{0, 1, 2};
  DURWARD_ASSIGN_OR_RETURN(TensorId id, r.importer.in_order(*value, order));
  const std::string name = absl::StrCat(r.node.name(), "/initial_state");
  if (r.directions > 1) {
    DURWARD_ASSIGN_OR_RETURN(
        id,
        step(r, name, Slice{{direction, 0, 0}, {direction + 1, batch, r.hidden}, {1, 1, 1}}, {id}));
  }
  return step(r, name, Reshape{{batch, r.hidden}}, {id});
}

// The node's outputs: of each direction y [steps, batch, hidden] and the states [batch, hidden].
absl::Status define_outputs(const RecurrentNode& r,
                            const std::vector<std::vector<TensorId>>& directions) {
  const int64_t steps = r.x_shape[0], batch = r.x_shape[1];
  const Shape shapes[] = {{steps, 1, batch, r.hidden}, {1, batch, r.hidden}};
  const int direction_axis[] = {1, 0};
  // With that layout ONNX has batch, steps, directions, hidden and batch, directions, hidden.
  const Permutation orders[] = {r.batch_first ? Permutation{1, 2, 0, 3} : identity_permutation(4),
                                r.batch_first ? Permutation{1, 0, 2} : identity_permutation(3)};
  for (size_t i = 0; i < directions[0].size(); ++i) {
    const auto output = static_cast<int>(i);
    if (!r.node.has_output(output)) continue;
    const size_t kind = i == 0 ? 0 : 1;
    const std::string& name = r.node.output(output);
    const std::string part_name = directions.size() > 1 ? absl::StrCat(name, "/direction") : name;
    std::vector<TensorId> parts;
    for (const std::vector<TensorId>& results : directions) {
      DURWARD_ASSIGN_OR_RETURN(parts.emplace_back(),
                               step(r, part_name, Reshape{shapes[kind]}, {results[i]}));
    }
    TensorId value = parts[0];
    if (parts.size() > 1) {
      DURWARD_ASSIGN_OR_RETURN(value, step(r, name, Concat{direction_axis[kind]}, parts));
    }
    DURWARD_RETURN_IF_ERROR(r.importer.define(name, {value, orders[kind]}));
  }
  return absl::OkStatus();
}

// How many of the results y, last hidden state and last cell the model names.
size_t wanted_outputs(const NodeView& node, size_t most) {
  size_t count = 1;
  for (size_t i = 1; i < most; ++i) {
    if (node.has_output(static_cast<int>(i))) count = i + 1;
  }
  return count;
}

std::vector<TensorId> add_layer(const RecurrentNode& r, Op op, std::vector<TensorId> inputs,
                                size_t outputs) {
  static constexpr const char* kNames[] = {"/y", "/last_hidden", "/last_cell"};
  std::vector<TensorId> ids;
  for (size_t i = 0; i < outputs; ++i) {
    const std::string name = r.importer.unique_name(absl::StrCat(r.node.name(), kNames[i]));
    ids.push_back(r.importer.graph().add_tensor(name, DataType::kFloat32, {}));
  }
  r.importer.graph().add_node(std::move(op), r.node.name(), std::move(inputs), ids);
  return ids;
}

// Reads the node; layer(direction, reverse) gives the op and its inputs behind x.
template <typename Layer>
absl::Status import_layer(RecurrentNode& r, size_t most_outputs, const Layer& layer) {
  DURWARD_RETURN_IF_ERROR(check_attributes(r));
  DURWARD_RETURN_IF_ERROR(read_direction(r));
  r.hidden = r.node.get_int("hidden_size", 0);
  if (r.hidden < 1 || r.hidden > kMaxElements) return r.node.invalid("it has no hidden_size");
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, sequence(r));
  DURWARD_RETURN_IF_ERROR(check_lengths(r));
  std::vector<std::vector<TensorId>> results;
  for (int64_t direction = 0; direction < r.directions; ++direction) {
    std::vector<TensorId> inputs{x};
    DURWARD_ASSIGN_OR_RETURN(Op op, layer(direction, r.reverse || direction == 1, inputs));
    results.push_back(
        add_layer(r, std::move(op), std::move(inputs), wanted_outputs(r.node, most_outputs)));
    Graph& graph = r.importer.graph();
    DURWARD_RETURN_IF_ERROR(infer_shapes(graph, graph.producer(results.back()[0])));
  }
  return define_outputs(r, results);
}

}  // namespace

absl::Status import_lstm(Importer& importer, const NodeView& node) {
  if (node.has_input(kPeepholes)) return node.unimplemented("peepholes are not supported");
  RecurrentNode r{importer, node, 4, {"Sigmoid", "Tanh", "Tanh"}};
  return import_layer(
      r, 3,
      [&r](int64_t direction, bool reverse, std::vector<TensorId>& inputs) -> absl::StatusOr<Op> {
        for (const auto& [input, columns] :
             {std::pair{kWeights, r.x_shape[2]}, std::pair{kRecurrent, r.hidden}}) {
          DURWARD_ASSIGN_OR_RETURN(inputs.emplace_back(),
                                   weights(r, input, columns, direction, kLstmFromOnnx));
        }
        DURWARD_ASSIGN_OR_RETURN(const std::vector<float> both, biases(r, direction));
        inputs.emplace_back();
        if (!both.empty()) {
          std::vector<float> sum(both.begin(), both.begin() + 4 * r.hidden);
          for (size_t i = 0; i < sum.size(); ++i) sum[i] += both[sum.size() + i];
          inputs.back() = r.importer.constant_tensor<float>(
              absl::StrCat(r.node.name(), "/bias"), {4 * r.hidden},
              in_gate_order(sum, kLstmFromOnnx, r.hidden));
        }
        for (const int input : {kHidden, kCell}) {
          DURWARD_ASSIGN_OR_RETURN(inputs.emplace_back(), state(r, input, direction));
        }
        return Op(Lstm{r.hidden, reverse});
      });
}

absl::Status import_gru(Importer& importer, const NodeView& node) {
  RecurrentNode r{importer, node, 3, {"Sigmoid", "Tanh"}};
  const bool linear_before_reset = node.get_int("linear_before_reset", 0) != 0;
  return import_layer(
      r, 2,
      [&](int64_t direction, bool reverse, std::vector<TensorId>& inputs) -> absl::StatusOr<Op> {
        for (const auto& [input, columns] :
             {std::pair{kWeights, r.x_shape[2]}, std::pair{kRecurrent, r.hidden}}) {
          DURWARD_ASSIGN_OR_RETURN(inputs.emplace_back(),
                                   weights(r, input, columns, direction, kGruToOnnx));
        }
        DURWARD_ASSIGN_OR_RETURN(const std::vector<float> both, biases(r, direction));
        inputs.emplace_back();
        if (!both.empty()) {
          inputs.back() = r.importer.constant_tensor<float>(
              absl::StrCat(r.node.name(), "/bias"), {6 * r.hidden},
              in_gate_order(both, kGruBiasToOnnx, r.hidden));
        }
        DURWARD_ASSIGN_OR_RETURN(inputs.emplace_back(), state(r, kHidden, direction));
        return Op(Gru{r.hidden, reverse, linear_before_reset});
      });
}

}  // namespace durward
