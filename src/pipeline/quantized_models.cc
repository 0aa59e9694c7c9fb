#include "pipeline/quantized_models.h"

#include <algorithm>
#include <map>
#include <set>

#include "passes/passes.h"
#include "quant/equalize.h"
#include "quant/layers.h"
#include "quant/precision.h"

namespace durward {
namespace {

class Quantizer {
 public:
  Quantizer(const Samples& samples, const QuantizeModelsOptions& options)
      : samples_(samples), options_(options) {}

  // Of the graph's tensors, those that the calibration lacks.
  absl::Status calibrate_rest(const Graph& graph, Calibration& calibration) {
    const std::vector<TensorId> tensors = uncalibrated_tensors(graph, calibration);
    if (tensors.empty()) return absl::OkStatus();
    DURWARD_ASSIGN_OR_RETURN(const Activations activations,
                             make_activations(graph, tensors, samples_, options_.threads));
    executor_ = activations.executor;
    calibration.samples = activations.source.samples;
    return durward::calibrate_rest(calibration, graph, activations.source,
                                   {.threads = options_.threads, .progress = options_.progress});
  }

  // `graph` is a rewritten copy of `prepared`, which `calibration` is of and is again afterwards.
  absl::StatusOr<Graph> quantized(const Graph& graph, const Graph& prepared,
                                  Calibration& calibration) {
    const std::vector<TensorId> added = uncalibrated_tensors(graph, calibration);
    DURWARD_RETURN_IF_ERROR(calibrate_rest(graph, calibration));
    QuantizeOptions options = options_.quantize;
    options.keep_float = float_nodes_of_copy(graph, prepared, options.keep_float);
    absl::StatusOr<Graph> quantised = quantize(graph, calibration, options);
    // The next copy has other tensors under these ids.
    for (const TensorId id : added) calibration.tensors.erase(id);
    return quantised;
  }

  // What the integer layers of `quantised`, made of `graph`, meet.
  absl::StatusOr<LayerInputs> layer_inputs(const Graph& graph, const Graph& quantised) {
    std::set<TensorId> tensors;
    for (const NodeId id : graph.node_ids()) {
      const Node& node = graph.node(id);
      if (Layer::of(graph, id) || graph.op_as<Lstm>(id) != nullptr) tensors.insert(node.inputs[0]);
      if (graph.op_as<Lstm>(id) != nullptr) tensors.insert(node.outputs[0]);
    }
    const std::vector<TensorId> wanted(tensors.begin(), tensors.end());
    DURWARD_ASSIGN_OR_RETURN(const Activations activations,
                             make_activations(graph, wanted, samples_, options_.threads));
    return observe_layer_inputs(graph, quantised, activations.source,
                                {.threads = options_.threads, .progress = options_.progress});
  }

  [[nodiscard]] const std::string& executor() const { return executor_; }

