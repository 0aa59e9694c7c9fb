#include "formats/tflite/model_builder.h"

#include <absl/strings/str_join.h>

#include <algorithm>
#include <functional>
#include <string_view>

#include "formats/tflite/operator_version.h"

namespace durward {
namespace {

constexpr uint32_t kSchemaVersion = 3;
// Tables and names come on top of the constants; FlatBuffers addresses 2^31 bytes.
constexpr size_t kMaxConstantBytes = (size_t{1} << 31) - (size_t{1} << 26);
constexpr int8_t kLastByteCode = 127;

tflite::TensorType tensor_type(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return tflite::TensorType::FLOAT32;
    case DataType::kFloat16:
      return tflite::TensorType::FLOAT16;
    case DataType::kInt8:
      return tflite::TensorType::INT8;
    case DataType::kUInt8:
      return tflite::TensorType::UINT8;
    case DataType::kInt16:
      return tflite::TensorType::INT16;
    case DataType::kInt32:
      return tflite::TensorType::INT32;
    case DataType::kInt64:
      return tflite::TensorType::INT64;
    case DataType::kBool:
      return tflite::TensorType::BOOL;
  }
  return tflite::TensorType::FLOAT32;
}

}  // namespace

ModelBuilder::ModelBuilder(TfliteOps ops) : ops_(ops) {
  model_.version = kSchemaVersion;
  // Buffer 0 is by convention the empty one, for tensors that are computed.
  model_.buffers.push_back(std::make_unique<tflite::BufferT>());
  model_.subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
  subgraph_ = model_.subgraphs[0].get();
}

uint32_t ModelBuilder::buffer_for(std::span<const std::byte> data) {
  const std::string_view view(reinterpret_cast<const char*>(data.data()), data.size());
  const size_t hash = std::hash<std::string_view>{}(view);
  const auto [first, last] = buffers_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    if (std::ranges::equal(model_.buffers[it->second]->data, data,
                           [](uint8_t a, std::byte b) { return std::byte{a} == b; })) {
      return it->second;
    }
  }
  const auto index = static_cast<uint32_t>(model_.buffers.size());
  auto buffer = std::make_unique<tflite::BufferT>();
  constant_bytes_ += data.size();
  if (constant_bytes_ > kMaxConstantBytes) {
    fits_ = false;
  } else {
    buffer->data.assign(view.begin(), view.end());
  }
  model_.buffers.push_back(std::move(buffer));
  buffers_.emplace(hash, index);
  return index;
}

int32_t ModelBuilder::add_tensor(const std::string& name, DataType type, const Shape& shape,
                                 const std::optional<QuantParams>& quant,
                                 std::span<const std::byte> data) {
  auto tensor = std::make_unique<tflite::TensorT>();
  tensor->name = name;
  tensor->type = tensor_type(type);
  for (const int64_t dimension : shape) {
    if (dimension > INT32_MAX) fits_ = false;
    tensor->shape.push_back(static_cast<int32_t>(dimension));
  }
  if (!data.empty()) tensor->buffer = buffer_for(data);
  if (quant) {
    tensor->quantization = std::make_unique<tflite::QuantizationParametersT>();
    tensor->quantization->scale = quant->scales;
    tensor->quantization->zero_point.assign(quant->zero_points.begin(), quant->zero_points.end());
    tensor->quantization->quantized_dimension = std::max(quant->axis, 0);
  }
  subgraph_->tensors.push_back(std::move(tensor));
  return static_cast<int32_t>(subgraph_->tensors.size()) - 1;
}

void ModelBuilder::rename_tensor(int32_t tensor, const std::string& name) {
  subgraph_->tensors[static_cast<size_t>(tensor)]->name = name;
}

void ModelBuilder::add_operator(tflite::BuiltinOperator code, std::vector<int32_t> inputs,
                                std::vector<int32_t> outputs, tflite::BuiltinOptionsUnion options) {
  auto op = std::make_unique<tflite::OperatorT>();
  op->inputs = std::move(inputs);
  op->outputs = std::move(outputs);
  op->builtin_options = std::move(options);
  const int32_t smallest = operator_version(code, *op, *subgraph_);
  const std::optional<int32_t> within = version_within(ops_, code, smallest);
  if (!within) {
    missing_.insert(absl::StrCat(tflite::EnumNameBuiltinOperator(code), " version ", smallest));
  }
  const int32_t version = within.value_or(smallest);
  const auto [entry, added] = operator_codes_.try_emplace(
      {code, version}, static_cast<uint32_t>(model_.operator_codes.size()));
  if (added) {
    auto operator_code = std::make_unique<tflite::OperatorCodeT>();
    operator_code->deprecated_builtin_code =
        static_cast<int8_t>(std::min<int32_t>(static_cast<int32_t>(code), kLastByteCode));
    operator_code->builtin_code = code;
    operator_code->version = version;
    model_.operator_codes.push_back(std::move(operator_code));
  }
  op->opcode_index = entry->second;
  subgraph_->operators.push_back(std::move(op));
}

absl::StatusOr<std::vector<std::byte>> ModelBuilder::finish(std::vector<int32_t> inputs,
                                                            std::vector<int32_t> outputs,
                                                            const std::string& name,
                                                            const std::string& description) {
  if (!fits_) {
    return absl::ResourceExhaustedError(
        "the model has 2 GB of constants or a dimension above 2^31, more than a .tflite file can "
        "hold");
  }
  if (!missing_.empty()) {
    return absl::UnimplementedError(
        absl::StrCat("the operators '", std::string(to_string(ops_)),
                     "' do not include: ", absl::StrJoin(missing_, ", ")));
  }
  subgraph_->inputs = std::move(inputs);
  subgraph_->outputs = std::move(outputs);
  subgraph_->name = name;
  model_.description = description;
  flatbuffers::FlatBufferBuilder builder(constant_bytes_ + 4096);
  tflite::FinishModelBuffer(builder, tflite::Model::Pack(builder, &model_));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

}  // namespace durward
