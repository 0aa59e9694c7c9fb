#include "base/mapped_file.h"

#include <sys/mman.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/regular_file.h"

namespace durward {

absl::StatusOr<MappedFile> MappedFile::open(const std::filesystem::path& path, int64_t max_bytes) {
  DURWARD_ASSIGN_OR_RETURN(const RegularFile opened, open_regular_file(path, max_bytes));
  if (opened.bytes == 0) return MappedFile();
  const auto size = static_cast<size_t>(opened.bytes);
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, opened.file.get(), 0);
  if (address == MAP_FAILED) return errno_status(errno, "cannot map", path);
  return MappedFile({static_cast<std::byte*>(address), size});
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace durward
