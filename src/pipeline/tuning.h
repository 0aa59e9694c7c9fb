// Fine-tuning: the float model teaches its quantised form.
#pragma once

#include "pipeline/calibration_set.h"
#include "pipeline/quantized_models.h"
#include "tune/tune.h"

namespace durward {

struct TunedModels {
  QuantizedModels models;  // quantised anew, with what training found
  TuneOutcome outcome;
  // Of the outcome's witnesses: elements that the reference executor computes on models.reference,
  // and how many of them are those that training saw, bit for bit.
  int64_t witnessed = 0, equal = 0;
};

// `simplified` is the teacher, `models` quantize_models() of it; `training` to train on, pictures
// with their mirror images. `calibration` and `options` are those that `models` were made with.
// Errors: InvalidArgument where everything that is trained on is known to be of one person; the
// tuner's, and those of quantize_models.
[[nodiscard]] absl::StatusOr<TunedModels> tune_models(
    const Graph& simplified, const QuantizedModels& models, const CalibrationSet& training,
    const Samples& calibration, const QuantizeModelsOptions& options, const Tuner& tuner,
    const TuneOptions& tuning);

}  // namespace durward
