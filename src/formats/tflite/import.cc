#include "formats/tflite/import.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/checked.h"
#include "base/half.h"

namespace durward {
namespace {

// Small integer arithmetic on shapes is evaluated at import, so that what reads it sees constants.
constexpr int64_t kMaxFoldedElements = 256;
// Constants may take this many times the file's size: float32 from int8 is four times as large, and
// some are used in both forms. More means that the file names the same data over and over.
constexpr int64_t kMaxExpansion = 16;

template <typename T>
std::vector<std::byte> to_bytes(std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  return {bytes.begin(), bytes.end()};
}

template <typename T>
T load(std::span<const std::byte> data, size_t i) {
  T value;
  std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
  return value;
}

std::vector<float> half_to_floats(std::span<const std::byte> data) {
  std::vector<float> values(data.size() / sizeof(uint16_t));
  for (size_t i = 0; i < values.size(); ++i) values[i] = half_to_float(load<uint16_t>(data, i));
  return values;
}

// real = scale * (q - zero_point), in float as TFLite's DEQUANTIZE computes it.
template <typename T>
std::vector<float> dequantize(const SourceTensor& source) {
  const QuantParams& quant = *source.quant;
  std::vector<float> values(source.data.size() / sizeof(T));
  int64_t inner = 1;  // elements per index along the axis
  if (quant.per_axis()) {
    for (size_t d = static_cast<size_t>(quant.axis) + 1; d < source.shape.size(); ++d) {
      inner *= source.shape[d];
    }
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel =
        quant.per_axis() ? i / static_cast<size_t>(inner) % quant.scales.size() : 0;
    const int32_t q = static_cast<int32_t>(load<T>(source.data, i)) - quant.zero_points[channel];
    values[i] = quant.scales[channel] * static_cast<float>(q);
  }
  return values;
}

// uint8 quantisation is int8 quantisation with everything 128 lower.
constexpr int32_t kUint8Shift = 128;

bool shifted_to_int8(const SourceTensor& source) {
  return source.type == tflite::TensorType::UINT8 && source.quant.has_value();
}

std::optional<QuantParams> shifted_quant(const SourceTensor& source) {
  std::optional<QuantParams> quant = source.quant;
  if (shifted_to_int8(source)) {
    for (int32_t& zero_point : quant->zero_points) zero_point -= kUint8Shift;
  }
  return quant;
}

std::vector<std::byte> shift_to_int8(std::span<const std::byte> data) {
  std::vector<std::byte> shifted(data.begin(), data.end());
  for (std::byte& value : shifted) value ^= std::byte{0x80};  // q - 128 in two's complement
  return shifted;
}

absl::Status check_no_nan(const SourceTensor& source, std::span<const float> values) {
  const auto nan =
      std::find_if(values.begin(), values.end(), [](float v) { return std::isnan(v); });
  if (nan == values.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the constant '", source.name, "' has a NaN at ",
                                                 nan - values.begin(),
                                                 "; train or export the model again"));
}

// int8 and int16 are only read as quantised numbers.
absl::Status check_quantized(const SourceTensor& source, DataType type) {
  if ((type != DataType::kInt8 && type != DataType::kInt16) || source.quant) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("tensor '", source.name, "' is ",
                                                 std::string(to_string(type)),
                                                 " without scale and zero point"));
}

absl::Status unsupported_type(const SourceTensor& source) {
  const char* type = tflite::EnumNameTensorType(source.type);
  return absl::UnimplementedError(
      absl::StrCat("tensor '", source.name, "' has the type ",
                   *type != '\0' ? std::string(type) : absl::StrCat(static_cast<int>(source.type)),
                   ", which is not supported"));
}

}  // namespace

GraphImport::GraphImport(const SourceModel& model)
    : model_(model), imported_(model.tensors.size()) {
  graph_.name = model.name;
}

absl::StatusOr<Graph> GraphImport::run() {
  DURWARD_RETURN_IF_ERROR(import_inputs());
  for (const SourceOperator& source : model_.operators) {
    OpImport op(*this, source);
    DURWARD_RETURN_IF_ERROR(find_importer(source.code)(op));
  }
  DURWARD_RETURN_IF_ERROR(import_outputs());
  graph_.remove_dead_nodes();
  graph_.compact();
  return std::move(graph_);
}

