// Finds the members of ZIP archives; torch.save stores them uncompressed. Format: PKWARE APPNOTE
// 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (ends).
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string_view>

#include "base/status.h"

namespace durward {

struct ArchiveMember {
  std::span<const std::byte> bytes;  // as they stand in the archive
  bool stored = true;                // neither compressed nor encrypted
};

// The members by their names, which refer to the archive's bytes as the members do.
using ZipMembers = std::map<std::string_view, ArchiveMember>;

// The members of an archive, with zip64 fields where they are. Checksums are not compared: torch
// has an option to leave them out and does not look at them either. InvalidArgument for a damaged
// archive or a name that appears twice.
[[nodiscard]] absl::StatusOr<ZipMembers> read_zip_members(std::span<const std::byte> archive);

}  // namespace durward
