#include "pipeline/quantized_models.h"

#include "passes/passes.h"
#include "quant/equalize.h"

namespace durward {
namespace {

class Quantizer {
 public:
  Quantizer(const CropStore& crops, const InputSpec& spec, const QuantizeModelsOptions& options)
      : crops_(crops), spec_(spec), options_(options) {}

  // Of the graph's tensors, those that the calibration lacks.
  absl::Status calibrate_rest(const Graph& graph, Calibration& calibration) {
    const std::vector<TensorId> tensors = uncalibrated_tensors(graph, calibration);
    DURWARD_ASSIGN_OR_RETURN(const Activations activations,
                             make_activations(graph, tensors, crops_, spec_, options_.threads));
    executor_ = activations.executor;
    calibration.samples = activations.source.samples;
    return durward::calibrate_rest(calibration, graph, activations.source,
                                   {.threads = options_.threads, .progress = options_.progress});
  }

  // `graph` is a rewritten copy of what `calibration` is of, which is unchanged afterwards.
  absl::StatusOr<Graph> quantized(const Graph& graph, Calibration& calibration) {
    const std::vector<TensorId> added = uncalibrated_tensors(graph, calibration);
    DURWARD_RETURN_IF_ERROR(calibrate_rest(graph, calibration));
    absl::StatusOr<Graph> quantised = quantize(graph, calibration, options_.quantize);
    // The next copy has other tensors under these ids.
    for (const TensorId id : added) calibration.tensors.erase(id);
    return quantised;
  }

  [[nodiscard]] const std::string& executor() const { return executor_; }

 private:
  const CropStore& crops_;
  const InputSpec& spec_;
  const QuantizeModelsOptions& options_;
  std::string executor_;
};

// Each form starts from the prepared graph; one that changes nothing shares the reference's result.
absl::StatusOr<Graph> for_litert(const QuantizedModels& models, Calibration& calibration,
                                 Quantizer& quantizer) {
  Graph graph = models.prepared;
  Graph quantised = models.reference;
  if (split_global_depthwise(graph)) {
    DURWARD_ASSIGN_OR_RETURN(quantised, quantizer.quantized(graph, calibration));
  }
  write_prelu_as_maximum(quantised);
  return quantised;
}

absl::StatusOr<Graph> for_onnxruntime(const QuantizedModels& models, Calibration& calibration,
                                      Quantizer& quantizer) {
  Graph graph = models.prepared;
  if (!unfuse_prelu(graph)) return models.reference;
  decompose_prelu(graph, PreluEncoding::kDoubledLayerSum);
  fuse_activations(graph);
  return quantizer.quantized(graph, calibration);
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
  Calibration calibration;
  DURWARD_RETURN_IF_ERROR(quantizer.calibrate_rest(models.prepared, calibration));
  if (options.equalize)
    DURWARD_RETURN_IF_ERROR(equalize(models.prepared, calibration, {}).status());
  DURWARD_ASSIGN_OR_RETURN(models.reference,
                           quantize(models.prepared, calibration, options.quantize));
  const std::set<ExportKind>& exports = options.exports;
  if (exports.contains(ExportKind::kTflite)) {
    DURWARD_ASSIGN_OR_RETURN(models.litert, for_litert(models, calibration, quantizer));
  }
  if (exports.contains(ExportKind::kOnnx) || exports.contains(ExportKind::kOrt)) {
    DURWARD_ASSIGN_OR_RETURN(models.onnxruntime, for_onnxruntime(models, calibration, quantizer));
  }
  models.executor = quantizer.executor();
  return models;
}

}  // namespace durward
