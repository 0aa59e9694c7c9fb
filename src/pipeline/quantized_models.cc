#include "pipeline/quantized_models.h"

#include "passes/passes.h"
#include "quant/equalize.h"

namespace durward {
namespace {

class Quantizer {
 public:
  Quantizer(const CropStore& crops, const InputSpec& spec, const QuantizeModelsOptions& options)
      : crops_(crops), spec_(spec), options_(options) {}

  absl::StatusOr<Calibration> calibrated(const Graph& graph) {
    DURWARD_ASSIGN_OR_RETURN(const Activations activations,
                             make_activations(graph, crops_, spec_, options_.threads));
    executor_ = activations.executor;
    return calibrate(graph, activations.source,
                     {.threads = options_.threads, .progress = options_.progress});
  }

  absl::StatusOr<Graph> quantized(const Graph& graph) {
    DURWARD_ASSIGN_OR_RETURN(const Calibration calibration, calibrated(graph));
    return quantize(graph, calibration, options_.quantize);
  }

  [[nodiscard]] const std::string& executor() const { return executor_; }

 private:
  const CropStore& crops_;
  const InputSpec& spec_;
  const QuantizeModelsOptions& options_;
  std::string executor_;
};

// Each form starts from the prepared graph; one that changes nothing shares the reference's result.
absl::StatusOr<Graph> for_litert(const QuantizedModels& models, Quantizer& quantizer) {
  Graph graph = models.prepared;
  Graph quantised = models.reference;
  if (split_global_depthwise(graph)) {
    DURWARD_ASSIGN_OR_RETURN(quantised, quantizer.quantized(graph));
  }
  write_prelu_as_maximum(quantised);
  return quantised;
}

absl::StatusOr<Graph> for_onnxruntime(const QuantizedModels& models, Quantizer& quantizer) {
  Graph graph = models.prepared;
  if (!unfuse_prelu(graph)) return models.reference;
  decompose_prelu(graph, PreluEncoding::kDoubledLayerSum);
  fuse_activations(graph);
  return quantizer.quantized(graph);
}

}  // namespace

absl::StatusOr<QuantizedModels> quantize_models(const Graph& simplified, const CropStore& crops,
                                                const InputSpec& spec,
                                                const QuantizeModelsOptions& options) {
  Quantizer quantizer(crops, spec, options);
  QuantizedModels models;
  models.prepared = simplified;
  limit_prelu_slopes(models.prepared);
  fuse_activations(models.prepared);
  DURWARD_ASSIGN_OR_RETURN(Calibration calibration, quantizer.calibrated(models.prepared));
  if (options.equalize)
    DURWARD_RETURN_IF_ERROR(equalize(models.prepared, calibration, {}).status());
  DURWARD_ASSIGN_OR_RETURN(models.reference,
                           quantize(models.prepared, calibration, options.quantize));
  const std::set<ExportKind>& exports = options.exports;
  if (exports.contains(ExportKind::kTflite)) {
    DURWARD_ASSIGN_OR_RETURN(models.litert, for_litert(models, quantizer));
  }
  if (exports.contains(ExportKind::kOnnx) || exports.contains(ExportKind::kOrt)) {
    DURWARD_ASSIGN_OR_RETURN(models.onnxruntime, for_onnxruntime(models, quantizer));
  }
  models.executor = quantizer.executor();
  return models;
}

}  // namespace durward
