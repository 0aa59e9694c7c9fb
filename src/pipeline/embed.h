// A model over a set of crops.
#pragma once

#include <filesystem>
#include <functional>

#include "base/progress.h"
#include "biometrics/embeddings.h"
#include "pipeline/crop_store.h"
#include "vision/face_embedder.h"

namespace durward {

// Makes a fresh embedder; called once for each thread.
using EmbedderFactory = std::function<absl::StatusOr<FaceEmbedder>()>;

// One row per crop, in the crops' order, whatever the number of threads. Errors: the factory's and
// the embedder's; InvalidArgument for an embedding that is zero or not finite; Cancelled.
[[nodiscard]] absl::StatusOr<Embeddings> embed_crops(const CropStore& crops,
                                                     const EmbedderFactory& factory, int threads,
                                                     const Progress& progress,
                                                     std::string_view step);

}  // namespace durward
