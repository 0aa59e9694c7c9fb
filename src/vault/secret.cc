#include "vault/secret.h"

#include <sodium.h>

#include <algorithm>

namespace durward {

void Secret::Free::operator()(std::byte* bytes) const { sodium_free(bytes); }

absl::StatusOr<Secret> Secret::allocate() {
  if (sodium_init() < 0) return absl::UnavailableError("the system gives no random numbers");
  auto* bytes = static_cast<std::byte*>(sodium_malloc(kBytes));
  if (bytes == nullptr) {
    return absl::ResourceExhaustedError(
        "no memory can be locked for a key; raise the limit (ulimit -l)");
  }
  return Secret(bytes);
}

absl::StatusOr<Secret> Secret::generate() {
  DURWARD_ASSIGN_OR_RETURN(Secret secret, allocate());
  randombytes_buf(secret.bytes_.get(), kBytes);
  return secret;
}

absl::StatusOr<Secret> Secret::copy(std::span<const std::byte, kBytes> bytes) {
  DURWARD_ASSIGN_OR_RETURN(Secret secret, allocate());
  std::copy(bytes.begin(), bytes.end(), secret.bytes_.get());
  return secret;
}

std::span<const std::byte, Secret::kBytes> Secret::bytes() const {
  return std::span<const std::byte, kBytes>(bytes_.get(), kBytes);
}

std::span<std::byte, Secret::kBytes> Secret::writable_bytes() {
  return std::span<std::byte, kBytes>(bytes_.get(), kBytes);
}

void wipe(std::span<std::byte> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

}  // namespace durward
