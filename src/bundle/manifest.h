// What a bundle says about its model: manifest.json, as docs/bundle.md describes it. The manifest
// names every other member with its digest, so that a signature over it covers the whole bundle.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "bundle/certificate.h"
#include "bundle/certified_calibration.h"

namespace durward {

inline constexpr std::string_view kBundleSchema = "durward-bundle/1";
inline constexpr int64_t kMaxManifestBytes = int64_t{4} << 20;

// Digests are SHA-256 as 64 lower-case hexadecimal digits. Texts are not empty, at most 1024 bytes,
// and without control characters.

struct ModelIdentity {
  std::string name;
  std::string source_sha256;  // of the model file that was compiled

  bool operator==(const ModelIdentity&) const = default;
};

struct Lineage {
  std::optional<std::string> calibration_sha256;  // of the calibration list; none: not calibrated
  nlohmann::json choices = nlohmann::json::object();  // every choice made, as the tool names them

  bool operator==(const Lineage&) const = default;
};

struct ManifestMember {
  std::string path;
  int64_t bytes = 0;
  std::string sha256;
  std::string media_type;  // "application/json"

  bool operator==(const ManifestMember&) const = default;
};

struct Manifest {
  std::string tool_version;
  ModelIdentity model;
  // How a picture becomes the model's input: an object as docs/input-spec.md describes it, kept as
  // it is; whoever prepares inputs checks it.
  nlohmann::json preprocessing = nlohmann::json::object();
  std::optional<Certificate> certificate;  // none: the model was not evaluated
  // none: its scores say nothing about how much they weigh against other evidence
  std::optional<CertifiedCalibration> score_calibration;
  Lineage lineage;
  std::vector<ManifestMember> members;  // without manifest.json and manifest.sig

  bool operator==(const Manifest&) const = default;
};

// The text of manifest.json. Unimplemented for another schema; InvalidArgument for anything else,
// beginning with the field: "certificate.points[1].far: must be between 0 and 1".
[[nodiscard]] absl::StatusOr<Manifest> parse_manifest(std::string_view text);

// The same manifest always gives the same text. InvalidArgument, as above, for one that
// parse_manifest() would refuse.
[[nodiscard]] absl::StatusOr<std::string> manifest_text(const Manifest& manifest);

}  // namespace durward
