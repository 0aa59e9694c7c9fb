// Evaluations as parts of a result document (docs/result-json.md).
#pragma once

#include <nlohmann/json.hpp>

#include "pipeline/certificate.h"
#include "pipeline/evaluate.h"
#include "report/result_json.h"

namespace durward {

// The members that describe the trials: "source", "images", "images_skipped", "lost_trials",
// "replicates", "seed".
[[nodiscard]] nlohmann::json trial_set_json(const TrialSet& set, const EvaluateOptions& options);

// An entry of "variants".
[[nodiscard]] nlohmann::json system_json(const System& system);

// Adds the comparison's entries to "losses", "drift", "cross" and "groups" of an "evaluation", and
// sets "changed", with thumbnails of the crops.
[[nodiscard]] absl::Status add_comparison(const TrialSet& set, const System& before,
                                          const System& after, const Comparison& comparison,
                                          nlohmann::json& evaluation);

// An entry of "certificates".
[[nodiscard]] nlohmann::json certificate_check_json(const System& system,
                                                    const CertificateCheck& check);

}  // namespace durward