absl::Status GraphImport::import_inputs() {
  for (const int32_t index : model_.inputs) {
    const SourceTensor& source = model_.tensors[static_cast<size_t>(index)];
    const auto type = source.data_type();
    if (!type) return unsupported_type(source);
    DURWARD_RETURN_IF_ERROR(check_quantized(source, *type));
    TensorId& imported = imported_[static_cast<size_t>(index)];
    const std::string name = unique_name(source.name);
    const bool quantized = source.quant && (*type == DataType::kInt8 || *type == DataType::kUInt8 ||
                                            *type == DataType::kInt16);
    if (!quantized) {
      imported = graph_.add_tensor(name, *type, source.shape);
      graph_.inputs.push_back({imported, source.name, PortLayout::kAsIs});
      continue;
    }
    const TensorId port = graph_.add_tensor(name, DataType::kFloat32, source.shape);
    graph_.inputs.push_back({port, source.name, PortLayout::kAsIs});
    const std::string inside = unique_name(source.name + "/quantized");
    DURWARD_ASSIGN_OR_RETURN(imported, declare(source, inside));
    DURWARD_RETURN_IF_ERROR(
        infer_shapes(graph_, graph_.add_node(Quantize{}, inside, {port}, {imported})));
  }
  return absl::OkStatus();
}

absl::Status GraphImport::import_outputs() {
  for (const int32_t index : model_.outputs) {
    const SourceTensor& source = model_.tensors[static_cast<size_t>(index)];
    DURWARD_ASSIGN_OR_RETURN(TensorId tensor, use(index, /*as_float=*/true));
    const Tensor& value = graph_.tensor(tensor);
    if (source.data_type() == DataType::kBool && value.type != DataType::kBool) {
      return absl::UnimplementedError(absl::StrCat(
          "output '", source.name, "' is a truth value; cast it to a number in the model"));
    }
    if (value.quant && !value.constant()) {
      DURWARD_ASSIGN_OR_RETURN(
          tensor, graph_.add_op(Dequantize{}, unique_name(source.name + "/dequantized"), {tensor}));
    } else if (!graph_.producer(tensor).valid()) {
      // An output that is an input or a constant: the IR's outputs are produced by a node.
      DURWARD_ASSIGN_OR_RETURN(
          tensor, graph_.add_op(Identity{}, unique_name(source.name + "/output"), {tensor}));
    }
    graph_.outputs.push_back({tensor, source.name, PortLayout::kAsIs});
  }
  return absl::OkStatus();
}

absl::StatusOr<TensorId> GraphImport::use(int32_t tensor, bool as_float) {
  const TensorId imported = imported_[static_cast<size_t>(tensor)];
  if (imported.valid()) return imported;
  const SourceTensor& source = model_.tensors[static_cast<size_t>(tensor)];
  const auto [entry, added] = constants_.try_emplace({tensor, as_float});
  if (added) {
    DURWARD_ASSIGN_OR_RETURN(entry->second, add_constant(source, as_float));
  }
  return entry->second;
}

absl::StatusOr<TensorId> GraphImport::add_constant(const SourceTensor& source, bool as_float) {
  const auto type = source.data_type();
  if (!type) return unsupported_type(source);
  DURWARD_RETURN_IF_ERROR(check_quantized(source, *type));
  Tensor tensor{unique_name(source.name), *type, source.shape, {}, {}};
  std::vector<float> converted;
  if (*type == DataType::kFloat16) {
    converted = half_to_floats(source.data);
  } else if (source.quant && as_float && *type == DataType::kInt8) {
    converted = dequantize<int8_t>(source);
  } else if (source.quant && as_float && *type == DataType::kUInt8) {
    converted = dequantize<uint8_t>(source);
  } else if (source.quant && as_float && *type == DataType::kInt16) {
    converted = dequantize<int16_t>(source);
  } else if (*type == DataType::kFloat32) {
    converted.resize(source.data.size() / sizeof(float));
    if (!converted.empty()) std::memcpy(converted.data(), source.data.data(), source.data.size());
  } else {
    tensor.quant = shifted_quant(source);
    if (shifted_to_int8(source)) tensor.type = DataType::kInt8;
    Buffer& buffer = buffers_[{source.buffer, tensor.type}];
    if (buffer == nullptr || buffer->size() != source.data.size()) {
      DURWARD_RETURN_IF_ERROR(charge(static_cast<int64_t>(source.data.size())));
      buffer = std::make_shared<const std::vector<std::byte>>(
          shifted_to_int8(source) ? shift_to_int8(source.data)
                                  : std::vector<std::byte>(source.data.begin(), source.data.end()));
    }
    tensor.data = buffer;
    return graph_.add_tensor(std::move(tensor));
  }
  DURWARD_RETURN_IF_ERROR(check_no_nan(source, converted));
  DURWARD_RETURN_IF_ERROR(charge(static_cast<int64_t>(converted.size() * sizeof(float))));
  tensor.type = DataType::kFloat32;
  tensor.data =
      std::make_shared<const std::vector<std::byte>>(to_bytes(std::span<const float>(converted)));
  return graph_.add_tensor(std::move(tensor));
}

