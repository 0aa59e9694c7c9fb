// Authenticated encryption: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), a random nonce of 24
// bytes before the cipher text and its tag of 16.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vault/secret.h"

namespace durward {

inline constexpr size_t kSealOverhead = 24 + 16;

// What a sealed text is bound to: it opens only with the same fields in the same order. Each field
// is written with its length, so that no two lists of fields give the same bytes.
class Binding {
 public:
  explicit Binding(std::string_view purpose) { add(purpose); }
  Binding& add(std::string_view text);
  Binding& add(std::span<const std::byte> bytes);
  Binding& add(int64_t number);
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span(text_)); }

 private:
  std::string text_;
};

[[nodiscard]] std::vector<std::byte> seal(std::span<const std::byte> text, const Binding& binding,
                                          const Secret& key);

// The text. Unauthenticated where the key, the binding or a byte is another.
[[nodiscard]] absl::StatusOr<std::vector<std::byte>> open_sealed(std::span<const std::byte> sealed,
                                                                 const Binding& binding,
                                                                 const Secret& key);

// A key of its own for one purpose (BLAKE2b key derivation of libsodium); `purpose` has 8
// characters.
[[nodiscard]] absl::StatusOr<Secret> derive_key(const Secret& key, std::string_view purpose);

// 32 bytes that stand for a text, and tell who has no key nothing about it (keyed BLAKE2b).
[[nodiscard]] std::vector<std::byte> keyed_tag(std::string_view text, const Secret& key);

}  // namespace durward
