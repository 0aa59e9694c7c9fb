#include "base/file.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace durward {
namespace {

absl::Status errno_status(int error, std::string_view what, const std::filesystem::path& path) {
  const std::string message =
      absl::StrCat(std::string(what), " ", path.string(), ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

absl::Status write_all(int fd, std::span<const std::byte> bytes,
                       const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno_status(errno, "cannot write", path);
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  if (::fsync(fd) != 0) return errno_status(errno, "cannot write", path);
  return absl::OkStatus();
}

template <typename Buffer>
absl::StatusOr<Buffer> read_whole(const std::filesystem::path& path, int64_t max_bytes) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return errno_status(errno, "cannot open", path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return errno_status(errno, "cannot read", path);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read ", path.string(), ": not a regular file"));
  }
  if (info.st_size > max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("cannot read ", path.string(), ": it has ",
                                                     info.st_size,
                                                     " bytes, more than the limit of ", max_bytes));
  }
  Buffer bytes(static_cast<size_t>(info.st_size), typename Buffer::value_type{});
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno_status(errno, "cannot read", path);
    }
    if (got == 0) break;  // the file shrank while it was read
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

absl::StatusOr<std::vector<std::byte>> read_file(const std::filesystem::path& path,
                                                 int64_t max_bytes) {
  return read_whole<std::vector<std::byte>>(path, max_bytes);
}

absl::StatusOr<std::string> read_text_file(const std::filesystem::path& path, int64_t max_bytes) {
  return read_whole<std::string>(path, max_bytes);
}

absl::Status write_file_atomic(const std::filesystem::path& path,
                               std::span<const std::byte> bytes) {
  std::string temporary = absl::StrCat(path.string(), ".XXXXXX");
  FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return errno_status(errno, "cannot create", path);
  absl::Status status = write_all(file.get(), bytes, path);
  if (status.ok() && ::fchmod(file.get(), 0644) != 0)
    status = errno_status(errno, "cannot write", path);
  if (::close(file.release()) != 0 && status.ok())
    status = errno_status(errno, "cannot write", path);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = errno_status(errno, "cannot create", path);
  }
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) ::fsync(directory.get());
  return absl::OkStatus();
}

absl::Status write_file_atomic(const std::filesystem::path& path, std::string_view text) {
  return write_file_atomic(path, std::as_bytes(std::span(text.data(), text.size())));
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size());
  std::string hex(digest.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
  hex.pop_back();
  return hex;
}

}  // namespace durward