absl::StatusOr<TensorId> GraphImport::declare(const SourceTensor& source, const std::string& name) {
  const auto type = source.data_type();
  if (!type) return unsupported_type(source);
  DURWARD_RETURN_IF_ERROR(check_quantized(source, *type));
  if (source.quant && source.quant->per_axis()) {
    return absl::UnimplementedError(absl::StrCat(
        "activation '", source.name, "' has a scale per channel; activations have one"));
  }
  Tensor tensor{name, *type, {}, {}, {}};
  if (*type == DataType::kFloat16) tensor.type = DataType::kFloat32;
  // Some converters leave their calibration ranges on float tensors.
  if (*type != DataType::kFloat32) tensor.quant = shifted_quant(source);
  if (shifted_to_int8(source)) tensor.type = DataType::kInt8;
  return graph_.add_tensor(std::move(tensor));
}

std::string GraphImport::unique_name(const std::string& wanted) {
  int& uses = name_uses_[wanted];
  if (uses++ == 0) return wanted;
  std::string name;
  do {
    name = absl::StrCat(wanted, "_", uses++);
  } while (!name_uses_.try_emplace(name, 1).second);
  return name;
}

absl::Status GraphImport::charge(int64_t bytes) {
  constant_bytes_ += bytes;
  if (constant_bytes_ <= kMaxExpansion * static_cast<int64_t>(model_.bytes.size())) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("the constants take more than ", kMaxExpansion, " times the size of the file"));
}

std::optional<QuantParams> OpImport::output_quant() const { return shifted_quant(source_output()); }

absl::StatusOr<TensorId> OpImport::input(size_t i) {
  if (!has(i)) return error("lacks input ", i);
  return import_.use(source_.inputs[i], float_operator());
}

absl::StatusOr<TensorId> OpImport::optional_input(size_t i) {
  if (!has(i)) return TensorId{};
  return input(i);
}

absl::StatusOr<std::vector<TensorId>> OpImport::inputs() {
  std::vector<TensorId> ids;
  for (size_t i = 0; i < input_count(); ++i) {
    DURWARD_ASSIGN_OR_RETURN(const TensorId id, input(i));
    ids.push_back(id);
  }
  return ids;
}

absl::StatusOr<std::vector<int64_t>> OpImport::integers(size_t i) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId id, input(i));
  const Tensor& value = tensor(id);
  if (!value.constant()) {
    return unsupported("takes input ", i, " ('", value.name,
                       "') from a computation on data; it "
                       "must be constant. Export the model with static shapes");
  }
  if (value.type == DataType::kInt32) {
    const auto values = value.values<int32_t>();
    return std::vector<int64_t>(values.begin(), values.end());
  }
  if (value.type == DataType::kInt64) {
    const auto values = value.values<int64_t>();
    return std::vector<int64_t>(values.begin(), values.end());
  }
  return error("has ", std::string(to_string(value.type)), " in input ", i,
               "; int32 or int64 belongs there");
}

absl::StatusOr<int64_t> OpImport::integer(size_t i) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int64_t> values, integers(i));
  if (values.size() != 1) return error("has ", values.size(), " values in input ", i, ", not 1");
  return values[0];
}

absl::StatusOr<TensorId> OpImport::float_constant(size_t i) {
  if (!has(i)) return error("lacks input ", i);
  DURWARD_ASSIGN_OR_RETURN(const TensorId id, import_.use(source_.inputs[i], /*as_float=*/true));
  if (!tensor(id).constant() || tensor(id).type != DataType::kFloat32) {
    return unsupported("takes input ", i, " from a computation; it must be a constant number");
  }
  return id;
}

absl::StatusOr<int> OpImport::axis(int64_t axis, size_t rank) const {
  const auto signed_rank = static_cast<int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    return error("has axis ", axis, " for ", rank, " dimensions");
  }
  return static_cast<int>(axis < 0 ? axis + signed_rank : axis);
}

bool OpImport::float_operator() const {
  return source_output().type == tflite::TensorType::FLOAT32 ||
         source_output().type == tflite::TensorType::FLOAT16;
}

absl::StatusOr<TensorId> OpImport::declare_output(size_t i) {
  return import_.declare(source_output(i), import_.unique_name(source_output(i).name));
}

