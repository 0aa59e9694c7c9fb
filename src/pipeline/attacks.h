// Presentation-attack detectors judged by their errors (ISO/IEC 30107-3): one model alone, and one
// against another on the same pictures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "biometrics/paired_errors.h"
#include "biometrics/presentation_attacks.h"
#include "data/presentations.h"
#include "pipeline/evaluate.h"
#include "pipeline/samples.h"

namespace durward {

// Pictures of one kind: live, or a species. Those in which no face was found, or that could not be
// read, are no decisions of the detector: they are counted apart (non-response).
struct PresentedKind {
  std::string name;
  int64_t pictures = 0, used = 0;
};

struct AttackSet {
  std::filesystem::path source;
  SampleSet samples;
  int live_class = 0;                                     // of the input specification
  std::vector<std::optional<int32_t>> species_of_sample;  // nothing: live
  PresentedKind live;
  std::vector<PresentedKind> species;
};

// Reads the list and makes samples of its pictures. FailedPrecondition where the input
// specification does not say which output is of live faces; errors of read_presentations and
// collect_samples.
[[nodiscard]] absl::StatusOr<AttackSet> load_attack_set(const std::filesystem::path& list,
                                                        const std::filesystem::path& image_root,
                                                        const SampleOptions& options);

struct AttackOptions {
  double bpcer_target = 0.01;
  int threads = 1;
  Progress progress = {};
};

struct AttackPoint {
  std::string name;  // "largest output", "BPCER 1 %"
  float threshold = 0;
  PresentationAttackRates rates;
};

// A score is how far the output of live faces lies above the largest other one: above 0 a picture
// is taken for live where the model has no other threshold. With two outputs that are logits it is
// the log odds of the two.
struct AttackSystem {
  Variant variant;
  std::vector<Presentation> scores;  // one per sample
  // By the largest output; at the target BPCER where there are live faces enough for it, at the
  // threshold that these same faces give.
  std::vector<AttackPoint> points;
};

// Runs a model file over the samples, in its runtime. Errors: those of the model; InvalidArgument
// where it has one output, or fewer than the input specification says, or one that is not finite.
[[nodiscard]] absl::StatusOr<AttackSystem> evaluate_attacks(const AttackSet& set, Variant variant,
                                                            const AttackOptions& options);

struct AttackChange {
  std::string name;  // of the point
  PairedPresentationErrors errors;
};

// At each point that both have, each at its own threshold. Both are of the same set.
[[nodiscard]] absl::StatusOr<std::vector<AttackChange>> compare_attacks(const AttackSystem& before,
                                                                        const AttackSystem& after);

}  // namespace durward
