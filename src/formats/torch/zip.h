// Reads ZIP archives whose members are stored, as torch.save writes them. Format: PKWARE APPNOTE
// 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (ends).
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string_view>

#include "base/status.h"

namespace durward {

// Each member's bytes by its name; both refer to the archive's bytes.
using ZipMembers = std::map<std::string_view, std::span<const std::byte>>;

// The members of an archive, with zip64 fields where they are. Checksums are not compared: torch
// has an option to leave them out and does not look at them either. Errors: InvalidArgument for a
// damaged archive or a name that appears twice; Unimplemented for a compressed or encrypted member.
[[nodiscard]] absl::StatusOr<ZipMembers> read_stored_zip(std::span<const std::byte> archive);

}  // namespace durward
