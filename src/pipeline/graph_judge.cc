#include "pipeline/graph_judge.h"

#include <algorithm>
#include <cmath>

#include "runtimes/compiled_graph.h"

namespace durward {
namespace {

constexpr int64_t kAnyArena = int64_t{1} << 30;  // rows are not streamed: faster to compile

}  // namespace

absl::StatusOr<GraphJudge> GraphJudge::create(const Graph& float_graph, const Samples& held_out,
                                              const TrialSet* trials,
                                              const EvaluateOptions& options) {
  GraphJudge judge(held_out, trials, options);
  DURWARD_ASSIGN_OR_RETURN(judge.float_embeddings_, judge.embed(float_graph));
  if (trials != nullptr) {
    DURWARD_ASSIGN_OR_RETURN(judge.float_system_, judge.evaluate(float_graph, "float"));
  }
  return judge;
}

absl::StatusOr<EmbedderFactory> GraphJudge::embedders(const Graph& graph) const {
  DURWARD_ASSIGN_OR_RETURN(const CompiledGraph compiled, CompiledGraph::create(graph, kAnyArena));
  return [compiled, shape = held_out_.shape]() -> absl::StatusOr<Embedder> {
    DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> model, compiled.load({}));
    return Embedder::create(std::move(model), shape);
  };
}

absl::StatusOr<Embeddings> GraphJudge::embed(const Graph& graph) const {
  DURWARD_ASSIGN_OR_RETURN(const EmbedderFactory factory, embedders(graph));
  std::vector<std::vector<int64_t>> rows;
  for (int64_t i = 0; i < held_out_.count; ++i) rows.push_back({i});
  // Without progress of its own: it takes seconds, and the caller counts variants.
  return embed_samples(held_out_, rows, factory, options_.threads, {}, "judging");
}

absl::StatusOr<System> GraphJudge::evaluate(const Graph& graph, std::string_view name) const {
  DURWARD_ASSIGN_OR_RETURN(const EmbedderFactory factory, embedders(graph));
  return evaluate_system(*trials_, {std::string(name), RuntimeKind::kEngine, {}}, factory,
                         options_);
}

absl::StatusOr<EmbeddingLoss> GraphJudge::embedding_loss(const Graph& variant) const {
  DURWARD_ASSIGN_OR_RETURN(const Embeddings embeddings, embed(variant));
  EmbeddingLoss loss;
  double sum = 0, distance = 0;
  for (int64_t row = 0; row < embeddings.rows(); ++row) {
    const std::span<const float> exact = float_embeddings_->row(row), found = embeddings.row(row);
    // From the distance, which is exact where the cosine is all but 1.
    double squared = 0;
    for (size_t i = 0; i < exact.size(); ++i) {
      const double difference = double{exact[i]} - double{found[i]};
      squared += difference * difference;
    }
    const double cosine = 1 - squared / 2;
    sum += cosine;
    distance += squared;
    loss.lowest_cosine = std::min(loss.lowest_cosine, cosine);
  }
  const auto rows = static_cast<double>(embeddings.rows());
  loss.mean_cosine = sum / rows;
  loss.snr_db = -10 * std::log10(distance / rows);
  return loss;
}

absl::StatusOr<GraphJudge::Trials> GraphJudge::on_trials(const Graph& variant,
                                                         std::string_view name) const {
  DURWARD_ASSIGN_OR_RETURN(System system, evaluate(variant, name));
  DURWARD_ASSIGN_OR_RETURN(std::vector<TarLoss> losses,
                           tar_losses(float_system_->evaluation, system.evaluation));
  return Trials{std::move(system.evaluation), std::move(losses)};
}

}  // namespace durward
