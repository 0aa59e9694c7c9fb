// From one float graph to the INT8 graphs that the exports re-encode.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/progress.h"
#include "pipeline/activations.h"
#include "pipeline/target.h"
#include "quant/quantize.h"
#include "quant/reconstruct.h"

namespace durward {

// What quantisation-aware training left in the model, and was kept.
struct KeptScales {
  int64_t activations = 0;             // of the prepared graph
  int64_t layers = 0, all_layers = 0;  // whose weights kept theirs; that have weights
};

// The runtimes have fast int8 kernels for different forms of the same function (docs/encodings.md).
struct QuantizedModels {
  Graph prepared;   // float: equalised, activations fused; what the others were quantised from
  Graph reference;  // each PReLU fused into its layer: our arithmetic, and OpenVINO's form
  // Only where an export needs them:
  Graph litert;              // PReLU as the larger of two layers, the global depthwise layer split
  Graph onnxruntime;         // PReLU as a sum of two layers
  Calibration calibration;   // of `prepared`
  LayerInputs layer_inputs;  // by which weights were rounded; empty with Rounding::kNearest
  std::string executor;      // what supplied the activations
  std::optional<KeptScales> kept;  // of a model that came with scales
  bool equalized = false;          // scales were moved between layers
};

struct QuantizeModelsOptions {
  QuantizeOptions quantize = {};
  bool equalize = true;
  Rounding rounding = Rounding::kNearest;
  std::set<ExportKind> exports = all_export_kinds();
  int threads = 1;
  Progress progress = {};
};

// `simplified` has gone through simplify(). Where it has trained scales (take_quantization), those
// are kept: no equalisation and no correction of biases, which would change what they are of, no
// other rounding, and calibration decides on the rest alone. Errors: those of calibrate, equalize
// and quantize.
[[nodiscard]] absl::StatusOr<QuantizedModels> quantize_models(const Graph& simplified,
                                                              const Samples& samples,
                                                              const QuantizeModelsOptions& options);

}  // namespace durward
