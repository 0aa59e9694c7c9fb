#include "micro/constants.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <cmath>
#include <cstring>

namespace durward {
namespace {

constexpr size_t kLineLength = 100;

struct ElementType {
  const char* name;
  size_t bytes;
};

ElementType type_of(CElement element) {
  switch (element) {
    case CElement::kInt8:
      return {"int8_t", 1};
    case CElement::kUInt16:
      return {"uint16_t", 2};
    case CElement::kInt32:
      return {"int32_t", 4};
    case CElement::kUInt64:
      return {"uint64_t", 8};
    case CElement::kFloat:
      return {"float", 4};
    case CElement::kTap:
      return {"dw_tap", 12};
  }
  return {"", 1};
}

template <typename T>
T read(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

// -2147483648 is no literal of C: the minus is an operator on a number that int32_t lacks.
std::string c_int32(int32_t value) {
  return value == INT32_MIN ? "-2147483647 - 1" : absl::StrCat(value);
}

std::string literal(CElement element, const std::byte* from) {
  switch (element) {
    case CElement::kInt8:
      return absl::StrCat(int{read<int8_t>(from)});
    case CElement::kUInt16:
      return absl::StrCat(read<uint16_t>(from));
    case CElement::kInt32:
      return c_int32(read<int32_t>(from));
    case CElement::kUInt64:
      return absl::StrCat(read<uint64_t>(from), "u");
    case CElement::kFloat:
      return c_float(read<float>(from));
    case CElement::kTap:
      return absl::StrCat("{", read<int32_t>(from), ", ", read<int32_t>(from + 4), ", ",
                          c_float(read<float>(from + 8)), "}");
  }
  return {};
}

}  // namespace

std::string c_float(float value) {
  if (std::isnan(value)) return "(0.0f / 0.0f)";
  if (std::isinf(value)) return value > 0 ? "(1.0f / 0.0f)" : "(-1.0f / 0.0f)";
  return absl::StrFormat("%af", value);
}

std::string Constants::add(CElement element, std::span<const std::byte> bytes,
                           std::string_view hint) {
  std::string content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto [place, added] =
      known_.emplace(std::pair(element, std::move(content)), arrays_.size());
  if (added) {
    arrays_.push_back({absl::StrCat(std::string(hint), "_", arrays_.size()),
                       element,
                       {bytes.begin(), bytes.end()}});
  }
  return arrays_[place->second].name;
}

std::string Constants::definitions(std::string_view qualifier) const {
  std::string text;
  for (const Array& array : arrays_) {
    const ElementType type = type_of(array.element);
    absl::StrAppend(&text, std::string(qualifier), "static const ", type.name, " ", array.name, "[",
                    array.bytes.size() / type.bytes, "] = {");
    std::string line;
    for (size_t at = 0; at < array.bytes.size(); at += type.bytes) {
      const std::string value = literal(array.element, &array.bytes[at]) + ",";
      if (line.empty() || line.size() + 1 + value.size() > kLineLength) {
        absl::StrAppend(&text, line, "\n");
        line = "  " + value;
      } else {
        absl::StrAppend(&line, " ", value);
      }
    }
    absl::StrAppend(&text, line, "\n};\n");
  }
  return text;
}

std::vector<std::string> Constants::names() const {
  std::vector<std::string> names;
  for (const Array& array : arrays_) names.push_back(array.name);
  return names;
}

int64_t Constants::bytes() const {
  int64_t bytes = 0;
  for (const Array& array : arrays_) bytes += static_cast<int64_t>(array.bytes.size());
  return bytes;
}

uint32_t Constants::checksum() const {
  uint32_t sum = 2166136261u;
  for (const Array& array : arrays_) {
    for (const std::byte byte : array.bytes) {
      sum = (sum ^ std::to_integer<uint32_t>(byte)) * 16777619u;
    }
  }
  return sum;
}

}  // namespace durward
