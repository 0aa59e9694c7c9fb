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

// One row for each entry of `samples_of_row`: the mean of the samples' embeddings, each of length
// 1, itself scaled to length 1; whatever the number of threads. Errors: the factory's and the
// embedder's; InvalidArgument for an embedding that is zero or not finite; Cancelled.
[[nodiscard]] absl::StatusOr<Embeddings> embed_samples(
    const Samples& samples, std::span<const std::vector<int64_t>> samples_of_row,
    const EmbedderFactory& factory, int threads, const Progress& progress, std::string_view step);

}  // namespace durward
