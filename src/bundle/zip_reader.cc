#include "bundle/zip_reader.h"

#include <set>
#include <string>

#include "bundle/zip_layout.h"

namespace durward {
namespace {

constexpr size_t kDirectoryEntryBytes = 46;  // without the name
constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kDirectorySignature = 0x02014b50;

using Bytes = std::span<const std::byte>;

absl::Status damaged(std::string_view what) { return absl::DataLossError(std::string(what)); }

absl::Status damaged_member(std::string_view name, std::string_view what) {
  return damaged(absl::StrCat(std::string(name), ": ", std::string(what)));
}

std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A little-endian field; the caller knows that it lies inside.
uint32_t field(Bytes bytes, size_t at, int count) {
  uint32_t value = 0;
  for (int i = count - 1; i >= 0; --i) {
    value = (value << 8) | std::to_integer<uint32_t>(bytes[at + static_cast<size_t>(i)]);
  }
  return value;
}

bool begins_with(Bytes bytes, std::string_view expected) {
  return bytes.size() >= expected.size() && as_text(bytes.first(expected.size())) == expected;
}

struct Directory {
  size_t members = 0;
  uint32_t offset = 0;
  Bytes entries;
};

absl::StatusOr<Directory> find_directory(Bytes archive) {
  if (archive.size() > static_cast<size_t>(kMaxBundleBytes)) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "it has ", archive.size(), " bytes, more than the limit of ", kMaxBundleBytes));
  }
  if (archive.size() < kEndRecordBytes) return damaged("too short for a ZIP archive");
  const size_t end_at = archive.size() - kEndRecordBytes;
  const Bytes end = archive.subspan(end_at);
  if (field(end, 0, 4) != kEndSignature) {
    return damaged("it does not end with a ZIP end record: it is cut short, or bytes follow it");
  }
  Directory directory;
  directory.members = field(end, 10, 2);
  const size_t bytes = field(end, 12, 4);
  directory.offset = field(end, 16, 4);
  if (directory.offset > end_at || end_at - directory.offset != bytes) {
    return damaged("its central directory does not lie right before the end record");
  }
  if (directory.members > kMaxMembers) {
    return damaged(absl::StrCat("it has ", directory.members, " members, more than the limit of ",
                                kMaxMembers));
  }
  if (as_text(end) != end_record(directory.members, static_cast<uint32_t>(bytes), directory.offset))
    return damaged("its end record has a field that a bundle's never has (a disk or a comment)");
  directory.entries = archive.subspan(directory.offset, bytes);
  return directory;
}

// The entry that stands first in `entries`, which goes on to the next.
absl::StatusOr<ZipEntry> next_entry(Bytes& entries) {
  if (entries.size() < kDirectoryEntryBytes || field(entries, 0, 4) != kDirectorySignature) {
    return damaged("its central directory is cut short or damaged");
  }
  const size_t name_bytes = field(entries, 28, 2);
  if (entries.size() - kDirectoryEntryBytes < name_bytes) {
    return damaged("a name in its central directory is cut short");
  }
  ZipEntry entry;
  entry.name = as_text(entries.subspan(kDirectoryEntryBytes, name_bytes));
  if (absl::Status status = check_member_name(entry.name); !status.ok()) {
    return damaged(std::string(status.message()));
  }
  if ((field(entries, 8, 2) & 1) != 0) return damaged_member(entry.name, "it is encrypted");
  if (const uint32_t method = field(entries, 10, 2); method != kStored) {
    return damaged_member(entry.name, absl::StrCat("it is compressed (method ", method,
                                                   "); a bundle's members are stored"));
  }
  entry.crc32 = field(entries, 16, 4);
  entry.bytes = field(entries, 24, 4);
  entry.header_offset = field(entries, 42, 4);
  if (field(entries, 20, 4) != entry.bytes) {
    return damaged_member(entry.name, "it is stored, but its two sizes differ");
  }
  const std::string expected = directory_entry(entry);
  if (!begins_with(entries, expected)) {
    return damaged_member(entry.name, "its directory entry has a field that a bundle's never has");
  }
  entries = entries.subspan(expected.size());
  return entry;
}

// The member whose local header has to stand at `at`; `end` is where members have to end.
absl::StatusOr<Bytes> find_member(Bytes archive, const ZipEntry& entry, size_t at, size_t end) {
  if (entry.header_offset != at) {
    return damaged_member(entry.name, entry.header_offset < at
                                          ? "it overlaps the member before it"
                                          : "bytes that belong to no member stand before it");
  }
  const std::string header = local_header(entry);
  if (header.size() > end - at || !begins_with(archive.subspan(at), header)) {
    return damaged_member(entry.name, "its local header does not agree with the directory");
  }
  const size_t data_at = at + header.size();
  if (entry.bytes > end - data_at) {
    return damaged_member(entry.name, "it reaches beyond the place of members");
  }
  return archive.subspan(data_at, entry.bytes);
}

}  // namespace

absl::StatusOr<std::vector<ZipMember>> read_zip(Bytes archive) {
  DURWARD_ASSIGN_OR_RETURN(const Directory directory, find_directory(archive));
  std::vector<ZipMember> members;
  std::set<std::string> names;
  Bytes entries = directory.entries;
  size_t at = 0;
  for (size_t i = 0; i < directory.members; ++i) {
    const Bytes here = entries;
    DURWARD_ASSIGN_OR_RETURN(const ZipEntry entry, next_entry(entries));
    if (!names.insert(folded_name(entry.name)).second) {
      return damaged_member(entry.name, "a member of this name (case aside) appears twice");
    }
    DURWARD_ASSIGN_OR_RETURN(const Bytes bytes, find_member(archive, entry, at, directory.offset));
    at = static_cast<size_t>(bytes.data() - archive.data()) + bytes.size();
    members.push_back(
        {as_text(here.subspan(kDirectoryEntryBytes, entry.name.size())), bytes, entry.crc32});
  }
  if (!entries.empty()) return damaged("its central directory has more entries than it says");
  if (at != directory.offset) {
    return damaged("bytes that belong to no member stand before its central directory");
  }
  return members;
}

}  // namespace durward
