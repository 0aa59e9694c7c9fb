// Models judged by authentication: one system alone, and one against another on the same trials.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "biometrics/changed_decisions.h"
#include "biometrics/evaluation.h"
#include "biometrics/group_rates.h"
#include "pipeline/condition_rates.h"
#include "pipeline/embed.h"
#include "pipeline/trial_set.h"

namespace durward {

// A model file in a runtime.
struct Variant {
  std::string name;  // "fp32", "int8 litert", ...; unique within a report
  RuntimeKind runtime = RuntimeKind::kOnnxRuntime;
  std::filesystem::path file;
};

// The runtime that a file is for: .bundle our engine, .tflite LiteRT, .onnx and .ort ONNX Runtime,
// .xml OpenVINO. InvalidArgument for others.
[[nodiscard]] absl::StatusOr<RuntimeKind> runtime_for(const std::filesystem::path& file);

// Loads the file in its runtime, one thread for each embedder, to be shown such samples.
[[nodiscard]] EmbedderFactory embedder_factory(const Variant& variant, const Samples& samples);

struct EvaluateOptions {
  int threads = 1;
  EvaluationOptions figures = {};
  Progress progress = {};
};

struct System {
  Variant variant;
  Embeddings embeddings;
  ScoredTrials scored;
  Evaluation evaluation;
  std::vector<ConditionRates> conditions = {};  // where the trials have some
};

// Embeds the trials' samples and computes the figures. `factory` makes the model's embedder.
[[nodiscard]] absl::StatusOr<System> evaluate_system(const TrialSet& set, Variant variant,
                                                     const EmbedderFactory& factory,
                                                     const EvaluateOptions& options);

// The same for a model file.
[[nodiscard]] absl::StatusOr<System> evaluate_file(const TrialSet& set, Variant variant,
                                                   const EvaluateOptions& options);

// One side enrolled by one system, the other probed by the other.
struct CrossPrecision {
  Evaluation before_enrols;  // templates of `before`, probes of `after`: a fleet that was updated
  Evaluation after_enrols;
};

// Both at the operating FAR, each at its own threshold.
struct GroupChange {
  double threshold_before = 0, threshold_after = 0;
  GroupDifferential before = {}, after = {};
};

struct Comparison {
  std::vector<TarLoss> losses;
  std::vector<ThresholdDrift> drift;
  // Absent where the two systems' embeddings have different lengths.
  std::optional<CrossPrecision> cross;
  std::vector<TarLoss> cross_losses;  // of CrossPrecision::before_enrols against `before`
  // The strictest FAR that both systems were evaluated at, with 30 false accepts or more behind it
  // where there is such a one; and the decisions that differ there, each at its own threshold.
  double operating_far = 0;
  std::optional<ChangedDecisions> changed;
  std::optional<GroupChange> groups;  // where the trials name groups
  // Cosine between the two systems' embeddings of the same row.
  double mean_cosine = 0, lowest_cosine = 0, first_percentile_cosine = 0;
};

// A sentence for each rate (false matches, false non-matches) whose worst group is further from the
// mean of all groups after than it was before.
[[nodiscard]] std::vector<std::string> widened_differentials(const System& before,
                                                             const System& after,
                                                             const Comparison& comparison);

[[nodiscard]] absl::StatusOr<Comparison> compare_systems(const TrialSet& set, const System& before,
                                                         const System& after,
                                                         const EvaluateOptions& options);

}  // namespace durward
