// What a finished bundle says of its scores, found again on other trials: what they weigh, and what
// templates of older models are worth against it.
#pragma once

#include <filesystem>
#include <vector>

#include "bundle/key_file.h"
#include "bundle/manifest.h"
#include "pipeline/evaluate.h"

namespace durward {

struct CalibrateRequest {
  std::filesystem::path bundle;
  std::filesystem::path output;  // may be the bundle
  // Bundles that enrolled templates which are still in use: each gets an entry in the certificate's
  // `templates`, under the digest of its plan, by which a device knows its templates.
  std::vector<std::filesystem::path> enrollers;
  const SecretKey* key = nullptr;  // signs; none: the result is unsigned
  EvaluateOptions evaluation = {};
};

// Writes the bundle with a new score calibration. Errors: calibrate_scores'; FailedPrecondition
// where `enrollers` are named and the bundle has no certificate; those of evaluating, and of
// replace_manifest.
[[nodiscard]] absl::StatusOr<Manifest> calibrate_bundle(const TrialSet& set,
                                                        const CalibrateRequest& request);

// SHA-256 of a bundle's plan, as its manifest has it: the version of the templates it makes.
[[nodiscard]] std::string plan_sha256(const Manifest& manifest);

}  // namespace durward