 private:
  const Samples& samples_;
  const QuantizeModelsOptions& options_;
  std::string executor_;
};

// Calibrates `graph`, and in the same pass over the samples what its layers compute before a fused
// PReLU.
absl::Status calibrate_around_prelu(const Graph& graph, Calibration& calibration,
                                    Quantizer& quantizer) {
  Graph unfused = graph;
  unfuse_prelu(unfused);
  DURWARD_RETURN_IF_ERROR(quantizer.calibrate_rest(unfused, calibration));
  const std::vector<TensorId> known = calibration_tensors(graph);
  const std::set<TensorId> shared(known.begin(), known.end());
  for (const NodeId id : unfused.node_ids()) {
    const Node& node = unfused.node(id);
    if (unfused.op_as<PRelu>(id) == nullptr || shared.contains(node.inputs[0])) continue;
    auto before = calibration.tensors.extract(node.inputs[0]);
    if (!before.empty()) {
      calibration.before_prelu.emplace(node.outputs[0], std::move(before.mapped()));
    }
  }
  return absl::OkStatus();
}

bool has_trained_scales(const Graph& graph) {
  const std::vector<TensorId> tensors = graph.tensor_ids();
  return std::any_of(tensors.begin(), tensors.end(),
                     [&graph](TensorId id) { return graph.tensor(id).trained.has_value(); });
}

KeptScales kept_scales(const Graph& prepared) {
  KeptScales kept;
  for (const TensorId id : calibration_tensors(prepared)) {
    kept.activations += prepared.tensor(id).trained.has_value();
  }
  for (const NodeId id : prepared.node_ids()) {
    const std::optional<Layer> layer = Layer::of(prepared, id);
    if (!layer) continue;
    ++kept.all_layers;
    kept.layers += trained_scales(prepared, *layer).has_value();
  }
  return kept;
}

// `sums` is `prepared` with each PReLU(x) as ReLU((1 - a) * x) + a * x: the statistics of both
// terms from those of x.
void add_terms(const Graph& sums, const Graph& prepared, Calibration& calibration) {
  for (auto& [output, x] : calibration.before_prelu) {
    const Node& sum = sums.node(sums.producer(output));
    const Node& layer = prepared.node(prepared.producer(output));
    const auto slopes = prepared.tensor(layer.inputs[kSlopeInput]).values<float>();
    // Steeper slopes are written in another way.
    if (std::any_of(slopes.begin(), slopes.end(), [](float a) { return a > 1; })) continue;
    TensorStatistics kinked = x, scaled = std::move(x);
    for (int64_t c = 0; c < scaled.channels(); ++c) {
      const double slope = slopes[static_cast<size_t>(c)];
      kinked.scale(c, 1 - slope);
      scaled.scale(c, slope);
    }
    kinked.rectify();
    calibration.tensors.emplace(sum.inputs[0], std::move(kinked));
    calibration.tensors.emplace(sum.inputs[1], std::move(scaled));
  }
  calibration.before_prelu.clear();
}

// Each form starts from the prepared graph; one that changes nothing shares the reference's result.
absl::StatusOr<Graph> for_litert(const QuantizedModels& models, Calibration& calibration,
                                 Quantizer& quantizer) {
  Graph graph = models.prepared;
  Graph quantised = models.reference;
  if (split_global_depthwise(graph)) {
    DURWARD_ASSIGN_OR_RETURN(quantised, quantizer.quantized(graph, models.prepared, calibration));
  }
  write_prelu_as_extrema(quantised);
  return quantised;
}

absl::StatusOr<Graph> for_onnxruntime(const QuantizedModels& models, Calibration& calibration,
                                      Quantizer& quantizer) {
  Graph graph = models.prepared;
  if (!unfuse_prelu(graph)) return models.reference;
  decompose_prelu(graph, PreluEncoding::kDoubledLayerSum);
  fuse_activations(graph);
  add_terms(graph, models.prepared, calibration);
  return quantizer.quantized(graph, models.prepared, calibration);
}

}  // namespace

absl::StatusOr<QuantizedModels> quantize_models(const Graph& simplified, const Samples& samples,
                                                const QuantizeModelsOptions& wanted) {
  QuantizeModelsOptions options = wanted;
  const bool trained = has_trained_scales(simplified);
  if (trained) options.equalize = options.quantize.correct_bias = false;
  Quantizer quantizer(samples, options);
  QuantizedModels models;
  models.prepared = simplified;
  // It turns signs and moves scales to the next layer, which is a kind of equalisation.
  if (options.equalize) models.equalized = limit_prelu_slopes(models.prepared);
  fuse_activations(models.prepared);
  if (trained) models.kept = kept_scales(models.prepared);
  const std::set<ExportKind>& exports = options.exports;
  const bool onnxruntime =
      exports.contains(ExportKind::kOnnx) || exports.contains(ExportKind::kOrt);
  Calibration calibration;
  DURWARD_RETURN_IF_ERROR(onnxruntime
                              ? calibrate_around_prelu(models.prepared, calibration, quantizer)
                              : quantizer.calibrate_rest(models.prepared, calibration));
  if (options.equalize) {
    DURWARD_RETURN_IF_ERROR(equalize(models.prepared, calibration, {}).status());
    models.equalized = true;
  }
  DURWARD_ASSIGN_OR_RETURN(models.reference,
                           quantize(models.prepared, calibration, options.quantize));
  if (options.rounding == Rounding::kReconstruct && !trained) {
    DURWARD_ASSIGN_OR_RETURN(models.layer_inputs,
                             quantizer.layer_inputs(models.prepared, models.reference));
    options.quantize.layer_inputs = &models.layer_inputs;
    DURWARD_ASSIGN_OR_RETURN(models.reference,
                             quantize(models.prepared, calibration, options.quantize));
  }
  if (exports.contains(ExportKind::kTflite)) {
    DURWARD_ASSIGN_OR_RETURN(models.litert, for_litert(models, calibration, quantizer));
  }
  if (onnxruntime) {
    DURWARD_ASSIGN_OR_RETURN(models.onnxruntime, for_onnxruntime(models, calibration, quantizer));
  }
  models.executor = quantizer.executor();
  models.calibration = std::move(calibration);
  return models;
}

}  // namespace durward
