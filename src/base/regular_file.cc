#include "base/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/errno_status.h"

namespace durward {

absl::StatusOr<RegularFile> open_regular_file(const std::filesystem::path& path,
                                              int64_t max_bytes) {
  // Not blocking: a pipe without a writer is to be refused, not waited for.
  RegularFile opened{FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))};
  if (opened.file.get() < 0) return errno_status(errno, "cannot open", path);
  struct stat info {};
  if (::fstat(opened.file.get(), &info) != 0) return errno_status(errno, "cannot read", path);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read ", path.string(), ": not a regular file"));
  }
  if (info.st_size > max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("cannot read ", path.string(), ": it has ",
                                                     info.st_size,
                                                     " bytes, more than the limit of ", max_bytes));
  }
  opened.bytes = info.st_size;
  return opened;
}

}  // namespace durward
