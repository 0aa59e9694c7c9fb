#include "quant/layer_inputs.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string>

#include "base/parallel.h"
#include "quant/lstm.h"

namespace durward {
namespace {

// The input of some layers, and what is summed of it.
struct WatchedInput {
  int64_t height = 1, width = 1, channels = 1;  // of an input without rows and columns: 1 x n
  int64_t batch = 1;
  std::vector<float> scales;  // one, or one for each channel
  int32_t zero_point = 0;
  int32_t lowest = -128, highest = 127;
  std::vector<PatchSource> sources;

  [[nodiscard]] bool wide() const { return highest > 127; }
};

// What a quantised layer's input has, or its hidden state.
struct InputParams {
  DataType type;
  QuantParams quant;
};

// The parameters of each integer layer's input, by the layer's name.
std::map<std::string, InputParams> input_params(const Graph& quantised) {
  std::map<std::string, InputParams> params;
  for (const NodeId id : quantised.node_ids()) {
    const Node& node = quantised.node(id);
    if (node.inputs.empty() || !node.inputs[0].valid()) continue;
    const Tensor& input = quantised.tensor(node.inputs[0]);
    const bool lstm = quantised.op_as<Lstm>(id) != nullptr;
    if (!input.quant || (input.quant->per_axis() && !lstm)) continue;
    if (input.type == DataType::kInt8 || input.type == DataType::kInt16 ||
        input.type == DataType::kInt32) {
      params.emplace(node.name, InputParams{input.type, *input.quant});
    }
  }
  return params;
}

int64_t depth_of(const PatchSource& source, int64_t channels) {
  return source.kernel[0] * source.kernel[1] * channels / source.groups;
}

void set_params(const InputParams& params, WatchedInput& input) {
  input.scales = params.quant.scales;
  input.zero_point = params.quant.zero_points[0];
  if (params.type == DataType::kInt8) return;
  input.lowest = -32768;
  input.highest = 32767;
  // The high bits: 32 have room for values 32 times as large as were seen.
  if (params.type == DataType::kInt32) {
    for (float& scale : input.scales) scale *= 2048;
  }
}

class InputWatch {
 public:
  InputWatch(const Graph& graph, const Graph& quantised)
      : graph_(graph), params_(input_params(quantised)) {}

  std::map<TensorId, WatchedInput> inputs() && {
    for (const NodeId id : graph_.topological_order()) {
      const auto known = params_.find(graph_.node(id).name);
      if (known == params_.end()) continue;
      if (const std::optional<Layer> layer = Layer::of(graph_, id)) {
        watch(patch_source(graph_, *layer), known->second,
              graph_.op_as<FullyConnected>(id) == nullptr);
      } else if (graph_.op_as<Lstm>(id) != nullptr) {
        const Node& node = graph_.node(id);
        watch(sequence_source(graph_, node.inputs[0]), known->second, false);
        watch(sequence_source(graph_, node.outputs[0]), {DataType::kInt16, hidden_state_params()},
              false);
      }
    }
    return std::move(inputs_);
  }

 private:
  void watch(const PatchSource& source, const InputParams& params, bool picture) {
    const Tensor& tensor = graph_.tensor(source.input);
    if (tensor.constant() || depth_of(source, tensor.shape.back()) > kDeepestPatch) return;
    WatchedInput& input = inputs_[source.input];
    if (picture) {
      input.batch = tensor.shape[0];
      input.height = tensor.shape[1];
      input.width = tensor.shape[2];
    } else {
      input.width = elements(tensor.shape) / tensor.shape.back();
    }
    input.channels = tensor.shape.back();
    set_params(params, input);
    if (std::find(input.sources.begin(), input.sources.end(), source) == input.sources.end()) {
      input.sources.push_back(source);
    }
  }

