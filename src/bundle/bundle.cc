#include "bundle/bundle.h"

#include <algorithm>

#include "base/sha256.h"
#include "bundle/crc32.h"

namespace durward {
namespace {

absl::Status damaged(std::string_view member, std::string_view what) {
  return absl::DataLossError(absl::StrCat(std::string(member), ": ", std::string(what)));
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

absl::Status check_crc(const ZipMember& member) {
  if (crc32(member.bytes) == member.crc32) return absl::OkStatus();
  return damaged(member.name, "its CRC-32 is another than the archive's");
}

// The plan is the first that the manifest names, and no other has its name.
absl::Status check_place(size_t index, std::string_view path) {
  const std::optional<MemberPlace> place = member_place(path);
  if (!place) return damaged(path, "it is not in golden/, exports/ or evidence/");
  if ((index == 0) == (place == MemberPlace::kPlan)) return absl::OkStatus();
  return damaged(path, "plan.fb must be the first member after the manifest");
}

absl::Status check_requirement(BundleOptions::Require require, SignatureState state) {
  using Require = BundleOptions::Require;
  const bool accepted = require == Require::kNothing || state == SignatureState::kTrusted ||
                        (require == Require::kNoBadSignature && state != SignatureState::kBad);
  if (accepted) return absl::OkStatus();
  switch (state) {
    case SignatureState::kBad:
      return absl::PermissionDeniedError(
          absl::StrCat(std::string(kSignaturePath), ": the signature is not one of this manifest"));
    case SignatureState::kUnsigned:
      return absl::PermissionDeniedError("it is unsigned; a trusted key's signature is required");
    default:
      return absl::PermissionDeniedError("it is signed by a key that is not trusted");
  }
}

}  // namespace

std::string_view to_string(SignatureState state) {
  switch (state) {
    case SignatureState::kUnsigned:
      return "unsigned";
    case SignatureState::kUnknownKey:
      return "signed by an unknown key";
    case SignatureState::kTrusted:
      return "signed by a trusted key";
    case SignatureState::kBad:
      return "bad signature";
  }
  return "";
}

absl::StatusOr<Bundle> Bundle::open(const std::filesystem::path& path,
                                    const BundleOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(MappedFile file, MappedFile::open(path, options.max_bytes));
  DURWARD_ASSIGN_OR_RETURN(Bundle bundle, read(file.bytes(), path.string(), options));
  bundle.file_ = std::move(file);
  return bundle;
}

absl::StatusOr<Bundle> Bundle::read(std::span<const std::byte> bytes, std::string name,
                                    const BundleOptions& options) {
  Bundle bundle;
  bundle.name_ = std::move(name);
  if (absl::Status status = bundle.load(bytes, options); !status.ok()) {
    return with_context(status, bundle.name_);
  }
  return bundle;
}

absl::Status Bundle::load(std::span<const std::byte> bytes, const BundleOptions& options) {
  bytes_ = static_cast<int64_t>(bytes.size());
  DURWARD_ASSIGN_OR_RETURN(members_, read_zip(bytes));
  if (members_.size() > 1 && members_.back().name == kSignaturePath) {
    signature_ = members_.back();
    members_.pop_back();
  }
  DURWARD_RETURN_IF_ERROR(read_manifest());
  DURWARD_RETURN_IF_ERROR(check_signature(options.trusted_keys));
  DURWARD_RETURN_IF_ERROR(check_requirement(options.require, signature_state_));
  DURWARD_RETURN_IF_ERROR(match_members());
  return check_digest(0);  // the plan; what it does not need to run waits until it is asked for
}

absl::Status Bundle::read_manifest() {
  if (members_.empty() || members_[0].name != kManifestPath) {
    return damaged(kManifestPath, "it is not the first member: this is no bundle");
  }
  DURWARD_RETURN_IF_ERROR(check_crc(members_[0]));
  absl::StatusOr<Manifest> manifest = parse_manifest(as_text(members_[0].bytes));
  if (absl::IsUnimplemented(manifest.status())) {
    return with_context(manifest.status(), kManifestPath);
  }
  if (!manifest.ok()) return damaged(kManifestPath, std::string(manifest.status().message()));
  manifest_ = *std::move(manifest);
  return absl::OkStatus();
}

absl::Status Bundle::check_signature(const std::vector<PublicKey>& trusted) {
  if (!signature_) return absl::OkStatus();
  DURWARD_RETURN_IF_ERROR(check_crc(*signature_));
  const absl::StatusOr<ManifestSignature> signature = parse_signature(as_text(signature_->bytes));
  if (!signature.ok()) return damaged(kSignaturePath, std::string(signature.status().message()));
  signing_key_ = signature->key;
  if (!is_valid(*signature, members_[0].bytes)) {
    signature_state_ = SignatureState::kBad;
  } else {
    const bool known = std::find(trusted.begin(), trusted.end(), signature->key) != trusted.end();
    signature_state_ = known ? SignatureState::kTrusted : SignatureState::kUnknownKey;
  }
  return absl::OkStatus();
}

absl::Status Bundle::match_members() const {
  const std::vector<ManifestMember>& named = manifest_.members;
  for (size_t i = 0; i < std::max(named.size(), members_.size() - 1); ++i) {
    if (i == named.size()) {
      return damaged(members_[i + 1].name, "the manifest does not name this member");
    }
    if (i == members_.size() - 1) {
      return damaged(named[i].path, "the manifest names this member, but it is not there");
    }
    const ZipMember& member = members_[i + 1];
    if (named[i].path != member.name) {
      return damaged(member.name,
                     absl::StrCat("the manifest names ", named[i].path, " in its place"));
    }
    DURWARD_RETURN_IF_ERROR(check_place(i, member.name));
    if (named[i].bytes != static_cast<int64_t>(member.bytes.size())) {
      return damaged(member.name, absl::StrCat("it has ", member.bytes.size(),
                                               " bytes; the manifest says ", named[i].bytes));
    }
  }
  if (!named.empty()) return absl::OkStatus();
  return damaged(kPlanPath, "it is not there");
}

absl::Status Bundle::check_digest(size_t index) const {
  const ZipMember& member = members_[index + 1];
  if (sha256_hex(member.bytes) == manifest_.members[index].sha256) return absl::OkStatus();
  return damaged(member.name, "its SHA-256 is another than the manifest's");
}

absl::StatusOr<std::span<const std::byte>> Bundle::member(std::string_view path) const {
  for (size_t i = 0; i < manifest_.members.size(); ++i) {
    if (manifest_.members[i].path != path) continue;
    if (absl::Status status = check_digest(i); !status.ok()) return with_context(status, name_);
    return members_[i + 1].bytes;
  }
  return absl::NotFoundError(absl::StrCat(name_, ": it has no member ", std::string(path)));
}

absl::Status Bundle::check_members() const {
  for (size_t i = 0; i < manifest_.members.size(); ++i) {
    absl::Status status = check_crc(members_[i + 1]);
    status.Update(check_digest(i));
    if (!status.ok()) return with_context(status, name_);
  }
  return absl::OkStatus();
}

}  // namespace durward
