#include "pipeline/layer_noise.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "compile/interpreter.h"

namespace durward {
namespace {

using Values = std::map<std::string, std::vector<float>>;

// A tensor's elements as real numbers; empty for types that hold no activations.
std::vector<float> real_values(const Tensor& tensor, std::span<const std::byte> bytes) {
  if (tensor.type == DataType::kFloat32) {
    const auto* values = reinterpret_cast<const float*>(bytes.data());
    return {values, values + bytes.size() / sizeof(float)};
  }
  std::vector<float> reals;
  if (tensor.type != DataType::kInt8 || !tensor.quant || tensor.quant->per_axis()) return reals;
  for (const std::byte byte : bytes) {
    const int32_t q = static_cast<int8_t>(byte);
    reals.push_back(tensor.quant->scales[0] * static_cast<float>(q - tensor.quant->zero_points[0]));
  }
  return reals;
}

absl::StatusOr<Values> run(const Interpreter& interpreter, const Graph& graph,
                           std::span<const float> input) {
  Values values;
  std::vector<std::vector<std::byte>> buffers;
  for (const Port& port : graph.outputs) {
    const Tensor& tensor = graph.tensor(port.tensor);
    buffers.emplace_back(static_cast<size_t>(elements(tensor.shape) * size_of(tensor.type)));
  }
  const std::vector<std::span<std::byte>> outputs(buffers.begin(), buffers.end());
  const std::span<const std::byte> inputs[] = {std::as_bytes(input)};
  DURWARD_RETURN_IF_ERROR(
      interpreter.run(inputs, outputs, [&](TensorId id, std::span<const std::byte> bytes) {
        const Tensor& tensor = graph.tensor(id);
        values[tensor.name] = real_values(tensor, bytes);
      }));
  return values;
}

struct Power {
  double signal = 0, noise = 0;
};

}  // namespace

absl::StatusOr<std::vector<LayerNoise>> measure_layer_noise(const Graph& float_graph,
                                                            const Graph& quantised,
                                                            const Samples& samples, int64_t count) {
  DURWARD_ASSIGN_OR_RETURN(const Interpreter before, Interpreter::create(float_graph));
  DURWARD_ASSIGN_OR_RETURN(const Interpreter after, Interpreter::create(quantised));
  std::map<std::string, Power> powers;
  for (int64_t i = 0; i < std::min(count, samples.count); ++i) {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<float> input, read_sample(samples, i));
    DURWARD_ASSIGN_OR_RETURN(const Values exact, run(before, float_graph, input));
    DURWARD_ASSIGN_OR_RETURN(const Values rounded, run(after, quantised, input));
    for (const auto& [name, values] : rounded) {
      const auto found = exact.find(name);
      if (found == exact.end() || found->second.size() != values.size()) continue;
      Power& power = powers[name];
      for (size_t e = 0; e < values.size(); ++e) {
        const double x = found->second[e], error = x - values[e];
        power.signal += x * x;
        power.noise += error * error;
      }
    }
  }
  std::vector<LayerNoise> layers;
  for (const NodeId id : quantised.topological_order()) {
    const Node& node = quantised.node(id);
    if (std::holds_alternative<Quantize>(node.op) || std::holds_alternative<Dequantize>(node.op))
      continue;
    const Tensor& output = quantised.tensor(node.outputs[0]);
    const auto power = powers.find(output.name);
    if (power == powers.end() || power->second.signal == 0) continue;
    layers.push_back({node.name, std::string(op_name(node.op)), std::string(to_string(output.type)),
                      10 * std::log10(power->second.signal / power->second.noise)});
  }
  return layers;
}

}  // namespace durward
