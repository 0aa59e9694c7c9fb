// The constant arrays of a generated C file: weights, biases, multipliers, tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace durward {

// What the elements of an array are in C.
enum class CElement : uint8_t { kInt8, kUInt16, kInt32, kUInt64, kFloat, kTap };

// Exact: hexadecimal.
[[nodiscard]] std::string c_float(float value);

class Constants {
 public:
  // The name of an array that holds these bytes; equal ones are one array. `hint`: what it is, for
  // its name. `bytes` are whole elements.
  std::string add(CElement element, std::span<const std::byte> bytes, std::string_view hint);
  template <typename T>
  std::string add(CElement element, const std::vector<T>& values, std::string_view hint) {
    return add(element, std::as_bytes(std::span(values)), hint);
  }

  // The definitions. `qualifier` stands before each.
  [[nodiscard]] std::string definitions(std::string_view qualifier) const;
  [[nodiscard]] std::vector<std::string> names() const;  // in order
  [[nodiscard]] int64_t bytes() const;
  // FNV-1a over all arrays in order, as dw_checksum has it.
  [[nodiscard]] uint32_t checksum() const;

 private:
  struct Array {
    std::string name;
    CElement element;
    std::vector<std::byte> bytes;
  };
  std::vector<Array> arrays_;
  std::map<std::pair<CElement, std::string>, size_t> known_;
};

}  // namespace durward
