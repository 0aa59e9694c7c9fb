// Biometric figures as tables for a terminal.
#pragma once

#include <string>
#include <vector>

#include "pipeline/certificate.h"
#include "pipeline/evaluate.h"

namespace durward {

// "98.73 [97.83, 99.17]", in percent; without the interval where there is none.
[[nodiscard]] std::string tar_cell(double tar, const std::optional<Interval>& interval);

// Trials, people, pictures without a face, and FARs that are refused with the number of trials they
// would need.
[[nodiscard]] std::string trials_text(const TrialSet& set, const Evaluation& evaluation);

// A row per system: EER and TAR at each FAR with intervals.
[[nodiscard]] std::string systems_table(const std::vector<System>& systems);

// A row per condition of the trials: each system's EER with own thresholds and with one, with
// intervals; empty where there are no conditions.
[[nodiscard]] std::string conditions_table(const std::vector<System>& systems);

// Against the first system: loss of TAR at each FAR with its upper bound, threshold drift, and what
// happens when the two precisions meet.
[[nodiscard]] std::string comparison_tables(const System& before, const System& after,
                                            const Comparison& comparison);

// From one system to another: loss of TAR at each FAR with its upper bound.
[[nodiscard]] std::string losses_table(const System& before, const System& after,
                                       const std::vector<TarLoss>& losses);

// A share in hundredths: .0123 -> "1.23".
[[nodiscard]] std::string points(double share);

// A row per certified threshold: what it promises, and what these trials say of that.
[[nodiscard]] std::string certificate_check_table(const System& system,
                                                  const CertificateCheck& check);

}  // namespace durward
