// Variants of one model judged without a file between: each is compiled for our engine, and its
// embeddings are held against the float model's on samples that nothing was chosen by, and on
// trials.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "pipeline/evaluate.h"

namespace durward {

// Of a variant's embeddings against the float model's, over the held-out samples.
struct EmbeddingLoss {
  double mean_cosine = 1, lowest_cosine = 1;
  double snr_db = 0;  // of unit-length embeddings; 10 log10(1 / mean squared distance)

  [[nodiscard]] double loss() const { return 1 - mean_cosine; }
};

class GraphJudge {
 public:
  // `trials` may be nullptr; it must outlive the judge. Errors: those of embedding and evaluating
  // the float graph.
  [[nodiscard]] static absl::StatusOr<GraphJudge> create(const Graph& float_graph,
                                                         const Samples& held_out,
                                                         const TrialSet* trials,
                                                         const EvaluateOptions& options);

  [[nodiscard]] absl::StatusOr<EmbeddingLoss> embedding_loss(const Graph& variant) const;

  [[nodiscard]] bool has_trials() const { return trials_ != nullptr; }
  // Paired losses of TAR against the float graph. Needs trials.
  struct Trials {
    Evaluation evaluation;
    std::vector<TarLoss> losses;
  };
  [[nodiscard]] absl::StatusOr<Trials> on_trials(const Graph& variant, std::string_view name) const;

 private:
  GraphJudge(Samples held_out, const TrialSet* trials, const EvaluateOptions& options)
      : held_out_(std::move(held_out)), trials_(trials), options_(options) {}

  [[nodiscard]] absl::StatusOr<EmbedderFactory> embedders(const Graph& graph) const;
  [[nodiscard]] absl::StatusOr<Embeddings> embed(const Graph& graph) const;
  [[nodiscard]] absl::StatusOr<System> evaluate(const Graph& graph, std::string_view name) const;

  Samples held_out_;
  const TrialSet* trials_;
  EvaluateOptions options_;
  std::optional<Embeddings> float_embeddings_;
  std::optional<System> float_system_;
};

}  // namespace durward
