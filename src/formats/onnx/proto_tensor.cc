#include "formats/onnx/proto_tensor.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "base/checked.h"
#include "base/half.h"

namespace durward {
namespace {

absl::Status invalid(const onnx::TensorProto& proto, const std::string& message) {
  return absl::InvalidArgumentError(absl::StrCat("tensor '", proto.name(), "': ", message));
}

// The bytes of one element as the model stores it.
int64_t stored_size(int element_type) {
  switch (element_type) {
    case onnx::TensorProto::DOUBLE:
    case onnx::TensorProto::INT64:
      return 8;
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::INT32:
      return 4;
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
    case onnx::TensorProto::INT16:
      return 2;
    default:
      return 1;
  }
}

absl::StatusOr<int64_t> parse_size(const onnx::TensorProto& proto, const std::string& key,
                                   const std::string& text) {
  int64_t value = 0;
  if (text.empty()) return invalid(proto, absl::StrCat("external data: empty ", key));
  for (const char c : text) {
    const auto scaled = c < '0' || c > '9' ? std::nullopt : checked_mul(value, 10);
    const auto sum = scaled ? checked_add(*scaled, c - '0') : std::nullopt;
    if (!sum) return invalid(proto, absl::StrCat("external data: ", key, " is no size"));
    value = *sum;
  }
  return value;
}

// The file at `location`, which must lie in `folder` after every symbolic link is followed.
absl::StatusOr<std::filesystem::path> external_file(const onnx::TensorProto& proto,
                                                    const std::string& location,
                                                    const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path root = std::filesystem::canonical(folder, error);
  if (error) {
    return absl::NotFoundError(absl::StrCat("tensor '", proto.name(), "': external data folder ",
                                            folder.string(), ": ", error.message()));
  }
  const std::filesystem::path relative(location);
  if (location.empty() || relative.is_absolute()) {
    return invalid(proto, absl::StrCat("external data at '", location,
                                       "': the location must be relative to the model"));
  }
  const std::filesystem::path file = std::filesystem::canonical(root / relative, error);
  if (error) {
    return absl::NotFoundError(absl::StrCat("tensor '", proto.name(), "': external data ",
                                            (root / relative).string(), ": ", error.message()));
  }
  const std::filesystem::path inside = file.lexically_relative(root);
  if (inside.empty() || *inside.begin() == "..") {
    return absl::PermissionDeniedError(
        absl::StrCat("tensor '", proto.name(), "': external data at '", location,
                     "' lies outside the model's folder ", root.string()));
  }
  if (!std::filesystem::is_regular_file(file, error)) {
    return invalid(proto, absl::StrCat("external data at '", location, "' is not a regular file"));
  }
  return file;
}

absl::StatusOr<std::vector<std::byte>> read_external(const onnx::TensorProto& proto, int64_t bytes,
                                                     const std::filesystem::path& folder) {
  std::string location;
  int64_t offset = 0, length = bytes;
  for (const onnx::StringStringEntryProto& entry : proto.external_data()) {
    if (entry.key() == "location") {
      location = entry.value();
    } else if (entry.key() == "offset") {
      DURWARD_ASSIGN_OR_RETURN(offset, parse_size(proto, "offset", entry.value()));
    } else if (entry.key() == "length") {
      DURWARD_ASSIGN_OR_RETURN(length, parse_size(proto, "length", entry.value()));
    }
  }
  if (folder.empty()) {
    return invalid(proto,
                   "its data are external: read the model from its file, or name the folder");
  }
  if (length != bytes) {
    return invalid(
        proto, absl::StrCat("external data of ", length, " bytes where its shape needs ", bytes));
  }
  DURWARD_ASSIGN_OR_RETURN(const std::filesystem::path file,
                           external_file(proto, location, folder));
  std::error_code error;
  const auto file_size = static_cast<int64_t>(std::filesystem::file_size(file, error));
  const auto end = checked_add(offset, bytes);
  if (error || !end || *end > file_size) {
    return invalid(proto, absl::StrCat("external data end after the end of ", file.string(),
                                       ": is the file complete?"));
  }
  std::vector<std::byte> data(static_cast<size_t>(bytes));
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(offset);
  stream.read(reinterpret_cast<char*>(data.data()), bytes);
  if (!stream) {
    return absl::UnavailableError(
        absl::StrCat("tensor '", proto.name(), "': cannot read ", file.string()));
  }
  return data;
}

// The values of a repeated field, each cast to T and appended as bytes.
template <typename T, typename Field>
std::vector<std::byte> bytes_of(const Field& field) {
  std::vector<std::byte> bytes(static_cast<size_t>(field.size()) * sizeof(T));
  std::byte* out = bytes.data();
  for (const auto value : field) {
    const T element = static_cast<T>(value);
    std::memcpy(out, &element, sizeof(T));
    out += sizeof(T);
  }
  return bytes;
}

// The typed fields, in the form that raw data would have.
std::vector<std::byte> typed_bytes(const onnx::TensorProto& proto) {
  switch (proto.data_type()) {
    case onnx::TensorProto::FLOAT:
      return bytes_of<float>(proto.float_data());
    case onnx::TensorProto::DOUBLE:
      return bytes_of<double>(proto.double_data());
    case onnx::TensorProto::INT64:
      return bytes_of<int64_t>(proto.int64_data());
    case onnx::TensorProto::INT32:
      return bytes_of<int32_t>(proto.int32_data());
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
      return bytes_of<uint16_t>(proto.int32_data());
    case onnx::TensorProto::INT16:
      return bytes_of<int16_t>(proto.int32_data());
    default:
      return bytes_of<uint8_t>(proto.int32_data());
  }
}

template <typename T>
T element_at(std::span<const std::byte> bytes, int64_t index) {
  T value;
  std::memcpy(&value, bytes.data() + static_cast<size_t>(index) * sizeof(T), sizeof(T));
  return value;
}

float float_at(std::span<const std::byte> bytes, int element_type, int64_t index) {
  switch (element_type) {
    case onnx::TensorProto::FLOAT16:
      return half_to_float(element_at<uint16_t>(bytes, index));
    case onnx::TensorProto::BFLOAT16:
      return std::bit_cast<float>(uint32_t{element_at<uint16_t>(bytes, index)} << 16);
    case onnx::TensorProto::DOUBLE: {
      constexpr double limit = std::numeric_limits<float>::max();
      const double value = element_at<double>(bytes, index);
      // Out of range is infinity, as a conversion in IEEE arithmetic has it (the cast is
      // undefined).
      if (std::abs(value) > limit) {
        return std::copysign(std::numeric_limits<float>::infinity(),
                             static_cast<float>(value > 0) - 0.5f);
      }
      return static_cast<float>(value);
    }
    default:
      return element_at<float>(bytes, index);
  }
}

// Float data as float32, refused where it holds a NaN.
absl::StatusOr<std::vector<std::byte>> float32_bytes(const onnx::TensorProto& proto,
                                                     std::vector<std::byte> bytes, int64_t count) {
  std::vector<std::byte> widened;
  const bool same = proto.data_type() == onnx::TensorProto::FLOAT;
  if (!same) widened.resize(static_cast<size_t>(count) * sizeof(float));
  for (int64_t i = 0; i < count; ++i) {
    const float value = float_at(bytes, proto.data_type(), i);
    if (std::isnan(value)) {
      return invalid(proto, absl::StrCat("element ", i, " of its data is not a number (NaN)"));
    }
    if (!same) {
      std::memcpy(widened.data() + static_cast<size_t>(i) * sizeof(float), &value, sizeof(float));
    }
  }
  return same ? std::move(bytes) : std::move(widened);
}

}  // namespace

std::optional<DataType> data_type_of(int element_type) {
  switch (element_type) {
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
    case onnx::TensorProto::DOUBLE:
      return DataType::kFloat32;
    case onnx::TensorProto::INT8:
      return DataType::kInt8;
    case onnx::TensorProto::UINT8:
      return DataType::kUInt8;
    case onnx::TensorProto::INT16:
      return DataType::kInt16;
    case onnx::TensorProto::INT32:
      return DataType::kInt32;
    case onnx::TensorProto::INT64:
      return DataType::kInt64;
    case onnx::TensorProto::BOOL:
      return DataType::kBool;
    default:
      return std::nullopt;
  }
}

std::string element_type_name(int element_type) {
  if (onnx::TensorProto::DataType_IsValid(element_type)) {
    return onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(element_type));
  }
  return absl::StrCat("type ", element_type);
}

