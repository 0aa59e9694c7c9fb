#include "bundle/key_file.h"

#include <absl/strings/ascii.h>
#include <sodium.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/file.h"

namespace durward {
namespace {

constexpr int64_t kMaxKeyFileBytes = 4096;
constexpr size_t kKeyBytes = 32;
constexpr mode_t kOwnerOnly = 0600, kEverybodyReads = 0644;

// A key is the end of its DER encoding; what stands before it is always the same (RFC 8410).
struct KeyKind {
  std::string_view name, label, der_prefix;
};
constexpr KeyKind kPublic = {
    "public", "PUBLIC KEY",
    std::string_view("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12)};
constexpr KeyKind kSecret = {
    "secret", "PRIVATE KEY",
    std::string_view("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16)};

// Memory on the stack or in a string that held a secret.
class Wipe {
 public:
  explicit Wipe(std::span<std::byte> bytes) : bytes_(bytes) {}
  explicit Wipe(std::string& text) : Wipe(std::as_writable_bytes(std::span(text))) {}
  Wipe(const Wipe&) = delete;
  Wipe& operator=(const Wipe&) = delete;
  ~Wipe() { sodium_memzero(bytes_.data(), bytes_.size()); }

 private:
  std::span<std::byte> bytes_;
};

std::string begin_line(const KeyKind& kind) {
  return absl::StrCat("-----BEGIN ", std::string(kind.label), "-----\n");
}

std::string end_line(const KeyKind& kind) {
  return absl::StrCat("-----END ", std::string(kind.label), "-----\n");
}

// The key of such a file's text.
absl::Status decode(const KeyKind& kind, std::string_view text,
                    std::span<std::byte, kKeyBytes> key) {
  const std::string begin = begin_line(kind), end = end_line(kind);
  absl::Status refused = absl::InvalidArgumentError(
      absl::StrCat("it is no Ed25519 ", std::string(kind.name), " key: expected \"",
                   std::string(absl::StripAsciiWhitespace(begin)), "\" as `durward bundle keygen` ",
                   "and `openssl genpkey -algorithm ed25519` write it"));
  if (text.size() < begin.size() + end.size() || text.substr(0, begin.size()) != begin ||
      text.substr(text.size() - end.size()) != end) {
    return refused;
  }
  text.remove_prefix(begin.size());
  text.remove_suffix(end.size());
  std::array<std::byte, 64> der{};
  const Wipe wipe(der);
  size_t bytes = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(der.data()), der.size(), text.data(),
                        text.size(), "\n", &bytes, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0 ||
      bytes != kind.der_prefix.size() + kKeyBytes ||
      !std::equal(kind.der_prefix.begin(), kind.der_prefix.end(),
                  reinterpret_cast<const char*>(der.data()))) {
    return refused;
  }
  std::copy_n(der.begin() + static_cast<std::ptrdiff_t>(kind.der_prefix.size()), kKeyBytes,
              key.begin());
  return absl::OkStatus();
}

absl::Status read_key(const KeyKind& kind, const std::filesystem::path& path,
                      std::span<std::byte, kKeyBytes> key) {
  DURWARD_ASSIGN_OR_RETURN(std::string text, read_text_file(path, kMaxKeyFileBytes));
  const Wipe wipe(text);
  return with_context(decode(kind, text, key), path.string());
}

absl::Status write_key(const KeyKind& kind, const std::filesystem::path& path,
                       std::span<const std::byte, kKeyBytes> key, mode_t mode) {
  std::array<unsigned char, 64> der{};
  const Wipe wipe_der(std::as_writable_bytes(std::span(der)));
  const size_t der_bytes = kind.der_prefix.size() + key.size();
  std::copy(kind.der_prefix.begin(), kind.der_prefix.end(), der.begin());
  std::copy(key.begin(), key.end(),
            reinterpret_cast<std::byte*>(der.data()) + kind.der_prefix.size());
  std::array<char, 128> base64{};
  const Wipe wipe_base64(std::as_writable_bytes(std::span(base64)));
  sodium_bin2base64(base64.data(), base64.size(), der.data(), der_bytes,
                    sodium_base64_VARIANT_ORIGINAL);
  DURWARD_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  DURWARD_RETURN_IF_ERROR(file.write(begin_line(kind)));
  DURWARD_RETURN_IF_ERROR(file.write(std::string_view(base64.data())));
  DURWARD_RETURN_IF_ERROR(file.write("\n" + end_line(kind)));
  return file.commit(mode, AtomicFile::IfExists::kFail);
}

}  // namespace

absl::StatusOr<PublicKey> read_public_key(const std::filesystem::path& path) {
  PublicKey key;
  DURWARD_RETURN_IF_ERROR(read_key(kPublic, path, key.bytes));
  return key;
}

absl::StatusOr<SecretKey> read_secret_key(const std::filesystem::path& path) {
  std::array<std::byte, SecretKey::kSeedBytes> seed{};
  const Wipe wipe(seed);
  DURWARD_RETURN_IF_ERROR(read_key(kSecret, path, seed));
  return SecretKey::from_seed(seed);
}

absl::Status write_public_key(const std::filesystem::path& path, const PublicKey& key) {
  return write_key(kPublic, path, key.bytes, kEverybodyReads);
}

absl::Status write_secret_key(const std::filesystem::path& path, const SecretKey& key) {
  std::array<std::byte, SecretKey::kSeedBytes> seed{};
  const Wipe wipe(seed);
  key.copy_seed(seed);
  return write_key(kSecret, path, seed, kOwnerOnly);
}

}  // namespace durward
