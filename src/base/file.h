// Files: whole reads with a size limit, and writes that leave either the old file or the new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

// The largest model or data file that is read whole: 2 GiB, the limit of protobuf and FlatBuffers.
inline constexpr int64_t kMaxFileBytes = int64_t{1} << 31;

// The bytes of a regular file. Errors: NotFound, PermissionDenied, InvalidArgument (no regular
// file: a pipe is refused, not waited for), ResourceExhausted (over max_bytes), Unavailable (read
// error); each names the path.
[[nodiscard]] absl::StatusOr<std::vector<std::byte>> read_file(const std::filesystem::path& path,
                                                               int64_t max_bytes = kMaxFileBytes);

[[nodiscard]] absl::StatusOr<std::string> read_text_file(const std::filesystem::path& path,
                                                         int64_t max_bytes = kMaxFileBytes);

// Gives the bytes of a file in order, at most 1 MiB at a time, without holding all of it. Errors as
// read_file's, and the first that `take` returns.
[[nodiscard]] absl::Status for_each_piece(
    const std::filesystem::path& path,
    const std::function<absl::Status(std::span<const std::byte>)>& take);

// Writes under a temporary name in the same folder, fsyncs, and renames over `path`: after a crash,
// a kill or a full disk, `path` is whole, old or new. Errors name the path and the cause.
[[nodiscard]] absl::Status write_file_atomic(const std::filesystem::path& path,
                                             std::span<const std::byte> bytes);
[[nodiscard]] absl::Status write_file_atomic(const std::filesystem::path& path,
                                             std::string_view text);

}  // namespace durward
