#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "vault/key_source.h"

namespace durward {
namespace {

constexpr const char* kType = "user";  // of keys that programs can read

std::string description(std::string_view name) { return "durward:" + std::string(name); }

absl::Status kernel_error(std::string_view what, const std::string& key) {
  const int error = errno;
  if (error == ENOKEY || error == EKEYEXPIRED || error == EKEYREVOKED) {
    return absl::NotFoundError(absl::StrCat("the kernel's keyring has no key \"", key,
                                            "\"; it loses its keys when the machine stops"));
  }
  return absl::UnavailableError(
      absl::StrCat(std::string(what), " \"", key, "\": ", std::strerror(error)));
}

class KeyringSource final : public KeySource {
 public:
  explicit KeyringSource(std::string name) : key_(description(name)) {}

  std::string_view kind() const override { return "kernel-keyring"; }
  absl::StatusOr<std::vector<std::byte>> new_parameters() const override {
    return std::vector<std::byte>();
  }

  absl::StatusOr<Secret> key(std::span<const std::byte>) const override {
    const long id =
        ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, kType, key_.c_str(), 0);
    if (id < 0) return kernel_error("cannot find the key", key_);
    DURWARD_ASSIGN_OR_RETURN(Secret secret, Secret::generate());
    const std::span<std::byte> bytes = secret.writable_bytes();
    const long size = ::syscall(SYS_keyctl, KEYCTL_READ, id, bytes.data(), bytes.size());
    if (size < 0) return kernel_error("cannot read the key", key_);
    if (size != static_cast<long>(bytes.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat("the key \"", key_, "\" has ", size, " bytes instead of ", bytes.size()));
    }
    return secret;
  }

 private:
  std::string key_;
};

}  // namespace

std::unique_ptr<KeySource> keyring_source(std::string name) {
  return std::make_unique<KeyringSource>(std::move(name));
}

absl::Status put_key_into_keyring(std::string_view name, const Secret& key) {
  const std::string text = description(name);
  const long id = ::syscall(SYS_add_key, kType, text.c_str(), key.bytes().data(),
                            key.bytes().size(), KEY_SPEC_USER_KEYRING);
  if (id < 0) return kernel_error("cannot add the key", text);
  return absl::OkStatus();
}

}  // namespace durward
