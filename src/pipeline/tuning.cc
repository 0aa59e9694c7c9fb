#include "pipeline/tuning.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/parallel.h"
#include "compile/interpreter.h"
#include "pipeline/activations.h"

namespace durward {
namespace {

// What a picture of [1, height, width, channels] shows in a mirror.
void mirror(const Shape& shape, std::span<float> values) {
  const auto width = static_cast<size_t>(shape[2]), channels = static_cast<size_t>(shape[3]);
  for (size_t row = 0; row < values.size(); row += width * channels) {
    for (size_t left = 0, right = width - 1; left < right; ++left, --right) {
      std::swap_ranges(&values[row + left * channels], &values[row + (left + 1) * channels],
                       &values[row + right * channels]);
    }
  }
}

// Each picture, and behind it its mirror image.
Samples with_mirror_images(const Samples& pictures) {
  Samples both = pictures;
  both.count = 2 * pictures.count;
  both.read = [pictures](int64_t index, std::span<float> values) -> absl::Status {
    DURWARD_RETURN_IF_ERROR(pictures.read(index / 2, values));
    if (index % 2 == 1) mirror(pictures.shape, values);
    return absl::OkStatus();
  };
  return both;
}

// What one person looks like says nothing of what others have in common and what not.
absl::Status check_people(const CalibrationSet& training) {
  const std::vector<int32_t>& people = training.person_of_sample;
  if (people.empty() || std::any_of(people.begin(), people.end(),
                                    [&](int32_t person) { return person != people[0]; })) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "everything to fine-tune on is of one person ('", training.files[0].string(), "' and ",
      training.files.size() - 1,
      " more): give several people, each a folder of their own below that of --calibrate; some "
      "hundreds are better"));
}

// The float model's output for each sample.
absl::Status teach(const Graph& graph, const Samples& samples, const QuantizeModelsOptions& options,
                   TuneData& data) {
  const TensorId output = graph.outputs[0].tensor;
  data.dimensions = elements(graph.tensor(output).shape);
  data.teacher.resize(static_cast<size_t>(samples.count * data.dimensions));
  DURWARD_ASSIGN_OR_RETURN(
      const Activations activations,
      make_activations(graph, std::span(&output, 1), samples, options.threads));
  return parallel_for(samples.count, options.threads, [&](int64_t sample, int worker) {
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
                                        const CalibrationSet& training, const Samples& calibration,
                                        const QuantizeModelsOptions& options, const Tuner& tuner,
                                        const TuneOptions& tuning) {
  DURWARD_RETURN_IF_ERROR(check_people(training));
  const SampleSet& set = training.samples;
  const bool pictures = set.samples.shape.size() == 4;
  const Samples samples = pictures ? with_mirror_images(set.samples) : set.samples;
  TuneData data;
  for (int64_t i = 0; i < samples.count; ++i) {
    const auto source = static_cast<size_t>(pictures ? i / 2 : i);
    data.group_of_sample.push_back(set.file_of_sample[source]);
    if (!training.person_of_sample.empty()) {
      data.person_of_sample.push_back(training.person_of_sample[source]);
    }
  }
  data.read = samples.read;
  DURWARD_RETURN_IF_ERROR(teach(simplified, samples, options, data));
  TunedModels tuned;
  DURWARD_ASSIGN_OR_RETURN(tuned.outcome, tuner({models.prepared, models.reference, data, tuning}));
  DURWARD_ASSIGN_OR_RETURN(tuned.models,
                           quantize_models(tuned.outcome.tuned, calibration, options));
  DURWARD_RETURN_IF_ERROR(compare_witnesses(data, tuned));
  return tuned;
}

}  // namespace durward
