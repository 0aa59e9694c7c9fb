#include "bundle/crc32.h"

#include <array>

namespace durward {
namespace {

constexpr uint32_t kPolynomial = 0xedb88320;
constexpr size_t kStride = 8;  // bytes a step

using Tables = std::array<std::array<uint32_t, 256>, kStride>;

// tables[k][b]: what byte b adds to the remainder when k more bytes follow it.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t b = 0; b < 256; ++b) {
    uint32_t remainder = b;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kPolynomial : 0);
    }
    tables[0][b] = remainder;
  }
  for (size_t k = 1; k < kStride; ++k) {
    for (size_t b = 0; b < 256; ++b) {
      const uint32_t shorter = tables[k - 1][b];
      tables[k][b] = (shorter >> 8) ^ tables[0][shorter & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

uint32_t crc32(std::span<const std::byte> bytes, uint32_t before) {
  uint32_t remainder = ~before;
  while (bytes.size() >= kStride) {
    uint32_t next = 0;
    for (size_t i = 0; i < kStride; ++i) {
      const uint32_t mixed = i < 4 ? (remainder >> (8 * i)) & 0xff : 0;
      next ^= kTables[kStride - 1 - i][std::to_integer<uint32_t>(bytes[i]) ^ mixed];
    }
    remainder = next;
    bytes = bytes.subspan(kStride);
  }
  for (const std::byte byte : bytes) {
    remainder = (remainder >> 8) ^ kTables[0][(remainder & 0xff) ^ std::to_integer<uint32_t>(byte)];
  }
  return ~remainder;
}

}  // namespace durward
