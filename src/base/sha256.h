// SHA-256 (FIPS 180-4), at once or piece by piece, as lower-case hexadecimal.
#pragma once

#include <sodium/crypto_hash_sha256.h>

#include <cstddef>
#include <span>
#include <string>

namespace durward {

class Sha256 {
 public:
  Sha256();
  void update(std::span<const std::byte> bytes);
  // Call it once, last.
  [[nodiscard]] std::string hex();

 private:
  crypto_hash_sha256_state state_;
};

[[nodiscard]] std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace durward
