#include "formats/tflite/export.h"

#include <absl/strings/str_join.h>

#include <algorithm>
#include <cmath>

namespace durward {

GraphExport::GraphExport(const Graph& graph, const TfliteWriteOptions& options)
    : graph_(graph), options_(options), builder_(options.ops), tensors_(graph.tensor_count(), -1) {
  for (const NodeId id : graph.node_ids()) {
    absorbed_.resize(static_cast<size_t>(id.index) + 1, false);
  }
}

int32_t GraphExport::tensor(TensorId id) {
  if (!id.valid()) return -1;
  int32_t& index = tensors_[static_cast<size_t>(id.index)];
  if (index < 0) {
    const Tensor& tensor = graph_.tensor(id);
    const std::span<const std::byte> data =
        tensor.constant() ? std::span<const std::byte>(*tensor.data) : std::span<const std::byte>();
    index = builder_.add_tensor(tensor.name, tensor.type, tensor.shape, tensor.quant, data);
  }
  return index;
}

absl::Status GraphExport::add_inputs() {
  for (const Port& port : graph_.inputs) {
    TensorId id = port.tensor;
    if (options_.int8_ports) {
      const auto& uses = graph_.consumers(id);
      if (uses.size() != 1 || graph_.op_as<Quantize>(uses[0]) == nullptr || graph_.is_output(id)) {
        return absl::InvalidArgumentError(
            absl::StrCat("input '", port.name,
                         "' cannot become int8: its only use must be a "
                         "Quantize. Quantise the graph first, or write float ports"));
      }
      absorbed_[static_cast<size_t>(uses[0].index)] = true;
      id = graph_.node(uses[0]).outputs[0];
    }
    inputs_.push_back(tensor(id));
    builder_.rename_tensor(inputs_.back(), port.name);
  }
  return absl::OkStatus();
}

absl::Status GraphExport::add_outputs() {
  for (const Port& port : graph_.outputs) {
    TensorId id = port.tensor;
    if (options_.int8_ports) {
      if (graph_.producer_as<Dequantize>(id) == nullptr || !graph_.consumers(id).empty()) {
        return absl::InvalidArgumentError(
            absl::StrCat("output '", port.name,
                         "' cannot become int8: it must come from a "
                         "Dequantize and have no other use. Quantise the graph first, or write "
                         "float ports"));
      }
      absorbed_[static_cast<size_t>(graph_.producer(id).index)] = true;
      id = graph_.node(graph_.producer(id)).inputs[0];
    }
    outputs_.push_back(tensor(id));
    const bool renamed = std::ranges::count(inputs_, outputs_.back()) == 0;
    if (renamed) builder_.rename_tensor(outputs_.back(), port.name);
  }
  return absl::OkStatus();
}

bool GraphExport::is_absorbed(NodeId id) const {
  if (absorbed_[static_cast<size_t>(id.index)]) return true;
  if (graph_.op_as<Dequantize>(id) == nullptr) return false;
  // Quantize takes the integers itself: see its export.
  const TensorId real = graph_.node(id).outputs[0];
  return graph_.used_once(real) && graph_.op_as<Quantize>(graph_.consumers(real)[0]) != nullptr;
}

absl::StatusOr<std::vector<std::byte>> GraphExport::run() {
  DURWARD_RETURN_IF_ERROR(add_inputs());
  DURWARD_RETURN_IF_ERROR(add_outputs());
  std::vector<std::string> unsupported;
  for (const NodeId id : graph_.topological_order()) {
    if (is_absorbed(id)) continue;
    NodeExport node(*this, id);
    const absl::Status status =
        std::visit([&node](const auto& op) { return export_op(node, op); }, graph_.node(id).op);
    if (absl::IsUnimplemented(status)) {
      unsupported.push_back(absl::StrCat("  ", status.message()));
    } else if (!status.ok()) {
      return status;
    }
  }
  if (!unsupported.empty()) {
    return absl::UnimplementedError(absl::StrCat("TFLite cannot express ", unsupported.size(),
                                                 " nodes:\n", absl::StrJoin(unsupported, "\n")));
  }
  return builder_.finish(inputs_, outputs_, graph_.name, options_.description);
}

int32_t NodeExport::step(const std::string& suffix, DataType type, const Shape& shape,
                         const std::optional<QuantParams>& quant) {
  return export_.builder_.add_tensor(out().name + suffix, type, shape, quant);
}

int32_t NodeExport::constant(const std::string& suffix, DataType type, const Shape& shape,
                             std::span<const std::byte> data,
                             const std::optional<QuantParams>& quant) {
  return export_.builder_.add_tensor(out().name + suffix, type, shape, quant, data);
}

absl::StatusOr<int32_t> NodeExport::parameters(const std::string& suffix,
                                               const std::vector<int64_t>& values,
                                               const Shape& shape) {
  std::vector<int32_t> narrow;
  for (const int64_t value : values) {
    if (value < INT32_MIN || value > INT32_MAX) {
      return unsupported("has the parameter ", value, "; TFLite's are of 32 bits");
    }
    narrow.push_back(static_cast<int32_t>(value));
  }
  return constant(suffix, DataType::kInt32, shape, std::as_bytes(std::span(narrow)));
}

int32_t NodeExport::float_constant(const std::string& suffix, const Shape& shape,
                                   std::span<const float> values) {
  return constant(suffix, DataType::kFloat32, shape, std::as_bytes(values));
}

int32_t NodeExport::scalar(const std::string& suffix, float value,
                           const std::optional<QuantParams>& quant) {
  if (!quant) return float_constant(suffix, {}, std::span(&value, 1));
  const float steps = std::nearbyint(value / quant->scales[0]);
  const float level =
      std::clamp(steps + static_cast<float>(quant->zero_points[0]), -128.0f, 127.0f);
  const auto q = static_cast<int8_t>(level);
  return constant(suffix, DataType::kInt8, {}, std::as_bytes(std::span(&q, 1)), quant);
}

int32_t NodeExport::input_with(size_t i, const std::optional<QuantParams>& quant) {
  if (in(i).quant == quant) return input(i);
  const int32_t rescaled = step(absl::StrCat("/rescaled_", i), in(i).type, in(i).shape, quant);
  add(tflite::BuiltinOperator::QUANTIZE, {input(i)}, {rescaled});
  return rescaled;
}

std::string NodeExport::describe() const {
  const auto shapes = [this](const std::vector<TensorId>& ids) {
    return absl::StrJoin(ids, ", ", [this](std::string* text, TensorId id) {
      absl::StrAppend(text, id.valid() ? to_string(graph().tensor(id).shape) : "none");
    });
  };
  return absl::StrCat("node '", node_.name, "' (", std::string(op_name(node_.op)),
                      quantized() ? " in int8, " : ", ", shapes(node_.inputs), " -> ",
                      shapes(node_.outputs), ")");
}

}  // namespace durward