onnx::TensorProto::DataType element_type_of(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return onnx::TensorProto::FLOAT;
    case DataType::kFloat16:
      return onnx::TensorProto::FLOAT16;
    case DataType::kInt8:
      return onnx::TensorProto::INT8;
    case DataType::kUInt8:
      return onnx::TensorProto::UINT8;
    case DataType::kInt16:
      return onnx::TensorProto::INT16;
    case DataType::kInt32:
      return onnx::TensorProto::INT32;
    case DataType::kInt64:
      return onnx::TensorProto::INT64;
    case DataType::kBool:
      return onnx::TensorProto::BOOL;
  }
  return onnx::TensorProto::UNDEFINED;
}

absl::StatusOr<Shape> shape_of(const onnx::TensorProto& proto) {
  if (static_cast<size_t>(proto.dims_size()) > kMaxRank) {
    return invalid(proto,
                   absl::StrCat("it has ", proto.dims_size(), " dimensions, more than ", kMaxRank));
  }
  Shape shape(proto.dims().begin(), proto.dims().end());
  if (const auto count = element_count(shape); !count.ok()) {
    return invalid(proto, std::string(count.status().message()));
  }
  return shape;
}

absl::StatusOr<Tensor> tensor_from_proto(const onnx::TensorProto& proto,
                                         const std::filesystem::path& external_folder) {
  const std::optional<DataType> type = data_type_of(proto.data_type());
  if (!type) {
    return invalid(proto, absl::StrCat("element type ", element_type_name(proto.data_type()),
                                       " is not supported"));
  }
  DURWARD_ASSIGN_OR_RETURN(Shape shape, shape_of(proto));
  const int64_t count = elements(shape);  // at most 2^40, so the size in bytes cannot overflow
  const int64_t expected = count * stored_size(proto.data_type());
  std::vector<std::byte> bytes;
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    DURWARD_ASSIGN_OR_RETURN(bytes, read_external(proto, expected, external_folder));
  } else if (proto.has_raw_data()) {
    const auto raw = std::as_bytes(std::span(proto.raw_data()));
    bytes.assign(raw.begin(), raw.end());
  } else {
    bytes = typed_bytes(proto);
  }
  if (static_cast<int64_t>(bytes.size()) != expected) {
    return invalid(proto, absl::StrCat("it has ", bytes.size(), " bytes of data where shape ",
                                       to_string(shape), " of ",
                                       element_type_name(proto.data_type()), " needs ", expected));
  }
  if (*type == DataType::kFloat32) {
    DURWARD_ASSIGN_OR_RETURN(bytes, float32_bytes(proto, std::move(bytes), count));
  }
  return Tensor{proto.name(), *type, std::move(shape), std::nullopt,
                std::make_shared<const std::vector<std::byte>>(std::move(bytes))};
}

onnx::TensorProto proto_from_tensor(const Tensor& tensor) {
  onnx::TensorProto proto;
  proto.set_name(tensor.name);
  proto.set_data_type(element_type_of(tensor.type));
  for (const int64_t dimension : tensor.shape) proto.add_dims(dimension);
  proto.set_raw_data(tensor.data->data(), tensor.data->size());
  return proto;
}

}  // namespace durward
