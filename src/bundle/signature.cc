#include "bundle/signature.h"

#include <sodium.h>

#include <new>

#include "base/sha256.h"

namespace durward {
namespace {

static_assert(crypto_sign_ed25519_SEEDBYTES == SecretKey::kSeedBytes);
static_assert(crypto_sign_ed25519_PUBLICKEYBYTES == sizeof(PublicKey::bytes));
static_assert(crypto_sign_ed25519_BYTES == sizeof(ManifestSignature::signature));

const unsigned char* as_unsigned(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* writable(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

std::string to_hex(std::span<const std::byte> bytes) {
  std::string hex(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), as_unsigned(bytes), bytes.size());
  hex.pop_back();
  return hex;
}

// The digits after `name` in the text; false where there are not so many.
bool take_hex(std::string_view text, std::string_view name, std::span<std::byte> bytes) {
  const size_t at = text.find(name);
  if (at == std::string_view::npos) return false;
  const std::string_view digits = text.substr(at + name.size(), 2 * bytes.size());
  size_t taken = 0;
  return sodium_hex2bin(writable(bytes), bytes.size(), digits.data(), digits.size(), nullptr,
                        &taken, nullptr) == 0 &&
         taken == bytes.size();
}

}  // namespace

std::string key_id(const PublicKey& key) { return sha256_hex(key.bytes).substr(0, 16); }

void SecretKey::Free::operator()(unsigned char* bytes) const { sodium_free(bytes); }

SecretKey::SecretKey() {
  // Both fail only where the system has no random numbers or no memory: nothing to go on with.
  if (sodium_init() < 0) throw std::bad_alloc();
  bytes_.reset(static_cast<unsigned char*>(sodium_malloc(crypto_sign_ed25519_SECRETKEYBYTES)));
  if (!bytes_) throw std::bad_alloc();
}

SecretKey SecretKey::generate() {
  SecretKey key;
  PublicKey unused;
  crypto_sign_ed25519_keypair(writable(unused.bytes), key.bytes_.get());
  return key;
}

SecretKey SecretKey::from_seed(std::span<const std::byte, kSeedBytes> seed) {
  SecretKey key;
  PublicKey unused;
  crypto_sign_ed25519_seed_keypair(writable(unused.bytes), key.bytes_.get(), as_unsigned(seed));
  return key;
}

PublicKey SecretKey::public_key() const {
  PublicKey key;
  crypto_sign_ed25519_sk_to_pk(writable(key.bytes), bytes_.get());
  return key;
}

void SecretKey::copy_seed(std::span<std::byte, kSeedBytes> seed) const {
  crypto_sign_ed25519_sk_to_seed(writable(seed), bytes_.get());
}

std::array<std::byte, 64> SecretKey::sign(std::span<const std::byte> message) const {
  std::array<std::byte, 64> signature{};
  crypto_sign_ed25519_detached(writable(signature), nullptr, as_unsigned(message), message.size(),
                               bytes_.get());
  return signature;
}

ManifestSignature sign_manifest(std::span<const std::byte> manifest, const SecretKey& key) {
  return {key.public_key(), key.sign(manifest)};
}

bool is_valid(const ManifestSignature& signature, std::span<const std::byte> manifest) {
  return crypto_sign_ed25519_verify_detached(as_unsigned(signature.signature),
                                             as_unsigned(manifest), manifest.size(),
                                             as_unsigned(signature.key.bytes)) == 0;
}

std::string signature_text(const ManifestSignature& signature) {
  return absl::StrCat("{\n  \"algorithm\": \"ed25519\",\n  \"key_id\": \"", key_id(signature.key),
                      "\",\n  \"public_key\": \"", to_hex(signature.key.bytes),
                      "\",\n  \"signature\": \"", to_hex(signature.signature), "\"\n}\n");
}

absl::StatusOr<ManifestSignature> parse_signature(std::string_view text) {
  ManifestSignature signature;
  if (take_hex(text, "\"public_key\": \"", signature.key.bytes) &&
      take_hex(text, "\"signature\": \"", signature.signature) &&
      signature_text(signature) == text) {
    return signature;
  }
  return absl::InvalidArgumentError("it is no signature as docs/bundle.md describes it");
}

}  // namespace durward
