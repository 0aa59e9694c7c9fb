// Ed25519 (RFC 8032) over the bytes of manifest.json, kept in manifest.sig. The signature carries
// its public key, so that one can say who signed; whom to trust is the caller's to say.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace durward {

struct PublicKey {
  std::array<std::byte, 32> bytes{};

  bool operator==(const PublicKey&) const = default;
};

// 16 hexadecimal digits to know a key by: the beginning of the SHA-256 of its bytes. It is a name
// and proves nothing.
[[nodiscard]] std::string key_id(const PublicKey& key);

// A secret key in memory that is locked, guarded, and wiped when it goes.
class SecretKey {
 public:
  static constexpr size_t kSeedBytes = 32;

  // A new one from the system's random numbers.
  [[nodiscard]] static SecretKey generate();
  // The key that a seed of RFC 8032 stands for.
  [[nodiscard]] static SecretKey from_seed(std::span<const std::byte, kSeedBytes> seed);

  [[nodiscard]] PublicKey public_key() const;
  // The caller wipes it.
  void copy_seed(std::span<std::byte, kSeedBytes> seed) const;
  [[nodiscard]] std::array<std::byte, 64> sign(std::span<const std::byte> message) const;

 private:
  struct Free {
    void operator()(unsigned char* bytes) const;
  };
  SecretKey();
  std::unique_ptr<unsigned char, Free> bytes_;  // seed, then public key
};

struct ManifestSignature {
  PublicKey key;
  std::array<std::byte, 64> signature{};
};

[[nodiscard]] ManifestSignature sign_manifest(std::span<const std::byte> manifest,
                                              const SecretKey& key);
[[nodiscard]] bool is_valid(const ManifestSignature& signature,
                            std::span<const std::byte> manifest);

// The text of manifest.sig, and back; there is one text for a signature, and anything else is
// InvalidArgument.
[[nodiscard]] std::string signature_text(const ManifestSignature& signature);
[[nodiscard]] absl::StatusOr<ManifestSignature> parse_signature(std::string_view text);

}  // namespace durward
