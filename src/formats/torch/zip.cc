#include "formats/torch/zip.h"

#include <absl/strings/escaping.h>

#include <algorithm>
#include <optional>
#include <string>

#include "formats/torch/byte_reader.h"

namespace durward {
namespace {

constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr uint32_t kCentralSignature = 0x02014b50;
constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kEnd64Signature = 0x06064b50;
constexpr uint32_t kEnd64LocatorSignature = 0x07064b50;
constexpr size_t kEndBytes = 22;
constexpr size_t kEnd64Bytes = 56;
constexpr size_t kEnd64LocatorBytes = 20;
constexpr uint16_t kZip64Extra = 0x0001;
constexpr uint16_t kEncrypted = 0x0001;
constexpr uint16_t kStored = 0;

absl::Status bad_archive(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("zip archive: ", std::string(what), "; the file is cut short or damaged"));
}

struct Directory {
  uint64_t offset = 0, bytes = 0, entries = 0;
};

struct Entry {
  std::string_view name;
  uint16_t flags = 0, method = 0;
  uint64_t packed_bytes = 0, bytes = 0, header_offset = 0;
};

// Where the end record starts: the last place whose comment reaches exactly to the archive's end.
std::optional<size_t> find_end(std::span<const std::byte> archive) {
  if (archive.size() < kEndBytes) return std::nullopt;
  const size_t furthest = std::min(archive.size() - kEndBytes, size_t{0xffff});
  for (size_t comment = 0; comment <= furthest; ++comment) {
    const size_t at = archive.size() - kEndBytes - comment;
    uint32_t signature;
    std::memcpy(&signature, archive.data() + at, sizeof signature);
    uint16_t length;
    std::memcpy(&length, archive.data() + at + kEndBytes - sizeof length, sizeof length);
    if (signature == kEndSignature && length == comment) return at;
  }
  return std::nullopt;
}

absl::StatusOr<Directory> read_end64(std::span<const std::byte> archive, size_t locator_at) {
  ByteReader locator(archive.subspan(locator_at, kEnd64LocatorBytes));
  DURWARD_RETURN_IF_ERROR(locator.take(8).status());  // signature, disk
  DURWARD_ASSIGN_OR_RETURN(const auto end_at, locator.read<uint64_t>());
  if (end_at > locator_at || locator_at - end_at < kEnd64Bytes) {
    return bad_archive("the zip64 end record lies outside");
  }
  ByteReader end(archive.subspan(end_at, kEnd64Bytes));
  DURWARD_ASSIGN_OR_RETURN(const auto signature, end.read<uint32_t>());
  if (signature != kEnd64Signature) return bad_archive("the zip64 end record is missing");
  DURWARD_RETURN_IF_ERROR(end.take(20).status());  // size, versions, disks
  DURWARD_RETURN_IF_ERROR(end.take(8).status());   // entries on this disk
  Directory directory;
  DURWARD_ASSIGN_OR_RETURN(directory.entries, end.read<uint64_t>());
  DURWARD_ASSIGN_OR_RETURN(directory.bytes, end.read<uint64_t>());
  DURWARD_ASSIGN_OR_RETURN(directory.offset, end.read<uint64_t>());
  return directory;
}

absl::StatusOr<Directory> find_directory(std::span<const std::byte> archive) {
  const auto end_at = find_end(archive);
  if (!end_at) return bad_archive("its end record is missing");
  ByteReader end(archive.subspan(*end_at, kEndBytes));
  DURWARD_RETURN_IF_ERROR(end.take(10).status());  // signature, disks, entries on this disk
  Directory directory;
  DURWARD_ASSIGN_OR_RETURN(directory.entries, end.read<uint16_t>());
  DURWARD_ASSIGN_OR_RETURN(directory.bytes, end.read<uint32_t>());
  DURWARD_ASSIGN_OR_RETURN(directory.offset, end.read<uint32_t>());
  size_t limit = *end_at;
  if (*end_at >= kEnd64LocatorBytes) {
    const size_t locator_at = *end_at - kEnd64LocatorBytes;
    uint32_t signature;
    std::memcpy(&signature, archive.data() + locator_at, sizeof signature);
    if (signature == kEnd64LocatorSignature) {
      DURWARD_ASSIGN_OR_RETURN(directory, read_end64(archive, locator_at));
      limit = locator_at;
    }
  }
  if (directory.offset > limit || directory.bytes > limit - directory.offset) {
    return bad_archive("its directory lies outside");
  }
  return directory;
}

// The 64-bit fields stand in the extra field, in this order, where the 32-bit ones are all ones.
absl::Status read_zip64_extra(ByteReader extra, Entry& entry) {
  constexpr uint64_t kInExtra = 0xffffffff;
  if (entry.bytes != kInExtra && entry.packed_bytes != kInExtra &&
      entry.header_offset != kInExtra) {
    return absl::OkStatus();
  }
  while (extra.remaining() > 0) {
    DURWARD_ASSIGN_OR_RETURN(const auto tag, extra.read<uint16_t>());
    DURWARD_ASSIGN_OR_RETURN(const auto count, extra.read<uint16_t>());
    DURWARD_ASSIGN_OR_RETURN(const auto block, extra.take(count));
    if (tag != kZip64Extra) continue;
    ByteReader fields(block);
    for (uint64_t* field : {&entry.bytes, &entry.packed_bytes, &entry.header_offset}) {
      if (*field != kInExtra) continue;
      DURWARD_ASSIGN_OR_RETURN(*field, fields.read<uint64_t>());
    }
    return absl::OkStatus();
  }
  return bad_archive("a member's zip64 fields are missing");
}

absl::StatusOr<Entry> read_entry(ByteReader& directory) {
  DURWARD_ASSIGN_OR_RETURN(const auto signature, directory.read<uint32_t>());
  if (signature != kCentralSignature) return bad_archive("a directory entry is missing");
  DURWARD_RETURN_IF_ERROR(directory.take(4).status());  // versions
  Entry entry;
  DURWARD_ASSIGN_OR_RETURN(entry.flags, directory.read<uint16_t>());
  DURWARD_ASSIGN_OR_RETURN(entry.method, directory.read<uint16_t>());
  DURWARD_RETURN_IF_ERROR(directory.take(8).status());  // time, date, checksum
  DURWARD_ASSIGN_OR_RETURN(entry.packed_bytes, directory.read<uint32_t>());
  DURWARD_ASSIGN_OR_RETURN(entry.bytes, directory.read<uint32_t>());
  DURWARD_ASSIGN_OR_RETURN(const auto name_bytes, directory.read<uint16_t>());
  DURWARD_ASSIGN_OR_RETURN(const auto extra_bytes, directory.read<uint16_t>());
  DURWARD_ASSIGN_OR_RETURN(const auto comment_bytes, directory.read<uint16_t>());
  DURWARD_RETURN_IF_ERROR(directory.take(8).status());  // disk, attributes
  DURWARD_ASSIGN_OR_RETURN(entry.header_offset, directory.read<uint32_t>());
  DURWARD_ASSIGN_OR_RETURN(const auto name, directory.take(name_bytes));
  entry.name = as_text(name);
  DURWARD_ASSIGN_OR_RETURN(const auto extra, directory.take(extra_bytes));
  DURWARD_RETURN_IF_ERROR(directory.take(comment_bytes).status());
  DURWARD_RETURN_IF_ERROR(read_zip64_extra(ByteReader(extra), entry));
  return entry;
}

// The member, which lies between its local header and the directory.
absl::StatusOr<ArchiveMember> find_member(std::span<const std::byte> members, const Entry& entry) {
  const std::string shown = absl::CHexEscape(std::string(entry.name));
  const bool stored = entry.method == kStored && (entry.flags & kEncrypted) == 0;
  if ((stored && entry.packed_bytes != entry.bytes) || entry.header_offset > members.size()) {
    return bad_archive(absl::StrCat("member ", shown, " has impossible sizes"));
  }
  ByteReader in(members.subspan(entry.header_offset));
  DURWARD_ASSIGN_OR_RETURN(const auto signature, in.read<uint32_t>());
  if (signature != kLocalSignature) {
    return bad_archive(absl::StrCat("member ", shown, " is not where the directory says"));
  }
  DURWARD_RETURN_IF_ERROR(in.take(22).status());  // the directory's copies are used
  DURWARD_ASSIGN_OR_RETURN(const auto name_bytes, in.read<uint16_t>());
  DURWARD_ASSIGN_OR_RETURN(const auto extra_bytes, in.read<uint16_t>());
  DURWARD_ASSIGN_OR_RETURN(const auto name, in.take(name_bytes));
  if (as_text(name) != entry.name) {
    return bad_archive(absl::StrCat("member ", shown, " has another name in its own header"));
  }
  DURWARD_RETURN_IF_ERROR(in.take(extra_bytes).status());
  DURWARD_ASSIGN_OR_RETURN(const auto bytes, in.take(entry.packed_bytes));
  return ArchiveMember{bytes, stored};
}

}  // namespace

absl::StatusOr<ZipMembers> read_zip_members(std::span<const std::byte> archive) {
  DURWARD_ASSIGN_OR_RETURN(const Directory directory, find_directory(archive));
  ByteReader in(archive.subspan(directory.offset, directory.bytes));
  ZipMembers members;
  for (uint64_t i = 0; i < directory.entries; ++i) {
    DURWARD_ASSIGN_OR_RETURN(const Entry entry, read_entry(in));
    DURWARD_ASSIGN_OR_RETURN(const ArchiveMember member,
                             find_member(archive.first(directory.offset), entry));
    if (!members.emplace(entry.name, member).second) {
      return bad_archive(
          absl::StrCat("member ", absl::CHexEscape(std::string(entry.name)), " appears twice"));
    }
  }
  return members;
}

}  // namespace durward
