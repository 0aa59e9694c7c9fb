// Calibration: what the activations of a float graph look like on example inputs. Streaming: memory
// depends on the graph and not on the number of samples. Deterministic: the result is the same
// whatever the number of threads and the order in which samples finish.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "base/status.h"
#include "graph/graph.h"
#include "quant/histogram.h"

namespace durward {

// What was seen of one tensor. Channels are the last dimension of its shape.
struct TensorStatistics {
  explicit TensorStatistics(int64_t channels);

  [[nodiscard]] int64_t channels() const { return static_cast<int64_t>(minimum.size()); }
  [[nodiscard]] float lowest() const;
  [[nodiscard]] float highest() const;
  // As if every value of the channel had been multiplied by `factor`. (Where it is not positive, a
  // value on the border of two bins of the histogram may change sides.)
  void scale(int64_t channel, double factor);
  // As if a ReLU had followed. The means are then those of the histograms, an estimate.
  void rectify();

  std::vector<float> minimum, maximum;  // per channel, over every value
  std::vector<double> mean;             // per channel, over every value
  // A sample of at most kHistogramPositions positions of each input; all channels of a position.
  ChannelHistograms histograms;
  // The distinct values at those positions with their numbers, where a graph input has few of them
  // (pictures do), else empty: the rounding error of such values is anything but uniform noise.
  std::vector<std::pair<float, uint64_t>> values;
};

inline constexpr int64_t kHistogramPositions = 256;

struct Calibration {
  std::map<TensorId, TensorStatistics> tensors;
  // Of outputs of layers with a fused PReLU: what the layer computes before it.
  std::map<TensorId, TensorStatistics> before_prelu;
  int64_t samples = 0;

  // As if every value of the tensor's channel had been multiplied by `factor` > 0.
  void scale(TensorId tensor, int64_t channel, double factor);
};

// One tensor's values for one sample: in the IR's layout (NHWC), or [N,C,H,W] as ONNX Runtime has
// it.
struct ActivationView {
  std::span<const float> values;
  PortLayout layout = PortLayout::kAsIs;
};

// Who runs the model. `run` computes sample 0..samples-1 on the worker's own runtime or memory and
// calls visit once for each of the tensors that calibration_tensors() lists. Several workers call
// it at the same time.
struct ActivationSource {
  using Visit = std::function<absl::Status(TensorId tensor, ActivationView view)>;
  int64_t samples = 0;
  std::function<absl::Status(int64_t sample, int worker, const Visit& visit)> run;
};

struct CalibrationOptions {
  int threads = 1;
  Progress progress;  // step "calibrate"
};

// The float activations of a graph, inputs included: what a source shows and a quantiser needs.
[[nodiscard]] std::vector<TensorId> calibration_tensors(const Graph& graph);

// Errors: InvalidArgument (no samples; a NaN or infinity, with tensor and sample; a view of the
// wrong size; a tensor that was not shown), Cancelled by `progress`, and what the source returns.
[[nodiscard]] absl::StatusOr<Calibration> calibrate(const Graph& graph,
                                                    const ActivationSource& source,
                                                    const CalibrationOptions& options);

// For a rewritten copy of the graph that `calibration` was made for, in which a tensor that was
// there before has the same id and values: those that `calibration` lacks.
[[nodiscard]] std::vector<TensorId> uncalibrated_tensors(const Graph& graph,
                                                         const Calibration& calibration);

// Adds the statistics of uncalibrated_tensors(); the source may leave out the others. Errors: as
// calibrate, and InvalidArgument for another number of samples than before.
[[nodiscard]] absl::Status calibrate_rest(Calibration& calibration, const Graph& graph,
                                          const ActivationSource& source,
                                          const CalibrationOptions& options);

}  // namespace durward
