#include "graph/types.h"

#include <absl/strings/str_join.h>

#include "base/checked.h"

namespace durward {

std::string_view to_string(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return "float32";
    case DataType::kFloat16:
      return "float16";
    case DataType::kInt8:
      return "int8";
    case DataType::kUInt8:
      return "uint8";
    case DataType::kInt16:
      return "int16";
    case DataType::kInt32:
      return "int32";
    case DataType::kInt64:
      return "int64";
    case DataType::kBool:
      return "bool";
  }
  return "unknown";
}

int64_t size_of(DataType type) {
  switch (type) {
    case DataType::kInt8:
    case DataType::kUInt8:
    case DataType::kBool:
      return 1;
    case DataType::kFloat16:
    case DataType::kInt16:
      return 2;
    case DataType::kFloat32:
    case DataType::kInt32:
      return 4;
    case DataType::kInt64:
      return 8;
  }
  return 1;
}

std::string to_string(const Shape& shape) {
  return shape.empty() ? "scalar" : absl::StrJoin(shape, "x");
}

absl::StatusOr<int64_t> element_count(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t dimension : shape) {
    const auto product = dimension < 0 ? std::nullopt : checked_mul(count, dimension);
    if (!product || *product > kMaxElements) {
      return absl::InvalidArgumentError(absl::StrCat(
          "shape ", to_string(shape), " has a negative dimension or more than 2^40 elements"));
    }
    count = *product;
  }
  return count;
}

int64_t elements(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t dimension : shape) count *= dimension;
  return count;
}

}  // namespace durward
