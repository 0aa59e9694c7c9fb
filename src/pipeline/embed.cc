#include "pipeline/embed.h"

#include <algorithm>
#include <mutex>

#include "base/parallel.h"

namespace durward {

absl::StatusOr<ModelOutputs> run_samples(const Samples& samples, const EmbedderFactory& factory,
                                         int threads, const Progress& progress,
                                         std::string_view step) {
  std::vector<Embedder> embedders;
  for (int i = 0; i < std::max(1, threads); ++i) {
    DURWARD_ASSIGN_OR_RETURN(Embedder embedder, factory());
    embedders.push_back(std::move(embedder));
  }
  const auto dims = static_cast<size_t>(embedders[0].dims());
  std::vector<float> rows(static_cast<size_t>(samples.count) * dims);
  std::mutex mutex;
  int64_t done = 0;
  DURWARD_RETURN_IF_ERROR(parallel_for(
      samples.count, static_cast<int>(embedders.size()),
      [&](int64_t i, int worker) -> absl::Status {
        DURWARD_ASSIGN_OR_RETURN(const std::vector<float> sample, read_sample(samples, i));
        DURWARD_ASSIGN_OR_RETURN(const std::vector<float> row,
                                 embedders[static_cast<size_t>(worker)].embed(sample));
        std::copy(row.begin(), row.end(),
                  rows.begin() + static_cast<int64_t>(static_cast<size_t>(i) * dims));
        const std::lock_guard<std::mutex> lock(mutex);
        ++done;
        if (progress && !progress(step, done, samples.count)) {
          return absl::CancelledError(absl::StrCat("stopped while ", std::string(step)));
        }
        return absl::OkStatus();
      }));
  return ModelOutputs{std::move(rows), static_cast<int>(dims)};
}

absl::StatusOr<Embeddings> embed_samples(const Samples& samples,
                                         std::span<const std::vector<int64_t>> samples_of_row,
                                         const EmbedderFactory& factory, int threads,
                                         const Progress& progress, std::string_view step) {
  DURWARD_ASSIGN_OR_RETURN(ModelOutputs outputs,
                           run_samples(samples, factory, threads, progress, step));
  DURWARD_ASSIGN_OR_RETURN(const Embeddings each,
                           Embeddings::normalise(std::move(outputs.rows), outputs.dims));
  return each.means(samples_of_row);
}

}  // namespace durward
