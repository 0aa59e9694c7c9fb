// A whole file as memory, read only: pages come from the disk when they are touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

#include "base/status.h"

namespace durward {

// The file must not be changed in place while it is mapped: a file that is cut short makes reads
// beyond its new end a SIGBUS. Replace files by renaming, as AtomicFile does.
class MappedFile {
 public:
  // Errors: NotFound, PermissionDenied, InvalidArgument (not a regular file), ResourceExhausted
  // (over max_bytes), Unavailable; each names the path.
  [[nodiscard]] static absl::StatusOr<MappedFile> open(const std::filesystem::path& path,
                                                       int64_t max_bytes);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedFile();

  // At least page-aligned; moves with the object.
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<std::byte> bytes) : bytes_(bytes) {}
  std::span<std::byte> bytes_;
};

}  // namespace durward
