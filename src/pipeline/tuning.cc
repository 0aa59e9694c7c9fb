#include "pipeline/tuning.h"

#include <algorithm>

#include "base/parallel.h"
#include "compile/interpreter.h"
#include "data/tensor.h"
#include "pipeline/activations.h"

namespace durward {
namespace {

Image mirrored(const Image& image) {
  Image result(image.width, image.height);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const uint8_t* pixel = image.pixel(image.width - 1 - x, y);
      std::copy_n(pixel, 3, const_cast<uint8_t*>(result.pixel(x, y)));
    }
  }
  return result;
}

// Each picture, and behind it its mirror image.
absl::StatusOr<CropStore> with_mirror_images(const CropStore& pictures, const InputSpec& spec) {
  DURWARD_ASSIGN_OR_RETURN(CropStore both, CropStore::create(spec.width, spec.height));
  for (int64_t i = 0; i < pictures.size(); ++i) {
    DURWARD_ASSIGN_OR_RETURN(const Image picture, pictures.read(i));
    DURWARD_RETURN_IF_ERROR(both.append(picture));
    DURWARD_RETURN_IF_ERROR(both.append(mirrored(picture)));
  }
  return both;
}

// The float model's output for each sample.
absl::Status teach(const Graph& graph, const CropStore& samples, const InputSpec& spec,
                   const QuantizeModelsOptions& options, TuneData& data) {
  const TensorId output = graph.outputs[0].tensor;
  data.dimensions = elements(graph.tensor(output).shape);
  data.teacher.resize(static_cast<size_t>(samples.size() * data.dimensions));
  DURWARD_ASSIGN_OR_RETURN(
      const Activations activations,
      make_activations(graph, std::span(&output, 1), samples, spec, options.threads));
  return parallel_for(samples.size(), options.threads, [&](int64_t sample, int worker) {
    return activations.source.run(sample, worker,
                                  [&](TensorId tensor, ActivationView view) -> absl::Status {
                                    if (tensor != output) return absl::OkStatus();
                                    std::copy(view.values.begin(), view.values.end(),
                                              data.teacher.begin() + sample * data.dimensions);
                                    return absl::OkStatus();
                                  });
  });
}

absl::Status compare_witnesses(const TuneData& data, TunedModels& tuned) {
  const Graph& graph = tuned.models.reference;
  DURWARD_ASSIGN_OR_RETURN(const Interpreter interpreter, Interpreter::create(graph));
  std::vector<float> input(
      static_cast<size_t>(elements(graph.tensor(graph.inputs[0].tensor).shape)));
  std::vector<float> output(static_cast<size_t>(data.dimensions));
  const Witness& witness = tuned.outcome.witness;
  for (size_t i = 0; i < witness.samples.size(); ++i) {
    DURWARD_RETURN_IF_ERROR(data.read(witness.samples[i], input));
    const std::span<const std::byte> inputs[] = {std::as_bytes(std::span(input))};
    const std::span<std::byte> outputs[] = {std::as_writable_bytes(std::span(output))};
    DURWARD_RETURN_IF_ERROR(interpreter.run(inputs, outputs));
    for (size_t e = 0; e < output.size(); ++e) {
      tuned.equal += output[e] == witness.embeddings[i * output.size() + e];
    }
    tuned.witnessed += data.dimensions;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TunedModels> tune_models(const Graph& simplified, const QuantizedModels& models,
                                        const CropStore& pictures, const CropStore& calibration,
                                        const InputSpec& spec, const QuantizeModelsOptions& options,
                                        const Tuner& tuner, const TuneOptions& tuning) {
  DURWARD_ASSIGN_OR_RETURN(const CropStore samples, with_mirror_images(pictures, spec));
  TuneData data;
  for (int64_t i = 0; i < samples.size(); ++i) data.group_of_sample.push_back(i / 2);
  data.read = [&](int64_t sample, std::span<float> input) -> absl::Status {
    DURWARD_ASSIGN_OR_RETURN(const Image picture, samples.read(sample));
    return fill_tensor(picture, spec, input);
  };
  DURWARD_RETURN_IF_ERROR(teach(simplified, samples, spec, options, data));
  TunedModels tuned;
  DURWARD_ASSIGN_OR_RETURN(tuned.outcome, tuner({models.prepared, models.reference, data, tuning}));
  DURWARD_ASSIGN_OR_RETURN(tuned.models,
                           quantize_models(tuned.outcome.tuned, calibration, spec, options));
  DURWARD_RETURN_IF_ERROR(compare_witnesses(data, tuned));
  return tuned;
}

}  // namespace durward
