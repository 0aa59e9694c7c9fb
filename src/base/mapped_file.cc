#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/file_descriptor.h"

namespace durward {

absl::StatusOr<MappedFile> MappedFile::open(const std::filesystem::path& path, int64_t max_bytes) {
  // Not blocking: a pipe without a writer is to be refused, not waited for.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
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
  if (info.st_size == 0) return MappedFile();
  const auto size = static_cast<size_t>(info.st_size);
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) return errno_status(errno, "cannot map", path);
  return MappedFile({static_cast<std::byte*>(address), size});
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace durward
