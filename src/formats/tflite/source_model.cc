#include "formats/tflite/source_model.h"

#include <absl/strings/str_join.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/checked.h"

namespace durward {
namespace {

constexpr uint32_t kSchemaVersion = 3;
// Depth of tables within tables and number of tables that verification follows. Real models need a
// depth of 5 and some thousand tables.
constexpr int kMaxDepth = 16;
constexpr int kMaxTables = 1 << 20;

template <typename... Parts>
absl::Status damaged(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

template <typename Vector>
size_t count(const Vector* vector) {
  return vector == nullptr ? 0 : vector->size();
}

std::vector<int32_t> to_vector(const flatbuffers::Vector<int32_t>* values) {
  if (values == nullptr) return {};
  return {values->begin(), values->end()};
}

absl::StatusOr<const tflite::Model*> verify_file(std::span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  constexpr size_t kSmallestFile = 8;  // root offset and identifier
  if (bytes.size() < kSmallestFile || !tflite::ModelBufferHasIdentifier(data)) {
    return damaged("not a TFLite model: it does not have the identifier TFL3");
  }
  flatbuffers::Verifier verifier(data, bytes.size(), kMaxDepth, kMaxTables);
  if (!tflite::VerifyModelBuffer(verifier)) {
    return damaged("the TFLite file is truncated or damaged: its FlatBuffer does not verify");
  }
  const tflite::Model* model = tflite::GetModel(data);
  if (model->version() != kSchemaVersion) {
    return damaged("TFLite schema version ", model->version(), "; version ", kSchemaVersion,
                   " is read");
  }
  if (count(model->subgraphs()) != 1) {
    std::vector<std::string> names;
    for (size_t i = 0; i < std::min<size_t>(count(model->subgraphs()), 16); ++i) {
      const auto* subgraph = model->subgraphs()->Get(static_cast<flatbuffers::uoffset_t>(i));
      names.push_back(subgraph->name() == nullptr ? "?" : subgraph->name()->str());
    }
    return absl::UnimplementedError(absl::StrCat(
        "the model has ", count(model->subgraphs()), " subgraphs (", absl::StrJoin(names, ", "),
        "); a model with exactly one is read. Export the one to be compressed alone"));
  }
  return model;
}

struct Range {
  int64_t lowest, highest;
};

Range zero_point_range(tflite::TensorType type) {
  if (type == tflite::TensorType::INT8) return {INT8_MIN, INT8_MAX};
  if (type == tflite::TensorType::UINT8) return {0, UINT8_MAX};
  return {INT16_MIN, INT16_MAX};
}

absl::StatusOr<QuantParams> read_quantization(const tflite::QuantizationParameters& quantization,
                                              const SourceTensor& tensor) {
  QuantParams params;
  const auto& scales = *quantization.scale();
  if (quantization.details_type() != 0) {
    return absl::UnimplementedError(
        absl::StrCat("tensor '", tensor.name, "' has a custom quantisation"));
  }
  for (const float scale : scales) {
    if (!std::isfinite(scale) || scale <= 0) {
      return damaged("tensor '", tensor.name, "' has the quantisation scale ", scale,
                     "; scales are finite and above 0");
    }
  }
  params.scales.assign(scales.begin(), scales.end());
  params.zero_points.assign(params.scales.size(), 0);
  const size_t zero_points = count(quantization.zero_point());
  if (zero_points != 0 && zero_points != 1 && zero_points != params.scales.size()) {
    return damaged("tensor '", tensor.name, "' has ", params.scales.size(), " scales and ",
                   zero_points, " zero points");
  }
  const Range range = zero_point_range(tensor.type);
  for (size_t i = 0; i < params.scales.size() && zero_points != 0; ++i) {
    // Verification does not align what is wider than a length.
    int64_t zero_point = 0;
    std::memcpy(&zero_point,
                quantization.zero_point()->Data() + (zero_points == 1 ? 0 : i) * sizeof(zero_point),
                sizeof(zero_point));
    if (zero_point < range.lowest || zero_point > range.highest) {
      return damaged("tensor '", tensor.name, "' has the zero point ", zero_point);
    }
    params.zero_points[i] = static_cast<int32_t>(zero_point);
  }
  if (params.scales.size() == 1) return params;
  const int32_t axis = quantization.quantized_dimension();
  if (axis < 0 || static_cast<size_t>(axis) >= tensor.shape.size() ||
      tensor.shape[static_cast<size_t>(axis)] != static_cast<int64_t>(params.scales.size())) {
    return damaged("tensor '", tensor.name, "' of shape ", to_string(tensor.shape), " has ",
                   params.scales.size(), " scales along dimension ", axis);
  }
  params.axis = axis;
  return params;
}

absl::Status read_data(const tflite::Model& model, const tflite::Tensor& table,
                       SourceTensor& tensor) {
  tensor.buffer = table.buffer();
  if (table.buffer() == 0) return absl::OkStatus();
  if (table.buffer() >= count(model.buffers())) {
    return damaged("tensor '", tensor.name, "' is in buffer ", table.buffer(), "; the file has ",
                   count(model.buffers()));
  }
  const tflite::Buffer* buffer = model.buffers()->Get(table.buffer());
  if (buffer->offset() > 1 || buffer->size() > 1) {
    return absl::UnimplementedError(
        absl::StrCat("the data of tensor '", tensor.name,
                     "' is outside the FlatBuffer, as in models above 2 GB"));
  }
  const size_t bytes = count(buffer->data());
  if (bytes == 0) return absl::OkStatus();
  tensor.constant = true;
  const auto type = tensor.data_type();
  if (!type) return absl::OkStatus();  // reported where it is used
  DURWARD_ASSIGN_OR_RETURN(const int64_t elements, element_count(tensor.shape));
  if (static_cast<int64_t>(bytes) != elements * size_of(*type)) {
    return damaged("tensor '", tensor.name, "' of ", std::string(to_string(*type)), "[",
                   to_string(tensor.shape), "] has ", bytes, " bytes of data");
  }
  tensor.data = std::as_bytes(std::span(buffer->data()->data(), bytes));
  return absl::OkStatus();
}

absl::StatusOr<SourceTensor> read_tensor(const tflite::Model& model, const tflite::Tensor& table,
                                         size_t index) {
  SourceTensor tensor;
  tensor.name = table.name() == nullptr || table.name()->size() == 0
                    ? absl::StrCat("tensor ", index)
                    : table.name()->str();
  tensor.type = table.type();
  if (table.is_variable()) {
    return absl::UnimplementedError(
        absl::StrCat("tensor '", tensor.name, "' is a variable; models with state are not read"));
  }
  if (table.sparsity() != nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("tensor '", tensor.name, "' is sparse; export the model with dense weights"));
  }
  if (table.external_buffer() != 0) {
    return absl::UnimplementedError(
        absl::StrCat("the data of tensor '", tensor.name, "' is in another file"));
  }
  for (const int32_t dimension : to_vector(table.shape())) {
    tensor.shape.push_back(dimension);
  }
  if (const auto elements = element_count(tensor.shape); !elements.ok()) {
    return with_context(elements.status(), absl::StrCat("tensor '", tensor.name, "'"));
  }
  const tflite::QuantizationParameters* quantization = table.quantization();
  if (quantization != nullptr && count(quantization->scale()) != 0) {
    DURWARD_ASSIGN_OR_RETURN(tensor.quant, read_quantization(*quantization, tensor));
  }
  DURWARD_RETURN_IF_ERROR(read_data(model, table, tensor));
  return tensor;
}

absl::StatusOr<SourceOperator> read_operator(const tflite::Model& model,
                                             const tflite::Operator& table, size_t index) {
  SourceOperator op;
  op.index = index;
  op.table = &table;
  if (table.opcode_index() >= count(model.operator_codes())) {
    return damaged("operator ", index, " has the operator code ", table.opcode_index(),
                   "; the file has ", count(model.operator_codes()));
  }
  const tflite::OperatorCode* code = model.operator_codes()->Get(table.opcode_index());
  op.code = static_cast<tflite::BuiltinOperator>(std::max<int32_t>(
      static_cast<int32_t>(code->builtin_code()), code->deprecated_builtin_code()));
  const char* known = tflite::EnumNameBuiltinOperator(op.code);
  if (op.code == tflite::BuiltinOperator::CUSTOM && code->custom_code() != nullptr) {
    op.name = absl::StrCat("CUSTOM:", code->custom_code()->str());
  } else if (*known != '\0') {
    op.name = known;
  } else {
    op.name = absl::StrCat("operator code ", static_cast<int32_t>(op.code));
  }
  op.inputs = to_vector(table.inputs());
  op.outputs = to_vector(table.outputs());
  return op;
}

// Single assignment in file order: an operator reads what is constant, an input, or written before.
class OrderCheck {
 public:
  explicit OrderCheck(const SourceModel& model)
      : model_(model), available_(model.tensors.size(), false) {
    for (size_t i = 0; i < available_.size(); ++i) available_[i] = model.tensors[i].constant;
  }

