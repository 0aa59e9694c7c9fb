#include "device/bundle_view.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "device/json_scanner.h"
#include "device/sha256.h"

namespace durward::device {
namespace {

using Bytes = std::span<const std::byte>;

// PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16; docs/bundle.md has what is fixed.
constexpr uint32_t kLocalSignature = 0x04034b50, kDirectorySignature = 0x02014b50,
                   kEndSignature = 0x06054b50;
constexpr size_t kLocalBytes = 30, kDirectoryBytes = 46, kEndBytes = 22;  // without names
constexpr int64_t kMaxBundleBytes = (int64_t{1} << 31) - 1;
constexpr std::string_view kSchema = "durward-bundle/1";

// A little-endian field; the caller knows that it lies inside.
uint32_t field(Bytes bytes, size_t at, size_t count) {
  uint32_t value = 0;
  for (size_t i = count; i > 0; --i) {
    value = value << 8 | std::to_integer<uint32_t>(bytes[at + i - 1]);
  }
  return value;
}

std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// `parts` as one sentence; always false, to be returned.
bool refuse(std::string& reason, std::initializer_list<std::string_view> parts) {
  reason.clear();
  for (const std::string_view part : parts) reason += part;
  return false;
}

struct Directory {
  size_t members = 0, offset = 0;
  Bytes entries;
};

bool find_directory(Bytes archive, Directory& directory, std::string& reason) {
  if (archive.size() < kEndBytes) return refuse(reason, {"too short for a bundle"});
  const size_t end_at = archive.size() - kEndBytes;
  const Bytes end = archive.subspan(end_at);
  if (field(end, 0, 4) != kEndSignature) {
    return refuse(reason, {"it does not end as a bundle does: it is cut short, or none"});
  }
  directory.members = field(end, 10, 2);
  directory.offset = field(end, 16, 4);
  if (directory.offset > end_at || end_at - directory.offset != field(end, 12, 4)) {
    return refuse(reason, {"its central directory does not lie right before its end"});
  }
  directory.entries = archive.subspan(directory.offset, end_at - directory.offset);
  return true;
}

// The member of the first entry, which `entries` goes past; `at` is where its local header has to
// be, and then where the next one's.
bool take_member(Bytes archive, const Directory& directory, Bytes& entries, size_t& at,
                 std::string_view& name, Bytes& data) {
  if (entries.size() < kDirectoryBytes || field(entries, 0, 4) != kDirectorySignature) return false;
  const size_t name_bytes = field(entries, 28, 2), data_bytes = field(entries, 24, 4);
  if (entries.size() - kDirectoryBytes < name_bytes) return false;
  name = as_text(entries.subspan(kDirectoryBytes, name_bytes));
  const bool stored = field(entries, 10, 2) == 0 && field(entries, 20, 4) == data_bytes;
  if (!stored || field(entries, 42, 4) != at || directory.offset - at < kLocalBytes) return false;
  const Bytes local = archive.subspan(at, directory.offset - at);
  if (field(local, 0, 4) != kLocalSignature || field(local, 26, 2) != name_bytes) return false;
  const size_t header = kLocalBytes + name_bytes + field(local, 28, 2);
  if (local.size() < header || local.size() - header < data_bytes) return false;
  if (as_text(local.subspan(kLocalBytes, name_bytes)) != name) return false;
  data = local.subspan(header, data_bytes);
  at += header + data_bytes;
  entries = entries.subspan(kDirectoryBytes + name_bytes);
  return true;
}

struct NamedMember {
  std::string path, sha256;
  uint64_t bytes = 0;
};

bool read_named_member(JsonScanner& json, NamedMember& member) {
  std::string key;
  for (bool more = json.begin('{'); more; more = json.next('}')) {
    if (!json.key(key)) return false;
    if (key == "path") {
      json.text(member.path);
    } else if (key == "sha256") {
      json.text(member.sha256);
    } else if (key == "bytes") {
      json.whole(member.bytes);
    } else {
      json.skip();
    }
  }
  return json.ok();
}

bool read_model_name(JsonScanner& json, std::string& name) {
  std::string key;
  for (bool more = json.begin('{'); more; more = json.next('}')) {
    if (!json.key(key)) return false;
    if (key == "name") {
      json.text(name);
    } else {
      json.skip();
    }
  }
  return json.ok();
}

struct ManifestView {
  std::string schema, model_name;
  std::vector<NamedMember> members;
};

bool read_manifest(std::string_view text, ManifestView& manifest) {
  JsonScanner json(text);
  std::string key;
  for (bool more = json.begin('{'); more; more = json.next('}')) {
    if (!json.key(key)) return false;
    if (key == "schema") {
      json.text(manifest.schema);
    } else if (key == "model") {
      read_model_name(json, manifest.model_name);
    } else if (key == "members") {
      manifest.members.clear();
      for (bool next = json.begin('['); next; next = json.next(']')) {
        if (!read_named_member(json, manifest.members.emplace_back())) return false;
      }
    } else {
      json.skip();
    }
  }
  return json.ok() && json.at_end();
}

}  // namespace

bool MappedBytes::open(const std::string& path, MappedBytes& mapped, std::string& reason) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  void* address = MAP_FAILED;
  if (file >= 0 && ::fstat(file, &status) == 0) {
    if (!S_ISREG(status.st_mode) || status.st_size == 0 || status.st_size > kMaxBundleBytes) {
      errno = S_ISREG(status.st_mode) ? EFBIG : EINVAL;
    } else {
      address =
          ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file, 0);
    }
  }
  const int error = errno;
  if (file >= 0) ::close(file);
  if (address == MAP_FAILED) {
    return refuse(reason, {"cannot read ", path, ": ",
                           error == EINVAL  ? "it is not a regular file"
                           : error == EFBIG ? "it is empty or larger than a bundle may be"
                                            : std::strerror(error)});
  }
  mapped.bytes_ = {static_cast<std::byte*>(address), static_cast<size_t>(status.st_size)};
  return true;
}

