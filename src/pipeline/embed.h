// A model over a set of samples.
#pragma once

#include <filesystem>
#include <functional>

#include "base/progress.h"
#include "biometrics/embeddings.h"
#include "pipeline/samples.h"
#include "runtimes/embedder.h"

namespace durward {

// Makes a fresh embedder; called once for each thread.
using EmbedderFactory = std::function<absl::StatusOr<Embedder>()>;

// What a model gives for each sample, one row behind the other.
struct ModelOutputs {
  std::vector<float> rows;
  int dims = 0;
};

// The first output for every sample as it is, in their order, whatever the number of threads.
// Errors: the factory's and the embedder's; Cancelled.
[[nodiscard]] absl::StatusOr<ModelOutputs> run_samples(const Samples& samples,
                                                       const EmbedderFactory& factory, int threads,
                                                       const Progress& progress,
                                                       std::string_view step);

// One row for each entry of `samples_of_row`: the mean of the samples' embeddings, each of length
// 1, itself scaled to length 1; whatever the number of threads. Errors: those of run_samples;
// InvalidArgument for an embedding that is zero or not finite.
[[nodiscard]] absl::StatusOr<Embeddings> embed_samples(
    const Samples& samples, std::span<const std::vector<int64_t>> samples_of_row,
    const EmbedderFactory& factory, int threads, const Progress& progress, std::string_view step);

}  // namespace durward
