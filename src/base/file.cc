#include "base/file.h"

#include <unistd.h>

#include <cerrno>
#include <limits>

#include "base/atomic_file.h"
#include "base/errno_status.h"
#include "base/regular_file.h"

namespace durward {
namespace {

template <typename Buffer>
absl::StatusOr<Buffer> read_whole(const std::filesystem::path& path, int64_t max_bytes) {
  DURWARD_ASSIGN_OR_RETURN(const RegularFile opened, open_regular_file(path, max_bytes));
  Buffer bytes(static_cast<size_t>(opened.bytes), typename Buffer::value_type{});
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(opened.file.get(), bytes.data() + filled, bytes.size() - filled);
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

absl::Status for_each_piece(const std::filesystem::path& path,
                            const std::function<absl::Status(std::span<const std::byte>)>& take) {
  DURWARD_ASSIGN_OR_RETURN(const RegularFile opened,
                           open_regular_file(path, std::numeric_limits<int64_t>::max()));
  std::vector<std::byte> piece(size_t{1} << 20);
  for (;;) {
    const ssize_t got = ::read(opened.file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_status(errno, "cannot read", path);
    if (got == 0) return absl::OkStatus();
    DURWARD_RETURN_IF_ERROR(take(std::span(piece).first(static_cast<size_t>(got))));
  }
}

absl::Status write_file_atomic(const std::filesystem::path& path,
                               std::span<const std::byte> bytes) {
  DURWARD_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  DURWARD_RETURN_IF_ERROR(file.write(bytes));
  return file.commit();
}

absl::Status write_file_atomic(const std::filesystem::path& path, std::string_view text) {
  return write_file_atomic(path, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace durward
