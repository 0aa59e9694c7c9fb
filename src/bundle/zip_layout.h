// The ZIP that a bundle is, byte for byte: every header follows from the members' names, sizes,
// CRC-32 and order, so that the same members give the same file and nothing can hide between them.
// Format: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16
// (end). docs/bundle.md has the choices made within it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace durward {

inline constexpr int64_t kMemberAlignment = 64;  // of a member's first byte in the file
inline constexpr size_t kMaxMembers = 4096;
inline constexpr size_t kMaxMemberNameBytes = 255;
inline constexpr size_t kEndRecordBytes = 22;
inline constexpr uint16_t kStored = 0;  // the method of every member: no compression
// Of the whole file; half of what ZIP can address without its 64-bit extension.
inline constexpr int64_t kMaxBundleBytes = (int64_t{1} << 31) - 1;

struct ZipEntry {
  std::string name;
  uint32_t crc32 = 0;
  uint32_t bytes = 0;
  uint32_t header_offset = 0;  // of the local header in the file
};

// With the padding after which the member's bytes follow, aligned.
[[nodiscard]] std::string local_header(const ZipEntry& entry);
[[nodiscard]] std::string directory_entry(const ZipEntry& entry);
[[nodiscard]] std::string end_record(size_t members, uint32_t directory_bytes,
                                     uint32_t directory_offset);

// InvalidArgument unless the name is a relative path of folders and a file, made of letters, digits
// and "._+-", no part of it beginning with a dot, and of 255 bytes at most: safe to unpack
// anywhere.
[[nodiscard]] absl::Status check_member_name(std::string_view name);

// What is compared to find names that a file system may take for one.
[[nodiscard]] std::string folded_name(std::string_view name);

}  // namespace durward
