// What each step of post-training quantisation is worth: the model without it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/graph_judge.h"
#include "pipeline/quantized_models.h"

namespace durward {

struct AblationRow {
  std::string name;  // "all steps", "without bias correction", ..., "none of them"
  EmbeddingLoss loss;
  std::optional<std::vector<TarLoss>> losses;  // of TAR against float, where there are trials
};

// The first row is of `options` as they are, the others each lack one of the steps that those take,
// or round weights in the other way, and the last lacks all of them. Errors: those of
// quantize_models and of the judge.
[[nodiscard]] absl::StatusOr<std::vector<AblationRow>> ablate(const Graph& simplified,
                                                              const Samples& samples,
                                                              const QuantizeModelsOptions& options,
                                                              const GraphJudge& judge);

}  // namespace durward
