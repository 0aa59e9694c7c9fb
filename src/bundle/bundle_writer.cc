#include "bundle/bundle_writer.h"

#include <algorithm>
#include <tuple>

#include "base/atomic_file.h"
#include "base/file.h"
#include "base/sha256.h"
#include "bundle/crc32.h"
#include "bundle/zip_writer.h"

namespace durward {
namespace {

using Bytes = std::span<const std::byte>;

Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

// What a member is known by, taken from its bytes as they come.
class Tally {
 public:
  void take(Bytes bytes) {
    bytes_ += static_cast<int64_t>(bytes.size());
    crc32_ = crc32(bytes, crc32_);
    digest_.update(bytes);
  }
  int64_t bytes() const { return bytes_; }
  uint32_t crc() const { return crc32_; }
  std::string sha256() { return digest_.hex(); }

 private:
  int64_t bytes_ = 0;
  uint32_t crc32_ = 0;
  Sha256 digest_;
};

absl::Status copy_file(const std::filesystem::path& source, const ManifestMember& expected,
                       ZipWriter& zip) {
  const absl::Status changed =
      absl::AbortedError(absl::StrCat(source.string(), " changed while it was being bundled"));
  Tally tally;
  DURWARD_RETURN_IF_ERROR(for_each_piece(source, [&](Bytes piece) {
    tally.take(piece);
    return tally.bytes() > expected.bytes ? changed : zip.write(piece);
  }));
  return tally.bytes() == expected.bytes && tally.sha256() == expected.sha256 ? absl::OkStatus()
                                                                              : changed;
}

absl::Status add_signature(Bytes manifest, const SecretKey& key, ZipWriter& zip) {
  return zip.add(kSignaturePath, as_bytes(signature_text(sign_manifest(manifest, key))));
}

// The bundle's members below a manifest.
absl::Status write_members(const Bundle& bundle, Bytes manifest, const SecretKey* key,
                           const std::filesystem::path& file) {
  DURWARD_RETURN_IF_ERROR(bundle.check_members());
  DURWARD_ASSIGN_OR_RETURN(AtomicFile output, AtomicFile::create(file));
  ZipWriter zip([&](Bytes bytes) { return output.write(bytes); });
  DURWARD_RETURN_IF_ERROR(zip.add(kManifestPath, manifest));
  for (const ManifestMember& member : bundle.manifest().members) {
    DURWARD_ASSIGN_OR_RETURN(const Bytes bytes, bundle.member(member.path));
    DURWARD_RETURN_IF_ERROR(zip.add(member.path, bytes));
  }
  if (key != nullptr) DURWARD_RETURN_IF_ERROR(add_signature(manifest, *key, zip));
  DURWARD_RETURN_IF_ERROR(zip.finish());
  return output.commit();
}

}  // namespace

absl::Status BundleWriter::check_path(std::string_view path) const {
  DURWARD_RETURN_IF_ERROR(check_member_name(path));
  if (!member_place(path)) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(path), ": expected ",
                                                   std::string(kPlanPath),
                                                   " or a file in golden/, exports/ or evidence/"));
  }
  for (const Member& member : members_) {
    if (folded_name(member.named.path) == folded_name(path)) {
      return absl::InvalidArgumentError(
          absl::StrCat(std::string(path), ": a member of this name (case aside) was added before"));
    }
  }
  return absl::OkStatus();
}

absl::Status BundleWriter::add(std::string path, std::string media_type,
                               std::vector<std::byte> bytes) {
  DURWARD_RETURN_IF_ERROR(check_path(path));
  const auto size = static_cast<int64_t>(bytes.size());
  ManifestMember named{std::move(path), size, sha256_hex(bytes), std::move(media_type)};
  const uint32_t crc = crc32(bytes);
  members_.push_back({std::move(named), crc, std::move(bytes)});
  return absl::OkStatus();
}

absl::Status BundleWriter::add_file(std::string path, std::string media_type,
                                    std::filesystem::path source) {
  DURWARD_RETURN_IF_ERROR(check_path(path));
  Tally tally;
  DURWARD_RETURN_IF_ERROR(for_each_piece(source, [&](Bytes piece) {
    tally.take(piece);
    return absl::OkStatus();
  }));
  ManifestMember named{std::move(path), tally.bytes(), tally.sha256(), std::move(media_type)};
  members_.push_back({std::move(named), tally.crc(), std::move(source)});
  return absl::OkStatus();
}

absl::Status BundleWriter::write(const std::filesystem::path& file, const SecretKey* key) const {
  std::vector<const Member*> members;
  members.reserve(members_.size());
  for (const Member& member : members_) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const Member* a, const Member* b) {
    return std::tuple(member_place(a->named.path), a->named.path) <
           std::tuple(member_place(b->named.path), b->named.path);
  });
  if (members.empty() || members[0]->named.path != kPlanPath) {
    return absl::InvalidArgumentError(
        absl::StrCat("a bundle needs a plan: add ", std::string(kPlanPath)));
  }
  Manifest manifest = manifest_;
  for (const Member* member : members) manifest.members.push_back(member->named);
  const absl::StatusOr<std::string> text = manifest_text(manifest);
  if (!text.ok()) return with_context(text.status(), kManifestPath);

  DURWARD_ASSIGN_OR_RETURN(AtomicFile output, AtomicFile::create(file));
  ZipWriter zip([&](Bytes bytes) { return output.write(bytes); });
  DURWARD_RETURN_IF_ERROR(zip.add(kManifestPath, as_bytes(*text)));
  for (const Member* member : members) {
    DURWARD_RETURN_IF_ERROR(zip.begin(member->named.path, member->named.bytes, member->crc32));
    if (const auto* bytes = std::get_if<std::vector<std::byte>>(&member->source)) {
      DURWARD_RETURN_IF_ERROR(zip.write(*bytes));
    } else {
      const auto& source = std::get<std::filesystem::path>(member->source);
      DURWARD_RETURN_IF_ERROR(copy_file(source, member->named, zip));
    }
  }
  if (key != nullptr) DURWARD_RETURN_IF_ERROR(add_signature(as_bytes(*text), *key, zip));
  DURWARD_RETURN_IF_ERROR(zip.finish());
  return output.commit();
}

absl::Status replace_manifest(const Bundle& bundle, Manifest manifest,
                              const std::filesystem::path& file, const SecretKey* key) {
  manifest.members = bundle.manifest().members;
  const absl::StatusOr<std::string> text = manifest_text(manifest);
  if (!text.ok()) return with_context(text.status(), kManifestPath);
  return write_members(bundle, as_bytes(*text), key, file);
}

absl::Status sign_bundle(const Bundle& bundle, const SecretKey& key,
                         const std::filesystem::path& file) {
  return write_members(bundle, bundle.manifest_bytes(), &key, file);
}

}  // namespace durward