absl::Status OpImport::add_node(Op op, std::vector<TensorId> inputs,
                                std::vector<TensorId> outputs) {
  Graph& graph = import_.graph_;
  std::vector<DataType> declared;
  for (const TensorId id : outputs) declared.push_back(graph.tensor(id).type);
  bool fold = true;
  for (const TensorId id : inputs) {
    fold = fold && id.valid() && graph.tensor(id).constant() &&
           elements(graph.tensor(id).shape) <= kMaxFoldedElements;
  }
  const std::string& name = graph.tensor(outputs[0]).name;
  const NodeId node = graph.add_node(std::move(op), name, std::move(inputs), std::move(outputs));
  if (const absl::Status status = infer_shapes(graph, node); !status.ok()) {
    return with_context(status, describe(import_.model_, source_));
  }
  for (size_t i = 0; i < declared.size(); ++i) {
    const DataType inferred = graph.tensor(graph.node(node).outputs[i]).type;
    if (inferred != declared[i]) {
      return error("gives ", std::string(to_string(inferred)), " where the file says ",
                   std::string(to_string(declared[i])));
    }
  }
  if (fold) {
    DURWARD_RETURN_IF_ERROR(fold_constant(graph, node, kMaxFoldedElements).status());
  }
  return absl::OkStatus();
}

absl::Status OpImport::emit(Op op, std::vector<TensorId> inputs,
                            tflite::ActivationFunctionType fused) {
  using Fused = tflite::ActivationFunctionType;
  const auto fuse = [&op](Activation activation) {
    return std::visit(
        [activation](auto& concrete) {
          if constexpr (requires { concrete.activation; }) {
            concrete.activation = activation;
            return true;
          }
          return false;
        },
        op);
  };
  switch (fused) {
    case Fused::NONE:
      break;
    case Fused::RELU:
      if (quantized() && fuse(Activation::kRelu)) break;
      return emit_activated(std::move(op), std::move(inputs), Unary{UnaryKind::kRelu});
    case Fused::RELU6:
      if (quantized() && fuse(Activation::kRelu6)) break;
      return emit_activated(std::move(op), std::move(inputs), Unary{UnaryKind::kRelu6});
    case Fused::RELU_N1_TO_1:
      return emit_activated(std::move(op), std::move(inputs), Clip{-1, 1});
    case Fused::TANH:
      if (quantized()) return unsupported("has a fused TANH, which has no integer form");
      return emit_activated(std::move(op), std::move(inputs), Unary{UnaryKind::kTanh});
    default:
      return unsupported("has the fused activation ", static_cast<int>(fused),
                         "; RELU, RELU6, RELU_N1_TO_1 and TANH are read");
  }
  return emit_output(0, std::move(op), std::move(inputs));
}

absl::Status OpImport::emit_output(size_t output, Op op, std::vector<TensorId> inputs) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId id, declare_output(output));
  DURWARD_RETURN_IF_ERROR(add_node(std::move(op), std::move(inputs), {id}));
  alias(id, output);
  return absl::OkStatus();
}

absl::Status OpImport::emit_activated(Op op, std::vector<TensorId> inputs, Op activation) {
  // Clamping in the quantised domain of the result is what the fused form does: same parameters.
  DURWARD_ASSIGN_OR_RETURN(
      const TensorId linear,
      import_.declare(source_output(), import_.unique_name(source_output().name + "/linear")));
  DURWARD_RETURN_IF_ERROR(add_node(std::move(op), std::move(inputs), {linear}));
  return emit(std::move(activation), {linear});
}

absl::Status OpImport::emit_all(Op op, std::vector<TensorId> inputs) {
  std::vector<TensorId> outputs;
  for (size_t i = 0; i < output_count(); ++i) {
    DURWARD_ASSIGN_OR_RETURN(const TensorId output, declare_output(i));
    outputs.push_back(output);
  }
  DURWARD_RETURN_IF_ERROR(add_node(std::move(op), std::move(inputs), outputs));
  for (size_t i = 0; i < outputs.size(); ++i) alias(outputs[i], i);
  return absl::OkStatus();
}

absl::StatusOr<TensorId> OpImport::emit_step(Op op, std::vector<TensorId> inputs,
                                             const std::string& suffix, TensorId like) {
  Graph& graph = import_.graph_;
  Tensor step{import_.unique_name(source_output().name + suffix), DataType::kFloat32, {}, {}, {}};
  if (like.valid()) {
    step.type = graph.tensor(like).type;
    step.quant = graph.tensor(like).quant;
  }
  const TensorId output = graph.add_tensor(std::move(step));
  DURWARD_RETURN_IF_ERROR(add_node(std::move(op), std::move(inputs), {output}));
  return output;
}

TensorId OpImport::add_constant(const std::string& suffix, DataType type, Shape shape,
                                std::vector<std::byte> bytes) {
  return import_.graph_.add_constant(import_.unique_name(source_output().name + suffix), type,
                                     std::move(shape), std::move(bytes));
}

void OpImport::alias(TensorId id, size_t output) {
  import_.imported_[static_cast<size_t>(source_.outputs[output])] = id;
}

}  // namespace durward
