#include "vault/sealing.h"

#include <sodium.h>

namespace durward {
namespace {

constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(kNonceBytes + kTagBytes == kSealOverhead);
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == Secret::kBytes);
static_assert(crypto_kdf_KEYBYTES == Secret::kBytes);

const unsigned char* as_unsigned(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* writable(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

Binding& Binding::add(std::string_view text) {
  return add(std::as_bytes(std::span(text.data(), text.size())));
}

Binding& Binding::add(std::span<const std::byte> bytes) {
  add(static_cast<int64_t>(bytes.size()));
  text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return *this;
}

Binding& Binding::add(int64_t number) {
  for (int shift = 0; shift < 64; shift += 8) {
    text_.push_back(static_cast<char>(static_cast<uint64_t>(number) >> shift));
  }
  return *this;
}

std::vector<std::byte> seal(std::span<const std::byte> text, const Binding& binding,
                            const Secret& key) {
  std::vector<std::byte> sealed(text.size() + kSealOverhead);
  const std::span<std::byte> nonce = std::span(sealed).first(kNonceBytes);
  const std::span<std::byte> cipher = std::span(sealed).subspan(kNonceBytes);
  randombytes_buf(nonce.data(), nonce.size());
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      writable(cipher), nullptr, as_unsigned(text), text.size(), as_unsigned(binding.bytes()),
      binding.bytes().size(), nullptr, as_unsigned(nonce), as_unsigned(key.bytes()));
  return sealed;
}

absl::StatusOr<std::vector<std::byte>> open_sealed(std::span<const std::byte> sealed,
                                                   const Binding& binding, const Secret& key) {
  constexpr std::string_view kRefused = "it was sealed with another key, or changed since";
  if (sealed.size() < kSealOverhead) {
    return absl::UnauthenticatedError(std::string(kRefused));
  }
  std::vector<std::byte> text(sealed.size() - kSealOverhead);
  const std::span<const std::byte> cipher = sealed.subspan(kNonceBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          writable(std::span(text)), nullptr, nullptr, as_unsigned(cipher), cipher.size(),
          as_unsigned(binding.bytes()), binding.bytes().size(), as_unsigned(sealed),
          as_unsigned(key.bytes())) != 0) {
    return absl::UnauthenticatedError(std::string(kRefused));
  }
  return text;
}

absl::StatusOr<Secret> derive_key(const Secret& key, std::string_view purpose) {
  if (purpose.size() != crypto_kdf_CONTEXTBYTES) {
    return absl::InternalError("the purpose of a derived key has 8 characters");
  }
  DURWARD_ASSIGN_OR_RETURN(Secret derived, Secret::generate());
  crypto_kdf_derive_from_key(writable(derived.writable_bytes()), Secret::kBytes, 1, purpose.data(),
                             as_unsigned(key.bytes()));
  return derived;
}

std::vector<std::byte> keyed_tag(std::string_view text, const Secret& key) {
  std::vector<std::byte> tag(crypto_generichash_BYTES);
  crypto_generichash(writable(std::span(tag)), tag.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     as_unsigned(key.bytes()), Secret::kBytes);
  return tag;
}

}  // namespace durward
