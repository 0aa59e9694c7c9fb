#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "vault/key_source.h"

namespace durward {
namespace {

constexpr size_t kMaxPassphrase = 1024;
constexpr uint64_t kPasses = 3, kMaxPasses = 16;
constexpr uint64_t kMemory = uint64_t{64} << 20, kMaxMemory = uint64_t{1} << 30;  // bytes

// As they stand beside the store: a salt, then passes and memory as little-endian numbers.
struct Parameters {
  std::array<unsigned char, crypto_pwhash_argon2id_SALTBYTES> salt{};
  uint64_t passes = kPasses, memory = kMemory;
};
constexpr size_t kParameterBytes = crypto_pwhash_argon2id_SALTBYTES + 16;

void put(std::vector<std::byte>& bytes, uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8)
    bytes.push_back(static_cast<std::byte>(number >> shift));
}

uint64_t take(std::span<const std::byte> bytes) {
  uint64_t number = 0;
  for (size_t i = 8; i-- > 0;) number = number << 8 | static_cast<uint64_t>(bytes[i]);
  return number;
}

absl::StatusOr<Parameters> read_parameters(std::span<const std::byte> bytes) {
  if (bytes.size() != kParameterBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the store's passphrase parameters have ",
                                                   bytes.size(), " bytes instead of ",
                                                   kParameterBytes));
  }
  Parameters parameters;
  std::memcpy(parameters.salt.data(), bytes.data(), parameters.salt.size());
  parameters.passes = take(bytes.subspan(parameters.salt.size()));
  parameters.memory = take(bytes.subspan(parameters.salt.size() + 8));
  if (parameters.passes < crypto_pwhash_argon2id_OPSLIMIT_MIN || parameters.passes > kMaxPasses ||
      parameters.memory < crypto_pwhash_argon2id_MEMLIMIT_MIN || parameters.memory > kMaxMemory) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the store asks for ", parameters.passes, " passes of Argon2id over ", parameters.memory,
        " bytes; at most ", kMaxPasses, " over ", kMaxMemory, " are done"));
  }
  return parameters;
}

class PassphraseSource final : public KeySource {
 public:
  // Takes memory of sodium_malloc.
  PassphraseSource(char* passphrase, size_t size) : passphrase_(passphrase), size_(size) {}

  std::string_view kind() const override { return "passphrase"; }

  absl::StatusOr<std::vector<std::byte>> new_parameters() const override {
    std::vector<std::byte> bytes(crypto_pwhash_argon2id_SALTBYTES);
    randombytes_buf(bytes.data(), bytes.size());
    put(bytes, kPasses);
    put(bytes, kMemory);
    return bytes;
  }

  absl::StatusOr<Secret> key(std::span<const std::byte> bytes) const override {
    DURWARD_ASSIGN_OR_RETURN(const Parameters parameters, read_parameters(bytes));
    DURWARD_ASSIGN_OR_RETURN(Secret secret, Secret::generate());
    if (crypto_pwhash(reinterpret_cast<unsigned char*>(secret.writable_bytes().data()),
                      Secret::kBytes, passphrase_.get(), size_, parameters.salt.data(),
                      parameters.passes, static_cast<size_t>(parameters.memory),
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
      return absl::ResourceExhaustedError(
          absl::StrCat("there are no ", parameters.memory, " bytes of memory for Argon2id"));
    }
    return secret;
  }

 private:
  struct Free {
    void operator()(char* text) const { sodium_free(text); }
  };
  std::unique_ptr<char, Free> passphrase_;
  size_t size_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KeySource>> passphrase_source(std::string_view passphrase) {
  if (passphrase.empty() || passphrase.size() > kMaxPassphrase) {
    return absl::InvalidArgumentError(
        absl::StrCat("a passphrase has 1 to ", kMaxPassphrase, " bytes"));
  }
  auto* copy = sodium_init() < 0 ? nullptr : static_cast<char*>(sodium_malloc(passphrase.size()));
  if (copy == nullptr) {
    return absl::ResourceExhaustedError("no memory can be locked for the passphrase");
  }
  std::copy(passphrase.begin(), passphrase.end(), copy);
  return std::make_unique<PassphraseSource>(copy, passphrase.size());
}

}  // namespace durward
