// Lstm and Gru  =>  LSTM and GRU of one direction
//
// ONNX stacks the gates in another order, has an axis for directions, and gives an LSTM two biases.
#include <algorithm>
#include <numeric>

#include "formats/onnx/exporter.h"
#include "formats/onnx/gate_order.h"

namespace durward {
namespace {

TensorId input(const Node& node, size_t i) {
  return i < node.inputs.size() ? node.inputs[i] : TensorId{};
}

// A constant [rows, ...] with its gates in ONNX's order and `zeros` rows of zeros behind, as
// [1, rows, ...].
absl::StatusOr<std::string> add_gates(Exporter& exporter, const Node& node, TensorId id,
                                      std::span<const int64_t> gates, int64_t zeros = 0) {
  if (!id.valid()) return std::string();
  const Tensor* original = exporter.constant_tensor(id);
  if (original == nullptr) {
    return absl::UnimplementedError(absl::StrCat("node '", node.name,
                                                 "': ONNX export needs constant weights, but '",
                                                 exporter.tensor(id).name, "' is computed"));
  }
  Tensor constant = *original;
  const int64_t rows = constant.shape[0];
  const std::vector<int64_t> order = gate_rows(gates, rows / static_cast<int64_t>(gates.size()));
  std::vector<std::byte> bytes = reordered_rows(*constant.data, order);
  bytes.resize(bytes.size() / static_cast<size_t>(rows) * static_cast<size_t>(rows + zeros));
  constant.data = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  constant.shape[0] += zeros;
  constant.shape.insert(constant.shape.begin(), 1);
  if (constant.quant && constant.quant->per_axis()) {
    QuantParams& quant = *constant.quant;
    if (quant.axis == 0) {
      const QuantParams before = quant;
      for (size_t i = 0; i < order.size(); ++i) {
        quant.scales[i] = before.scales[static_cast<size_t>(order[i])];
        quant.zero_points[i] = before.zero_points[static_cast<size_t>(order[i])];
      }
      quant.scales.resize(static_cast<size_t>(rows + zeros), 1.0f);
      quant.zero_points.resize(static_cast<size_t>(rows + zeros), 0);
    }
    ++quant.axis;
  }
  return exporter.add_constant(std::move(constant), ConstantRole::kWeight);
}

// [batch, hidden] as [1, batch, hidden].
std::string state(Exporter& exporter, TensorId id) {
  return id.valid() ? exporter.operand(id, {0, 1, 2}, false) : std::string();
}

// Adds the node; its results, which have an axis of directions, become the outputs.
template <typename RecurrentOp>
absl::Status export_layer(Exporter& exporter, const Node& node, const std::string& onnx_op,
                          const RecurrentOp& op, std::vector<std::string> inputs) {
  const auto result = [&](size_t i) {
    return exporter.result_name(node.outputs[i]) + "_directions";
  };
  std::vector<std::string> names{exporter.add(onnx_op, result(0), std::move(inputs))};
  exporter.attribute("direction", std::string(op.reverse ? "reverse" : "forward"));
  exporter.attribute("hidden_size", op.hidden);
  if constexpr (requires { op.linear_before_reset; }) {
    exporter.attribute("linear_before_reset", int64_t{op.linear_before_reset});
  }
  for (size_t i = 1; i < node.outputs.size(); ++i) {
    names.push_back(exporter.another_output(result(i)));
  }
  for (size_t i = 0; i < names.size(); ++i) {
    const TensorId id = node.outputs[i];
    const std::string wanted = exporter.result_name(id);
    const std::string shape = exporter.integers(wanted + "_shape", exporter.shape(id));
    exporter.store(id, exporter.add("Reshape", wanted, {names[i], shape}),
                   identity_permutation(exporter.shape(id).size()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status export_op(Exporter& exporter, const Node& node, const Lstm& op) {
  const Tensor& x_tensor = exporter.tensor(node.inputs[0]);
  if (x_tensor.type != DataType::kFloat32) {
    return absl::UnimplementedError(absl::StrCat(
        "node '", node.name, "' (Lstm): ONNX has no LSTM in integers; keep it in float"));
  }
  DURWARD_ASSIGN_OR_RETURN(std::string weights,
                           add_gates(exporter, node, node.inputs[1], kLstmToOnnx));
  DURWARD_ASSIGN_OR_RETURN(std::string recurrent,
                           add_gates(exporter, node, node.inputs[2], kLstmToOnnx));
  DURWARD_ASSIGN_OR_RETURN(std::string bias,
                           add_gates(exporter, node, input(node, 3), kLstmToOnnx, 4 * op.hidden));
  std::string x = exporter.value(node.inputs[0], {0, 1, 2});
  std::string hidden = state(exporter, input(node, 4)), cell = state(exporter, input(node, 5));
  return export_layer(exporter, node, "LSTM", op,
                      {std::move(x), std::move(weights), std::move(recurrent), std::move(bias), "",
                       std::move(hidden), std::move(cell)});
}

absl::Status export_op(Exporter& exporter, const Node& node, const Gru& op) {
  DURWARD_ASSIGN_OR_RETURN(std::string weights,
                           add_gates(exporter, node, node.inputs[1], kGruToOnnx));
  DURWARD_ASSIGN_OR_RETURN(std::string recurrent,
                           add_gates(exporter, node, node.inputs[2], kGruToOnnx));
  DURWARD_ASSIGN_OR_RETURN(std::string bias,
                           add_gates(exporter, node, input(node, 3), kGruBiasToOnnx));
  std::string x = exporter.value(node.inputs[0], {0, 1, 2});
  std::string hidden = state(exporter, input(node, 4));
  return export_layer(exporter, node, "GRU", op,
                      {std::move(x), std::move(weights), std::move(recurrent), std::move(bias), "",
                       std::move(hidden)});
}

}  // namespace durward
