#include "bundle/manifest.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>

#include <cmath>
#include <limits>

#include "bundle/json_fields.h"
#include "bundle/zip_layout.h"

namespace durward {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

Lineage read_lineage(const JsonField& field) {
  field.expect_fields({"calibration_sha256", "choices"});
  Lineage lineage;
  const JsonField calibration = field["calibration_sha256"];
  if (!calibration.is_null()) lineage.calibration_sha256 = calibration.sha256();
  lineage.choices = field["choices"].object();
  return lineage;
}

bool is_media_type(std::string_view text) {
  const size_t slash = text.find('/');
  const auto is_token = [](std::string_view part) {
    for (const char c : part) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '+' && c != '-') {
        return false;
      }
    }
    return !part.empty();
  };
  return slash != std::string_view::npos && is_token(text.substr(0, slash)) &&
         is_token(text.substr(slash + 1));
}

ManifestMember read_member(const JsonField& field) {
  field.expect_fields({"path", "bytes", "sha256", "media_type"});
  ManifestMember member;
  member.path = field["path"].text();
  if (const absl::Status status = check_member_name(member.path); !status.ok()) {
    field["path"].refuse(std::string(status.message()));
  }
  member.bytes = field["bytes"].whole(0, kMaxBundleBytes);
  member.sha256 = field["sha256"].sha256();
  member.media_type = field["media_type"].text();
  if (!is_media_type(member.media_type)) {
    field["media_type"].refuse("must be a media type, as \"application/json\"");
  }
  return member;
}

// Read before anything else: a later schema may have other fields.
absl::Status check_schema(const json& document) {
  const auto schema = document.is_object() ? document.find("schema") : document.end();
  if (!document.is_object() || schema == document.end() || !schema->is_string()) {
    return absl::InvalidArgumentError("schema: must be the name of the manifest's schema");
  }
  const auto& name = schema->get_ref<const std::string&>();
  if (name == kBundleSchema) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("schema: \"", absl::CHexEscape(name.substr(0, 100)),
                                               "\" is unknown; this version reads \"",
                                               std::string(kBundleSchema), "\""));
}

Manifest read_manifest(const JsonField& root) {
  // Bundles of before have no such field, and are written without it where there is nothing in it.
  const bool calibrated = root.has("score_calibration");
  if (calibrated) {
    root.expect_fields({"schema", "tool_version", "model", "preprocessing", "certificate",
                        "score_calibration", "lineage", "members"});
  } else {
    root.expect_fields(
        {"schema", "tool_version", "model", "preprocessing", "certificate", "lineage", "members"});
  }
  Manifest manifest;
  manifest.tool_version = root["tool_version"].text();
  const JsonField model = root["model"].expect_fields({"name", "source_sha256"});
  manifest.model = {model["name"].text(), model["source_sha256"].sha256()};
  manifest.preprocessing = root["preprocessing"].object();
  const JsonField certificate = root["certificate"];
  if (!certificate.is_null()) manifest.certificate = read_certificate(certificate);
  if (calibrated) {
    manifest.score_calibration = read_certified_calibration(root["score_calibration"]);
  }
  manifest.lineage = read_lineage(root["lineage"]);
  for (const JsonField& field : root["members"].items(kMaxMembers)) {
    manifest.members.push_back(read_member(field));
  }
  return manifest;
}

template <typename Value>
json or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json();
}

// Fields in the order in which docs/bundle.md lists them.
ordered_json to_json(const Manifest& manifest) {
  ordered_json document = {
      {"schema", kBundleSchema},
      {"tool_version", manifest.tool_version},
      {"model", {{"name", manifest.model.name}, {"source_sha256", manifest.model.source_sha256}}},
      {"preprocessing", manifest.preprocessing},
      {"certificate", manifest.certificate ? to_json(*manifest.certificate) : ordered_json()},
  };
  if (manifest.score_calibration) {
    document["score_calibration"] = to_json(*manifest.score_calibration);
  }
  document["lineage"] = {{"calibration_sha256", or_null(manifest.lineage.calibration_sha256)},
                         {"choices", manifest.lineage.choices}};
  document["members"] = ordered_json::array();
  for (const ManifestMember& member : manifest.members) {
    document["members"].push_back({{"path", member.path},
                                   {"bytes", member.bytes},
                                   {"sha256", member.sha256},
                                   {"media_type", member.media_type}});
  }
  return document;
}

}  // namespace

absl::StatusOr<Manifest> parse_manifest(std::string_view text) {
  if (text.size() > static_cast<size_t>(kMaxManifestBytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("it has ", text.size(), " bytes, more than the limit of ", kMaxManifestBytes));
  }
  DURWARD_ASSIGN_OR_RETURN(const json document, parse_strict_json(text));
  DURWARD_RETURN_IF_ERROR(check_schema(document));
  absl::Status status;
  Manifest manifest = read_manifest(JsonField(document, status));
  if (!status.ok()) return status;
  return manifest;
}

absl::StatusOr<std::string> manifest_text(const Manifest& manifest) {
  // Names that are no UTF-8 get replacement characters here instead of an exception.
  std::string text = to_json(manifest).dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  DURWARD_RETURN_IF_ERROR(parse_manifest(text).status());
  return text;
}

}  // namespace durward
