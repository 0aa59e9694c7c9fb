#include "pipeline/embed.h"

#include <algorithm>
#include <mutex>

#include "base/parallel.h"

namespace durward {

absl::StatusOr<Embeddings> embed_crops(const CropStore& crops, const EmbedderFactory& factory,
                                       int threads, const Progress& progress,
                                       std::string_view step) {
  std::vector<FaceEmbedder> embedders;
  for (int i = 0; i < std::max(1, threads); ++i) {
    DURWARD_ASSIGN_OR_RETURN(FaceEmbedder embedder, factory());
    embedders.push_back(std::move(embedder));
  }
  const auto dims = static_cast<size_t>(embedders[0].dims());
  std::vector<float> rows(static_cast<size_t>(crops.size()) * dims);
  std::mutex mutex;
  int64_t done = 0;
  DURWARD_RETURN_IF_ERROR(parallel_for(
      crops.size(), static_cast<int>(embedders.size()), [&](int64_t i, int worker) -> absl::Status {
        DURWARD_ASSIGN_OR_RETURN(const Image crop, crops.read(i));
        DURWARD_ASSIGN_OR_RETURN(const std::vector<float> row,
                                 embedders[static_cast<size_t>(worker)].embed(crop));
        std::copy(row.begin(), row.end(),
                  rows.begin() + static_cast<int64_t>(static_cast<size_t>(i) * dims));
        const std::lock_guard<std::mutex> lock(mutex);
        ++done;
        if (progress && !progress(step, done, crops.size())) {
          return absl::CancelledError(absl::StrCat("stopped while ", std::string(step)));
        }
        return absl::OkStatus();
      }));
  return Embeddings::normalise(std::move(rows), static_cast<int>(dims));
}

}  // namespace durward
