#include "pipeline/activations.h"

#include <set>

#include "compile/interpreter.h"
#include "formats/onnx/writer.h"
#include "passes/passes.h"
#include "runtimes/embedder.h"

namespace durward {

absl::Status check_input(const Graph& graph, const Shape& expected) {
  if (graph.inputs.size() == 1 && graph.tensor(graph.inputs[0].tensor).shape == expected) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the model should have one input of ", to_string(expected),
      " by the input specification, but has ", graph.inputs.size(),
      graph.inputs.empty() ? "" : ", the first of ",
      graph.inputs.empty() ? "" : to_string(graph.tensor(graph.inputs[0].tensor).shape),
      "; give another --preset or --input-spec"));
}

namespace {

std::span<const float> as_floats(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

// The same tensors under the same ids, computed faster: ONNX Runtime's PRelu takes more time than
// all convolutions together (docs/encodings.md).
Graph with_fast_prelu(const Graph& graph) {
  Graph fast = graph;
  if (limit_prelu_slopes(fast)) return graph;  // slopes out of [-1, 1] would turn signs
  unfuse_prelu(fast);
  decompose_prelu(fast, PreluEncoding::kScaledSum);
  return fast;
}

// The graph as an ONNX model that gives every activation; a session for each worker.
class OnnxRuntimeActivations {
 public:
  static absl::StatusOr<std::shared_ptr<OnnxRuntimeActivations>> create(
      const Graph& graph, std::span<const TensorId> tensors, const Samples& samples, int threads) {
    auto made = std::make_shared<OnnxRuntimeActivations>(samples);
    OnnxWriteOptions options;
    std::copy_if(tensors.begin(), tensors.end(), std::back_inserter(options.extra_outputs),
                 [&graph](TensorId id) { return !graph.is_input(id); });
    DURWARD_ASSIGN_OR_RETURN(const OnnxExport exported,
                             export_onnx(with_fast_prelu(graph), options));
    made->input_tensor_ = graph.inputs[0].tensor;
    made->nchw_ = graph.inputs[0].layout == PortLayout::kNchw;
    made->outputs_ = exported.outputs;
    made->wanted_ = {options.extra_outputs.begin(), options.extra_outputs.end()};
    const auto bytes = std::as_bytes(std::span(exported.model));
    for (int worker = 0; worker < threads; ++worker) {
      DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> model,
                               load_onnx_model(bytes, {.unplanned_memory = true}));
      made->workers_.push_back({std::move(model), {}, {}, {}});
      Worker& added = made->workers_.back();
      added.input.resize(static_cast<size_t>(elements(samples.shape)));
      if (made->nchw_) added.planes.resize(added.input.size());
      for (const PortInfo& port : added.model->outputs()) {
        added.outputs.emplace_back(static_cast<size_t>(elements(port.shape) * size_of(port.type)));
      }
    }
    return made;
  }

  explicit OnnxRuntimeActivations(Samples samples) : samples_(std::move(samples)) {}

  absl::Status run(int64_t sample, int worker, const ActivationSource::Visit& visit) {
    Worker& mine = workers_[static_cast<size_t>(worker)];
    DURWARD_RETURN_IF_ERROR(samples_.read(sample, mine.input));
    if (nchw_) nhwc_to_nchw(mine.input, samples_.shape, mine.planes);
    const std::span<const float> input(nchw_ ? mine.planes : mine.input);
    const std::span<const std::byte> inputs[] = {std::as_bytes(input)};
    const std::vector<std::span<std::byte>> outputs(mine.outputs.begin(), mine.outputs.end());
    DURWARD_RETURN_IF_ERROR(mine.model->run(inputs, outputs));
    DURWARD_RETURN_IF_ERROR(visit(input_tensor_, {mine.input, PortLayout::kAsIs}));
    std::set<TensorId> shown = {input_tensor_};  // a tensor may be a graph output as well
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const OnnxOutput& output = outputs_[i];
      if (!wanted_.contains(output.tensor) || !shown.insert(output.tensor).second) continue;
      DURWARD_RETURN_IF_ERROR(
          visit(output.tensor,
                {as_floats(mine.outputs[i]), output.nchw ? PortLayout::kNchw : PortLayout::kAsIs}));
    }
    return absl::OkStatus();
  }

 private:
  struct Worker {
    std::unique_ptr<RuntimeModel> model;
    std::vector<float> input, planes;  // the sample, and as NCHW where the port wants it so
    std::vector<std::vector<std::byte>> outputs;
  };

  Samples samples_;
  TensorId input_tensor_;
  bool nchw_ = false;
  std::vector<OnnxOutput> outputs_;
  std::set<TensorId> wanted_;
  std::vector<Worker> workers_;
};

absl::StatusOr<ActivationSource> reference_source(const Graph& graph,
                                                  std::span<const TensorId> tensors,
                                                  const Samples& samples) {
  DURWARD_ASSIGN_OR_RETURN(Interpreter created, Interpreter::create(graph));
  auto interpreter = std::make_shared<const Interpreter>(std::move(created));
  const std::set<TensorId> wanted(tensors.begin(), tensors.end());
  std::vector<int64_t> output_bytes;
  for (const Port& port : graph.outputs) {
    const Tensor& tensor = graph.tensor(port.tensor);
    output_bytes.push_back(elements(tensor.shape) * size_of(tensor.type));
  }
  const TensorId input_tensor = graph.inputs[0].tensor;
  ActivationSource source;
  source.run = [=](int64_t sample, int /*worker*/,
                   const ActivationSource::Visit& visit) -> absl::Status {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<float> input, read_sample(samples, sample));
    DURWARD_RETURN_IF_ERROR(visit(input_tensor, {input, PortLayout::kAsIs}));
    std::vector<std::vector<std::byte>> buffers;
    for (const int64_t bytes : output_bytes) buffers.emplace_back(static_cast<size_t>(bytes));
    const std::vector<std::span<std::byte>> outputs(buffers.begin(), buffers.end());
    const std::span<const std::byte> inputs[] = {std::as_bytes(std::span(input))};
    absl::Status visited;
    DURWARD_RETURN_IF_ERROR(
        interpreter->run(inputs, outputs, [&](TensorId id, std::span<const std::byte> bytes) {
          if (visited.ok() && wanted.contains(id))
            visited = visit(id, {as_floats(bytes), PortLayout::kAsIs});
        }));
    return visited;
  };
  return source;
}

}  // namespace

absl::StatusOr<Activations> make_activations(const Graph& graph, std::span<const TensorId> tensors,
                                             const Samples& samples, int threads) {
  DURWARD_RETURN_IF_ERROR(check_input(graph, samples.shape));
  Activations activations;
  if (is_available(RuntimeKind::kOnnxRuntime)) {
    activations.executor = "onnxruntime";
    DURWARD_ASSIGN_OR_RETURN(const auto workers,
                             OnnxRuntimeActivations::create(graph, tensors, samples, threads));
    activations.source.run = [workers](int64_t sample, int worker,
                                       const ActivationSource::Visit& visit) {
      return workers->run(sample, worker, visit);
    };
  } else {
    activations.executor = "reference";
    DURWARD_ASSIGN_OR_RETURN(activations.source, reference_source(graph, tensors, samples));
  }
  activations.source.samples = samples.count;
  return activations;
}

}  // namespace durward
