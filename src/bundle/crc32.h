// The CRC-32 of ZIP and Ethernet (ISO/IEC 8802-3; polynomial 04c11db7, reflected).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace durward {

// Of `bytes`, after those whose CRC-32 is `before`.
[[nodiscard]] uint32_t crc32(std::span<const std::byte> bytes, uint32_t before = 0);

}  // namespace durward
