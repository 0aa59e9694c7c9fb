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

// "channels RGB, height 112, ...": whatever the object has; of a table only how long it is.
std::string one_line(const json& object) {
  std::string text;
  for (const auto& [key, value] : object.items()) {
    const bool table = value.is_array() && !value.empty() && value[0].is_object();
    text += (text.empty() ? "" : ", ") + plain(key) + " " +
            (table ? std::to_string(value.size()) : plain(value));
  }
  return text;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string interval_text(const std::optional<std::array<double, 2>>& interval) {
  if (!interval) return "none";
  return "[" + number((*interval)[0]) + ", " + number((*interval)[1]) + "]";
}

std::string points_text(const std::vector<CertifiedPoint>& points) {
  if (points.empty()) return "";
  TextTable table({"for FAR", "threshold", "95 %", "FAR at most", "TAR", "TAR at least"});
  for (const CertifiedPoint& point : points) {
    table.add({number(point.far), number(point.threshold), interval_text(point.threshold_interval),
               number(point.far_bound), number(point.tar), number(point.tar_bound)});
  }
  return table.text();
}

std::string templates_text(const std::vector<ForeignTemplates>& all) {
  std::string text;
  for (const ForeignTemplates& templates : all) {
    text += "templates enrolled by model " + shortened(templates.model_sha256) + ", loss of TAR:";
    for (const ForeignTemplates::Loss& loss : templates.losses) {
      text += " " + number(loss.tar_loss) + " at FAR " + number(loss.far);
      if (loss.loss_bound) text += " (at most " + number(*loss.loss_bound) + ")";
      text += &loss == &templates.losses.back() ? "" : ",";
    }
    text += "\n";
  }
  return text;
}

std::string certificate_text(const std::optional<Certificate>& certificate) {
  if (!certificate) return "no certificate: the model was not evaluated\n";
  std::string text = "certificate:   " + plain(certificate->score) + ", on trials " +
                     shortened(certificate->trials_sha256) + ": " +
                     std::to_string(certificate->genuine_trials) + " genuine and " +
                     std::to_string(certificate->impostor_trials) + " impostor trials of " +
                     std::to_string(certificate->people) + " people\n" +
                     plain(certificate->method) + "\n" + points_text(certificate->points);
  for (const RefusedFar& refused : certificate->refused) {
    text += "FAR " + number(refused.far) + " is not promised: " + plain(refused.reason) + "\n";
  }
  return text + templates_text(certificate->templates);
}

std::string calibration_text(const std::optional<CertifiedCalibration>& certified) {
  if (!certified) return "no score calibration: its scores cannot be weighed (durward calibrate)\n";
  const ScoreCalibration& calibration = certified->calibration;
  std::string text = "LLR of a score: " + number(calibration.llr.offset);
  for (size_t i = 0; i < calibration.features.size(); ++i) {
    text += " + " + number(calibration.llr.weights[i]) + " " + plain(calibration.features[i]);
  }
  return text + "; Cllr " + number(certified->cllr) + ", minCllr " + number(certified->min_cllr) +
         " bits on half of " + std::to_string(certified->people) + " people\n";
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
         certificate_text(manifest.certificate) + calibration_text(manifest.score_calibration) +
         "\n" + members_text(manifest.members);
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
