// Certificates: what a model's thresholds promise, found on trials, and checked on others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "biometrics/fixed_threshold.h"
#include "bundle/certificate.h"
#include "pipeline/evaluate.h"

namespace durward {

// Every FAR of the system's evaluation is promised with bounds, or refused with the reason.
// `templates` as they are to stand in the certificate. Errors: Cancelled; those of reading the
// trials' samples.
[[nodiscard]] absl::StatusOr<Certificate> make_certificate(const TrialSet& set,
                                                           const System& system,
                                                           std::vector<ForeignTemplates> templates,
                                                           const EvaluateOptions& options);

// What `probes` cost against templates that the model with this digest enrolled.
[[nodiscard]] ForeignTemplates foreign_templates(std::string enroller_sha256,
                                                 const Comparison& comparison);

// What a set of trials says of a promise.
enum class Promise : uint8_t {
  kKept,      // what was measured keeps it
  kUnclear,   // what was measured does not, but by less than chance allows
  kBroken,    // with 95 % confidence the rate is worse than promised on people like these
  kUntested,  // too few trials or people to tell
};

[[nodiscard]] std::string_view to_string(Promise promise);  // "kept", "unclear", ...

struct CertificateCheck {
  struct Point {
    CertifiedPoint certified;
    FixedThresholdRates measured;  // at the certified threshold
    Promise far = Promise::kUntested, tar = Promise::kUntested;
  };
  // The trials are those that the thresholds were chosen on: no independent test.
  bool same_trials = false;
  std::vector<Point> points;

  [[nodiscard]] bool broken() const;
};

// Holds the system, which is the certificate's, against it on other trials. Errors as above.
[[nodiscard]] absl::StatusOr<CertificateCheck> check_certificate(const Certificate& certificate,
                                                                 const TrialSet& set,
                                                                 const System& system,
                                                                 const EvaluateOptions& options);

}  // namespace durward
