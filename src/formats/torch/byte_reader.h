// Reads little-endian fields from bytes that came from outside: running past the end is an error
// that says where, never a read.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/status.h"

namespace durward {

static_assert(std::endian::native == std::endian::little, "fields are copied as they lie");

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] size_t position() const { return position_; }
  [[nodiscard]] size_t remaining() const { return bytes_.size() - position_; }

  // The next `count` bytes. InvalidArgument where fewer are left; the position then stays.
  [[nodiscard]] absl::StatusOr<std::span<const std::byte>> take(uint64_t count) {
    if (count > remaining()) {
      return absl::InvalidArgumentError(
          absl::StrCat("byte ", position_, ": ", count, " more bytes are expected and ",
                       remaining(), " are left; the file is cut short or damaged"));
    }
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }

  template <typename T>
    requires std::is_arithmetic_v<T>
  [[nodiscard]] absl::StatusOr<T> read() {
    DURWARD_ASSIGN_OR_RETURN(const auto raw, take(sizeof(T)));
    T value;
    std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  size_t position_ = 0;
};

[[nodiscard]] inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace durward