  absl::Status run() {
    for (const int32_t input : model_.inputs) {
      DURWARD_RETURN_IF_ERROR(check_index(input, "the model's inputs"));
      const SourceTensor& tensor = model_.tensors[static_cast<size_t>(input)];
      if (elements(tensor.shape) == 0) {
        return damaged("input '", tensor.name, "' of shape ", to_string(tensor.shape), " is empty");
      }
      DURWARD_RETURN_IF_ERROR(write(input, "an input"));
    }
    for (const SourceOperator& op : model_.operators) {
      const std::string who = absl::StrCat(op.name, " (operator ", op.index, ")");
      for (const int32_t input : op.inputs) {
        if (input == -1) continue;
        DURWARD_RETURN_IF_ERROR(check_index(input, who));
        if (!available_[static_cast<size_t>(input)] && !empty_constant(input)) {
          return damaged(who, " reads tensor '", name(input),
                         "', which nothing before it writes: the order is wrong or has a cycle");
        }
      }
      if (op.outputs.empty()) return damaged(who, " has no output");
      for (const int32_t output : op.outputs) {
        DURWARD_RETURN_IF_ERROR(check_index(output, who));
        DURWARD_RETURN_IF_ERROR(write(output, who));
      }
    }
    for (const int32_t output : model_.outputs) {
      DURWARD_RETURN_IF_ERROR(check_index(output, "the model's outputs"));
      if (!available_[static_cast<size_t>(output)]) {
        return damaged("nothing writes the output '", name(output), "'");
      }
    }
    return absl::OkStatus();
  }