  const Graph& graph_;
  std::map<std::string, InputParams> params_;
  std::map<TensorId, WatchedInput> inputs_;
};

// The view in steps of its scale less the zero point, [batch, height, width, channels].
std::vector<int16_t> quantised_values(const ActivationView& view, const WatchedInput& input) {
  std::vector<int16_t> values(view.values.size());
  const auto lowest = static_cast<float>(input.lowest - input.zero_point);
  const auto highest = static_cast<float>(input.highest - input.zero_point);
  const auto quantise = [&](float value, size_t channel) {
    const float scale = input.scales[input.scales.size() == 1 ? 0 : channel];
    return static_cast<int16_t>(std::clamp(std::nearbyint(value / scale), lowest, highest));
  };
  const auto channels = static_cast<size_t>(input.channels);
  if (view.layout != PortLayout::kNchw) {
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = quantise(view.values[i], i % channels);
    }
    return values;
  }
  const int64_t plane = input.height * input.width;
  for (int64_t n = 0; n < input.batch; ++n) {
    for (int64_t c = 0; c < input.channels; ++c) {
      const float* from = view.values.data() + (n * input.channels + c) * plane;
      for (int64_t p = 0; p < plane; ++p) {
        values[static_cast<size_t>((n * plane + p) * input.channels + c)] =
            quantise(from[p], static_cast<size_t>(c));
      }
    }
  }
  return values;
}

// Some patches of one sample, each value of a patch with those of the other patches beside it:
// [depth, kPatchesPerSample], of one group.
class SampledPatches {
 public:
  SampledPatches(const PatchSource& source, const WatchedInput& input)
      : source_(source), input_(input) {
    const int64_t positions = input.batch * source.outputs[0] * source.outputs[1];
    // Odd, so that it does not keep to one column of an image of even width.
    const int64_t step = ((positions + kPatchesPerSample - 1) / kPatchesPerSample) | 1;
    for (int64_t p = 0; p < positions; p += step) positions_.push_back(p);
  }

  [[nodiscard]] int64_t count() const { return static_cast<int64_t>(positions_.size()); }

  void take(const std::vector<int16_t>& values, int64_t group,
            std::vector<int16_t>& patches) const {
    const int64_t channels = input_.channels / source_.groups;
    std::fill(patches.begin(), patches.end(), int16_t{0});
    for (size_t i = 0; i < positions_.size(); ++i) {
      const int64_t column = positions_[i] % source_.outputs[1];
      const int64_t row = positions_[i] / source_.outputs[1] % source_.outputs[0];
      const int64_t batch = positions_[i] / source_.outputs[1] / source_.outputs[0];
      int64_t depth = 0;
      for (int64_t ky = 0; ky < source_.kernel[0]; ++ky) {
        for (int64_t kx = 0; kx < source_.kernel[1]; ++kx, depth += channels) {
          const int64_t y = row * source_.stride[0] + ky * source_.dilation[0] - source_.padding[0];
          const int64_t x =
              column * source_.stride[1] + kx * source_.dilation[1] - source_.padding[1];
          if (y < 0 || y >= input_.height || x < 0 || x >= input_.width) continue;
          const int64_t from =
              ((batch * input_.height + y) * input_.width + x) * input_.channels + group * channels;
          for (int64_t c = 0; c < channels; ++c) {
            patches[static_cast<size_t>(depth + c) * kPatchesPerSample + i] =
                values[static_cast<size_t>(from + c)];
          }
        }
      }
    }
  }

 private:
  const PatchSource& source_;
  const WatchedInput& input_;
  std::vector<int64_t> positions_;
};

// In int32 where 8 bits are multiplied, as vectors have it.
template <typename Sum>
int64_t product(const int16_t* a, const int16_t* b) {
  static_assert(kPatchesPerSample * 255 * 255 < int64_t{1} << 31);
  Sum sum = 0;
  for (int64_t p = 0; p < kPatchesPerSample; ++p) sum += Sum{int32_t{a[p]} * int32_t{b[p]}};
  return sum;
}

// Sums are exact in any order, so workers share them.
struct SharedMoments {
  std::mutex mutex;
  PatchMoments moments;
};

template <typename Sum>
void add_group(const std::vector<int16_t>& patches, int64_t group, PatchMoments& moments) {
  const auto depth = static_cast<size_t>(moments.depth);
  int64_t* sums = moments.sums.data() + static_cast<size_t>(group) * depth;
  int64_t* products = moments.products.data() + static_cast<size_t>(group) * depth * depth;
  for (size_t i = 0; i < depth; ++i) {
    const int16_t* row = patches.data() + i * kPatchesPerSample;
    for (int64_t p = 0; p < kPatchesPerSample; ++p) sums[i] += row[p];
    for (size_t j = 0; j <= i; ++j) {
      products[i * depth + j] += product<Sum>(row, patches.data() + j * kPatchesPerSample);
    }
  }
}

void mirror(PatchMoments& moments) {
  const auto depth = static_cast<size_t>(moments.depth);
  for (size_t first = 0; first < moments.products.size(); first += depth * depth) {
    for (size_t i = 0; i < depth; ++i) {
      for (size_t j = 0; j < i; ++j) {
        moments.products[first + j * depth + i] = moments.products[first + i * depth + j];
      }
    }
  }
}

}  // namespace