MappedBytes::~MappedBytes() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

bool BundleView::read_members(Bytes archive, std::string& reason) {
  Directory directory;
  if (!find_directory(archive, directory, reason)) return false;
  Bytes entries = directory.entries;
  size_t at = 0;
  for (size_t i = 0; i < directory.members; ++i) {
    Member member;
    if (!take_member(archive, directory, entries, at, member.name, member.bytes)) {
      return refuse(reason, {"member ", std::to_string(i),
                             " of its archive is not stored as a bundle's are"});
    }
    members_.push_back(member);
  }
  if (entries.empty() && at == directory.offset) return true;
  return refuse(reason, {"its archive has bytes that belong to no member"});
}

bool BundleView::match_manifest(std::string_view text, std::string& reason) {
  ManifestView manifest;
  if (!read_manifest(text, manifest)) {
    return refuse(reason, {"manifest.json: it is not the JSON of a manifest"});
  }
  if (manifest.schema != kSchema) {
    return refuse(reason, {"manifest.json: its schema is not ", kSchema,
                           ", the one that this program reads"});
  }
  if (manifest.members.size() != members_.size() || members_.empty()) {
    return refuse(reason, {"manifest.json: it names ", std::to_string(manifest.members.size()),
                           " members, the archive has ", std::to_string(members_.size())});
  }
  for (size_t i = 0; i < members_.size(); ++i) {
    const NamedMember& named = manifest.members[i];
    if (named.path != members_[i].name || named.bytes != members_[i].bytes.size()) {
      return refuse(reason, {members_[i].name, ": the manifest has another member or size here"});
    }
    if (named.sha256 != sha256_hex(members_[i].bytes)) {
      return refuse(reason, {named.path, ": its SHA-256 is another than the manifest's"});
    }
  }
  model_name_ = manifest.model_name;
  return members_[0].name == "plan.fb" || refuse(reason, {"plan.fb: it is not the first member"});
}

bool BundleView::read(Bytes archive, BundleView& view, std::string& reason) {
  view = {};
  if (!view.read_members(archive, reason)) return false;
  if (view.members_.empty() || view.members_.front().name != "manifest.json") {
    return refuse(reason, {"manifest.json: it is not the first member: this is no bundle"});
  }
  const std::string_view manifest = as_text(view.members_.front().bytes);
  view.members_.erase(view.members_.begin());
  if (!view.members_.empty() && view.members_.back().name == "manifest.sig") {
    view.members_.pop_back();
  }
  return view.match_manifest(manifest, reason);
}

std::optional<Bytes> BundleView::member(std::string_view path) const {
  for (const Member& member : members_) {
    if (member.name == path) return member.bytes;
  }
  return std::nullopt;
}

}  // namespace durward::device
