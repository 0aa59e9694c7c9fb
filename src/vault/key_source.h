// Where the key of a template store comes from. A store is sealed with a key of its own, and that
// one with the source's, so that the source can be changed without touching a template.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vault/secret.h"

namespace durward {

class KeySource {
 public:
  virtual ~KeySource() = default;

  // "key-file", "passphrase", "kernel-keyring": the store remembers it, to name what it needs.
  [[nodiscard]] virtual std::string_view kind() const = 0;
  // What key() needs, to be kept beside the store; nothing secret. At most kMaxParameters bytes.
  [[nodiscard]] virtual absl::StatusOr<std::vector<std::byte>> new_parameters() const = 0;
  // The same key for the same parameters, which may come from a stranger's file.
  [[nodiscard]] virtual absl::StatusOr<Secret> key(std::span<const std::byte> parameters) const = 0;

  static constexpr size_t kMaxParameters = 4096;
};

// 32 bytes in a file that its owner alone can read. Errors of key(): NotFound, PermissionDenied
// where others may read or write it, InvalidArgument where it has another size.
[[nodiscard]] std::unique_ptr<KeySource> key_file_source(std::filesystem::path path);

// A new key in a new file. AlreadyExists where there is one: no key is ever overwritten.
[[nodiscard]] absl::Status write_new_key_file(const std::filesystem::path& path);

// Argon2id (RFC 9106) of a passphrase, by default with 3 passes over 64 MiB, about a tenth of a
// second. The passphrase is kept in locked memory. InvalidArgument for an empty one or one of more
// than 1024 bytes; key() also where the parameters ask for more than 16 passes or 1 GiB.
[[nodiscard]] absl::StatusOr<std::unique_ptr<KeySource>> passphrase_source(
    std::string_view passphrase);

// 32 bytes under this name in the kernel's keyring of the user (keyrings(7)), which is lost when
// the machine is switched off. NotFound where there is none.
[[nodiscard]] std::unique_ptr<KeySource> keyring_source(std::string name);

// Puts a key there, in place of one of the same name. Errors: the kernel's.
[[nodiscard]] absl::Status put_key_into_keyring(std::string_view name, const Secret& key);

}  // namespace durward