PatchSource patch_source(const Graph& graph, const Layer& layer) {
  const Node& node = graph.node(layer.id());
  const Shape& weights = graph.tensor(node.inputs[kWeightsInput]).shape;
  const Shape& output = graph.tensor(node.outputs[0]).shape;
  PatchSource source{.input = node.inputs[0]};
  const auto take_window = [&](const auto& op) {
    source.kernel = {weights[1], weights[2]};
    source.stride = {op.stride_h, op.stride_w};
    source.dilation = {op.dilation_h, op.dilation_w};
    source.padding = {op.padding.top, op.padding.left};
    source.outputs = {output[1], output[2]};
  };
  if (const auto* conv = graph.op_as<Conv2D>(layer.id())) {
    take_window(*conv);
    source.groups = conv->groups;
  } else if (const auto* depthwise = graph.op_as<DepthwiseConv2D>(layer.id())) {
    take_window(*depthwise);
    source.groups = layer.input_channels();
  } else {
    source.outputs = {1, elements(output) / output.back()};
  }
  return source;
}

absl::StatusOr<LayerInputs> observe_layer_inputs(const Graph& graph, const Graph& quantised,
                                                 const ActivationSource& source,
                                                 const CalibrationOptions& options) {
  const std::map<TensorId, WatchedInput> inputs = InputWatch(graph, quantised).inputs();
  std::map<PatchSource, SharedMoments> shared;
  for (const auto& [id, input] : inputs) {
    for (const PatchSource& patches : input.sources) {
      PatchMoments& moments = shared[patches].moments;
      moments.depth = depth_of(patches, input.channels);
      moments.sums.resize(static_cast<size_t>(patches.groups * moments.depth));
      moments.products.resize(static_cast<size_t>(patches.groups * moments.depth * moments.depth));
    }
  }
  const auto add = [&](TensorId id, ActivationView view) -> absl::Status {
    const auto watched = inputs.find(id);
    if (watched == inputs.end()) return absl::OkStatus();
    const Tensor& tensor = graph.tensor(id);
    if (static_cast<int64_t>(view.values.size()) != elements(tensor.shape)) {
      return absl::InvalidArgumentError(absl::StrCat("tensor '", tensor.name, "' has shape ",
                                                     to_string(tensor.shape), ", but ",
                                                     view.values.size(), " values were shown"));
    }
    const std::vector<int16_t> values = quantised_values(view, watched->second);
    for (const PatchSource& patches : watched->second.sources) {
      SharedMoments& sums = shared.at(patches);
      const SampledPatches sampled(patches, watched->second);
      std::vector<int16_t> group_patches(static_cast<size_t>(sums.moments.depth) *
                                         kPatchesPerSample);
      const std::lock_guard<std::mutex> lock(sums.mutex);
      for (int64_t group = 0; group < patches.groups; ++group) {
        sampled.take(values, group, group_patches);
        if (watched->second.wide()) {
          add_group<int64_t>(group_patches, group, sums.moments);
        } else {
          add_group<int32_t>(group_patches, group, sums.moments);
        }
      }
      sums.moments.count += sampled.count();
    }
    return absl::OkStatus();
  };
  std::mutex progress_mutex;
  int64_t done = 0;
  const auto watch_sample = [&](int64_t sample, int worker) -> absl::Status {
    DURWARD_RETURN_IF_ERROR(source.run(sample, worker, add));
    if (!options.progress) return absl::OkStatus();
    const std::lock_guard<std::mutex> lock(progress_mutex);
    if (options.progress("watching the layers' inputs", ++done, source.samples)) {
      return absl::OkStatus();
    }
    return absl::CancelledError("stopped while watching the layers' inputs");
  };
  DURWARD_RETURN_IF_ERROR(parallel_for(source.samples, options.threads, watch_sample));
  LayerInputs result;
  for (auto& [patches, sums] : shared) {
    mirror(sums.moments);
    result.emplace(patches, std::move(sums.moments));
  }
  return result;
}

}  // namespace durward
