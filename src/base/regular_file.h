// Opening what is to be read whole or mapped.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace durward {

struct RegularFile {
  FileDescriptor file;
  int64_t bytes = 0;
};

// For reading. Errors: those of errno_status, InvalidArgument for what is no regular file,
// ResourceExhausted above max_bytes; each names the path.
[[nodiscard]] absl::StatusOr<RegularFile> open_regular_file(const std::filesystem::path& path,
                                                            int64_t max_bytes);

}  // namespace durward
