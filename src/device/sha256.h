// SHA-256 (FIPS 180-4) where there is no library for it: a device verifies a bundle with the engine
// and the standard library alone. base/sha256.h is the one for the tool chain.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace durward::device {

// As 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace durward::device
