#include "bundle_text.h"

#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

constexpr size_t kShownDigest = 16;  // digits: enough to tell digests apart by eye

std::string shortened(const std::string& digest) { return digest.substr(0, kShownDigest); }

// Escaped as JSON escapes: these texts may hold what steers a terminal.
std::string plain(const json& value) {
  const std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true);
  return value.is_string() ? text.substr(1, text.size() - 2) : text;
}

// "channels RGB, height 112, ...": whatever the object has.
std::string one_line(const json& object) {
  std::string text;
  for (const auto& [key, value] : object.items()) {
    text += (text.empty() ? "" : ", ") + plain(key) + " " + plain(value);
  }
  return text;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string thresholds_text(const std::vector<Threshold>& thresholds) {
  if (thresholds.empty()) return "no thresholds: the model was not evaluated\n";
  TextTable table(
      {"FAR", "threshold", "95 %", "score", "genuine", "impostors", "data set", "method"});
  for (const Threshold& t : thresholds) {
    const std::string interval =
        t.interval ? "[" + number((*t.interval)[0]) + ", " + number((*t.interval)[1]) + "]"
                   : "none";
    table.add({number(t.far), number(t.threshold), interval, t.score,
               std::to_string(t.genuine_trials), std::to_string(t.impostor_trials),
               shortened(t.data_set_sha256), t.method});
  }
  return table.text();
}

std::string members_text(const std::vector<ManifestMember>& members) {
  TextTable table({"member", "bytes", "SHA-256", "type"});
  for (const ManifestMember& member : members) {
    table.add(
        {member.path, std::to_string(member.bytes), shortened(member.sha256), member.media_type});
  }
  return table.text();
}

std::string signature_text(const Bundle& bundle) {
  switch (bundle.signature_state()) {
    case SignatureState::kUnsigned:
      return "unsigned";
    case SignatureState::kBad:
      return "bad: the signature is not one of this manifest";
    default:
      return "valid, by " + signer_text(bundle) +
             "; whether that key is trusted says `durward bundle verify --key`";
  }
}

}  // namespace

std::string signer_text(const Bundle& bundle) {
  return bundle.signing_key() ? "key " + key_id(*bundle.signing_key()) : "";
}

std::string bundle_text(const Bundle& bundle) {
  const Manifest& manifest = bundle.manifest();
  const Lineage& lineage = manifest.lineage;
  return bundle.name() + "  (" + std::to_string(bundle.bytes()) + " bytes)\n" +
         "model:         " + manifest.model.name + ", source sha256 " +
         shortened(manifest.model.source_sha256) + "\n" + "made by:       durward " +
         manifest.tool_version + "\n" + "preprocessing: " + one_line(manifest.preprocessing) +
         "\n" + "calibration:   " +
         (lineage.calibration_sha256 ? "sha256 " + shortened(*lineage.calibration_sha256)
                                     : "none") +
         "\n" + "choices:       " + one_line(lineage.choices) + "\n" +
         "signature:     " + signature_text(bundle) + "\n\n" +
         thresholds_text(manifest.thresholds) + "\n" + members_text(manifest.members);
}

json bundle_json(const Bundle& bundle) {
  const auto text = bundle.manifest_bytes();
  json signature = {{"state", to_string(bundle.signature_state())}};
  if (bundle.signing_key()) signature["key_id"] = key_id(*bundle.signing_key());
  return {{"file", bundle.name()},
          {"bytes", bundle.bytes()},
          {"signature", std::move(signature)},
          {"manifest", json::parse(reinterpret_cast<const char*>(text.data()),
                                   reinterpret_cast<const char*>(text.data() + text.size()))}};
}

}  // namespace durward
