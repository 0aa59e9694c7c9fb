// How much of the loss each part of a model makes: its embeddings with that part alone in integers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/graph_judge.h"
#include "pipeline/quantized_models.h"
#include "quant/precision.h"

namespace durward {

struct UnitSensitivity {
  EmbeddingLoss alone;                         // this unit in int8, everything else in float
  std::optional<std::vector<TarLoss>> losses;  // of TAR, likewise; of the worst units alone
};

struct Sensitivity {
  std::vector<PrecisionUnit> units;
  std::vector<UnitSensitivity> of_unit;  // none for a unit that has no integer kernel
  EmbeddingLoss together;                // every unit in int8
  std::optional<std::vector<TarLoss>> losses_together;
};

// A model of which everything is known that makes it a mixture of precisions.
struct MixedModel {
  const QuantizedModels* models = nullptr;
  QuantizeOptions quantize = {};  // that `models` were made with

  // Of models->prepared, the units in these precisions. Errors: those of quantize().
  [[nodiscard]] absl::StatusOr<Graph> mixture(const std::vector<PrecisionUnit>& units,
                                              const std::vector<Precision>& precisions) const;
};

// With trials, the `worst` units by embedding loss are judged on them too. Errors: those of
// quantize() and of the judge.
[[nodiscard]] absl::StatusOr<Sensitivity> measure_sensitivity(const MixedModel& model,
                                                              const GraphJudge& judge,
                                                              int64_t worst,
                                                              const Progress& progress);

// Units that have an integer kernel, the most sensitive first.
[[nodiscard]] std::vector<size_t> most_sensitive(const Sensitivity& sensitivity);

}  // namespace durward