 private:
  [[nodiscard]] const std::string& name(int32_t tensor) const {
    return model_.tensors[static_cast<size_t>(tensor)].name;
  }
  // A constant without elements has no data, so that nothing but its shape tells.
  [[nodiscard]] bool empty_constant(int32_t tensor) const {
    return elements(model_.tensors[static_cast<size_t>(tensor)].shape) == 0;
  }
  [[nodiscard]] absl::Status check_index(int32_t tensor, const std::string& who) const {
    if (tensor < 0 || static_cast<size_t>(tensor) >= available_.size()) {
      return damaged(who, " refers to tensor ", tensor, "; the file has ", available_.size());
    }
    return absl::OkStatus();
  }
  absl::Status write(int32_t tensor, const std::string& who) {
    if (available_[static_cast<size_t>(tensor)]) {
      return damaged("tensor '", name(tensor), "' is written by ", who,
                     " and is also a constant, an input or written before");
    }
    available_[static_cast<size_t>(tensor)] = true;
    return absl::OkStatus();
  }

  const SourceModel& model_;
  std::vector<bool> available_;
};

}  // namespace

std::optional<DataType> SourceTensor::data_type() const {
  switch (type) {
    case tflite::TensorType::FLOAT32:
      return DataType::kFloat32;
    case tflite::TensorType::FLOAT16:
      return DataType::kFloat16;
    case tflite::TensorType::INT8:
      return DataType::kInt8;
    case tflite::TensorType::UINT8:
      return DataType::kUInt8;
    case tflite::TensorType::INT16:
      return DataType::kInt16;
    case tflite::TensorType::INT32:
      return DataType::kInt32;
    case tflite::TensorType::INT64:
      return DataType::kInt64;
    case tflite::TensorType::BOOL:
      return DataType::kBool;
    default:
      return std::nullopt;
  }
}

absl::StatusOr<SourceModel> open_source_model(std::span<const std::byte> bytes) {
  SourceModel source;
  // A copy: aligned as FlatBuffers reads it, and as long-lived as the views.
  source.bytes.assign(bytes.begin(), bytes.end());
  DURWARD_ASSIGN_OR_RETURN(const tflite::Model* model, verify_file(source.bytes));
  const tflite::SubGraph* subgraph = model->subgraphs()->Get(0);
  if (subgraph->name() != nullptr) source.name = subgraph->name()->str();
  source.inputs = to_vector(subgraph->inputs());
  source.outputs = to_vector(subgraph->outputs());
  if (source.inputs.empty() || source.outputs.empty()) {
    return damaged("the model has ", source.inputs.size(), " inputs and ", source.outputs.size(),
                   " outputs; it needs at least one of each");
  }
  source.tensors.reserve(count(subgraph->tensors()));
  for (size_t i = 0; i < count(subgraph->tensors()); ++i) {
    DURWARD_ASSIGN_OR_RETURN(
        SourceTensor tensor,
        read_tensor(*model, *subgraph->tensors()->Get(static_cast<flatbuffers::uoffset_t>(i)), i));
    source.tensors.push_back(std::move(tensor));
  }
  source.operators.reserve(count(subgraph->operators()));
  for (size_t i = 0; i < count(subgraph->operators()); ++i) {
    DURWARD_ASSIGN_OR_RETURN(
        SourceOperator op,
        read_operator(*model, *subgraph->operators()->Get(static_cast<flatbuffers::uoffset_t>(i)),
                      i));
    source.operators.push_back(std::move(op));
  }
  DURWARD_RETURN_IF_ERROR(OrderCheck(source).run());
  return source;
}

std::string describe(const SourceModel& model, const SourceOperator& op) {
  const auto shapes = [&model](const std::vector<int32_t>& tensors) {
    return absl::StrJoin(tensors, ", ", [&model](std::string* out, int32_t tensor) {
      absl::StrAppend(
          out, tensor < 0 ? "none" : to_string(model.tensors[static_cast<size_t>(tensor)].shape));
    });
  };
  const std::string& name = model.tensors[static_cast<size_t>(op.outputs[0])].name;
  return absl::StrCat(op.name, " operator ", op.index, " ('", name, "', ", shapes(op.inputs),
                      " -> ", shapes(op.outputs), ")");
}

}  // namespace durward
