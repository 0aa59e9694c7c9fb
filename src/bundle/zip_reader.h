// Reads the ZIP that zip_layout.h describes, and nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

struct ZipMember {
  std::string_view name;
  std::span<const std::byte> bytes;
  uint32_t crc32 = 0;  // as the archive says; not compared yet
};

// The members in the order of the archive; names and bytes refer to it. DataLoss, naming the member
// and the cause, unless every byte of the archive is a member's or is what zip_layout.h puts there:
// what was accepted is exactly what ZipWriter makes of these members.
[[nodiscard]] absl::StatusOr<std::vector<ZipMember>> read_zip(std::span<const std::byte> archive);

}  // namespace durward
