// Writes bundles. The same manifest and members give the same bytes, in whatever order they were
// added; what is written is what Bundle::open accepts; the file appears whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "bundle/bundle.h"
#include "bundle/manifest.h"
#include "bundle/signature.h"

namespace durward {

class BundleWriter {
 public:
  // The manifest without its members: those are what is added.
  explicit BundleWriter(Manifest manifest) : manifest_(std::move(manifest)) {
    manifest_.members.clear();
  }

  // `path` is kPlanPath or begins with one of the folders in bundle.h. InvalidArgument for another
  // path or one that was added before.
  [[nodiscard]] absl::Status add(std::string path, std::string media_type,
                                 std::vector<std::byte> bytes);
  // The file is read twice, here and by write(), and never held whole. Errors as read_file's.
  [[nodiscard]] absl::Status add_file(std::string path, std::string media_type,
                                      std::filesystem::path source);

  // Signed where there is a key. InvalidArgument where the plan was not added or a field of the
  // manifest is wrong; Aborted where a file changed since it was added; ResourceExhausted for a
  // bundle over kMaxBundleBytes or a full disk.
  [[nodiscard]] absl::Status write(const std::filesystem::path& file,
                                   const SecretKey* key = nullptr) const;

 private:
  struct Member {
    ManifestMember named;
    uint32_t crc32 = 0;
    std::variant<std::vector<std::byte>, std::filesystem::path> source;
  };
  absl::Status check_path(std::string_view path) const;

  Manifest manifest_;
  std::vector<Member> members_;
};

// The same bundle with another manifest, whose members stay those of the bundle, written to `file`,
// which may be the bundle's own; signed where there is a key, else unsigned. Every member is
// checked before: DataLoss. InvalidArgument where a field of the manifest is wrong.
[[nodiscard]] absl::Status replace_manifest(const Bundle& bundle, Manifest manifest,
                                            const std::filesystem::path& file,
                                            const SecretKey* key = nullptr);

// The same bundle with this key's signature instead of the one that it may have, written to `file`,
// which may be the bundle's own. Every member is checked before: DataLoss.
[[nodiscard]] absl::Status sign_bundle(const Bundle& bundle, const SecretKey& key,
                                       const std::filesystem::path& file);

}  // namespace durward
