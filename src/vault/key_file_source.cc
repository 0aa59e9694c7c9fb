#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/atomic_file.h"
#include "base/errno_status.h"
#include "vault/key_source.h"

namespace durward {
namespace {

class KeyFileSource final : public KeySource {
 public:
  explicit KeyFileSource(std::filesystem::path path) : path_(std::move(path)) {}

  std::string_view kind() const override { return "key-file"; }
  absl::StatusOr<std::vector<std::byte>> new_parameters() const override {
    return std::vector<std::byte>();
  }

  absl::StatusOr<Secret> key(std::span<const std::byte>) const override {
    const FileDescriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return errno_status(errno, "cannot open", path_);
    struct stat about {};
    if (::fstat(file.get(), &about) != 0) return errno_status(errno, "cannot read", path_);
    if (!S_ISREG(about.st_mode) || about.st_size != static_cast<off_t>(Secret::kBytes)) {
      return absl::InvalidArgumentError(absl::StrCat(
          path_.string(), ": a key file has ", Secret::kBytes, " bytes, this one ", about.st_size));
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
      return absl::PermissionDeniedError(
          absl::StrCat(path_.string(), ": others than its owner may use it; chmod 600 it"));
    }
    DURWARD_ASSIGN_OR_RETURN(Secret secret, Secret::generate());
    const std::span<std::byte> bytes = secret.writable_bytes();
    if (::read(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
      return errno_status(errno, "cannot read", path_);
    }
    return secret;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::unique_ptr<KeySource> key_file_source(std::filesystem::path path) {
  return std::make_unique<KeyFileSource>(std::move(path));
}

absl::Status write_new_key_file(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const Secret key, Secret::generate());
  DURWARD_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  DURWARD_RETURN_IF_ERROR(file.write(key.bytes()));
  return file.commit(0600, AtomicFile::IfExists::kFail);
}

}  // namespace durward
