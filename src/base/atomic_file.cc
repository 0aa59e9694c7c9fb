#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "base/errno_status.h"

namespace durward {

absl::StatusOr<AtomicFile> AtomicFile::create(const std::filesystem::path& path) {
  // A name in the place of a device, a pipe or a folder would take it from everybody.
  std::error_code unknown;
  const std::filesystem::file_status there = std::filesystem::status(path, unknown);
  if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there)) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot write ", path.string(), ": it is no regular file"));
  }
  std::string temporary = absl::StrCat(path.string(), ".XXXXXX");
  FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return errno_status(errno, "cannot create", path);
  return AtomicFile(path, std::move(temporary), std::move(file));
}

AtomicFile::~AtomicFile() {
  if (file_.get() >= 0) ::unlink(temporary_.c_str());
}

absl::Status AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno_status(errno, "cannot write", path_);
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status AtomicFile::commit(mode_t mode, IfExists if_exists) {
  if (::fsync(file_.get()) != 0 || ::fchmod(file_.get(), mode) != 0) {
    return errno_status(errno, "cannot write", path_);
  }
  // A link, unlike a new name, never takes the place of another file.
  const bool named = if_exists == IfExists::kReplace
                         ? ::rename(temporary_.c_str(), path_.c_str()) == 0
                         : ::link(temporary_.c_str(), path_.c_str()) == 0;
  if (!named) return errno_status(errno, "cannot create", path_);
  if (if_exists == IfExists::kFail) ::unlink(temporary_.c_str());
  ::close(file_.release());
  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
  const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) ::fsync(directory.get());
  return absl::OkStatus();
}

}  // namespace durward
