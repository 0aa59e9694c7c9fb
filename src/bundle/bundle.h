// The bundle: a model compiled for the engine with everything that is known about it, in one file
// that is mapped, checked and then read in place. docs/bundle.md describes the file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "base/status.h"
#include "bundle/manifest.h"
#include "bundle/member_place.h"
#include "bundle/signature.h"
#include "bundle/zip_layout.h"
#include "bundle/zip_reader.h"

namespace durward {

enum class SignatureState : uint8_t { kUnsigned, kUnknownKey, kTrusted, kBad };

// "unsigned", "signed by an unknown key", "signed by a trusted key", "bad signature".
[[nodiscard]] std::string_view to_string(SignatureState state);

struct BundleOptions {
  enum class Require : uint8_t {
    kNothing,           // to look at: a bad signature is only told
    kNoBadSignature,    // whoever signed it, if anybody did
    kTrustedSignature,  // what a device that has keys runs
  };
  std::vector<PublicKey> trusted_keys = {};
  Require require = Require::kNoBadSignature;
  int64_t max_bytes = kMaxBundleBytes;
};

// Reading is const and may be done by several threads at once. Spans and views are valid as long as
// the bundle, also after it was moved.
class Bundle {
 public:
  // Maps the file and checks it: the archive, the manifest, the signature, that the members are
  // those which the manifest names, and the plan's digest. Other members are checked when they are
  // asked for. The file must not be changed in place meanwhile.
  //
  // Errors name the file, the member and the field: MappedFile::open's; DataLoss for whatever is
  // not as docs/bundle.md has it; Unimplemented for a schema of another version; PermissionDenied
  // where the signature is not what options.require asks for.
  [[nodiscard]] static absl::StatusOr<Bundle> open(const std::filesystem::path& path,
                                                   const BundleOptions& options = {});
  // The same for bytes that outlive the bundle; `name` stands for the file in errors.
  [[nodiscard]] static absl::StatusOr<Bundle> read(std::span<const std::byte> bytes,
                                                   std::string name,
                                                   const BundleOptions& options = {});

  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] std::span<const std::byte> manifest_bytes() const { return members_[0].bytes; }
  [[nodiscard]] SignatureState signature_state() const { return signature_state_; }
  // The key that the signature names; none where it is unsigned. Only kTrusted says whose it is.
  [[nodiscard]] const std::optional<PublicKey>& signing_key() const { return signing_key_; }

  // FlatBuffers, not verified. Aligned to 64 bytes in the file, and so are all members; mapped, in
  // memory too.
  [[nodiscard]] std::span<const std::byte> plan() const { return members_[1].bytes; }
  // A member of the manifest. NotFound; DataLoss where its digest is another than the manifest's.
  [[nodiscard]] absl::StatusOr<std::span<const std::byte>> member(std::string_view path) const;
  // Checks every member, also those checked before: memory and disks fail. With the CRC-32 of the
  // archive, which says nothing that a digest does not, but is what other ZIP readers go by.
  // DataLoss.
  [[nodiscard]] absl::Status check_members() const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int64_t bytes() const { return bytes_; }

 private:
  Bundle() = default;
  absl::Status read_manifest();
  absl::Status match_members() const;
  absl::Status check_signature(const std::vector<PublicKey>& trusted);
  absl::Status check_digest(size_t index) const;
  absl::Status load(std::span<const std::byte> bytes, const BundleOptions& options);

  std::string name_;
  MappedFile file_;
  int64_t bytes_ = 0;
  std::vector<ZipMember> members_;  // manifest.json, then those of manifest_.members in their order
  std::optional<ZipMember> signature_;
  Manifest manifest_;
  SignatureState signature_state_ = SignatureState::kUnsigned;
  std::optional<PublicKey> signing_key_;
};

}  // namespace durward
