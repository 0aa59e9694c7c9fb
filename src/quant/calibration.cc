#include "quant/calibration.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "base/parallel.h"

namespace durward {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Histograms count in 32 bits.
constexpr int64_t kMaxSamples = int64_t{1} << 22;
constexpr size_t kMaxDistinctValues = 4096;

// Means are summed in fixed point, which is exact in any order: 2^60 per unit, in 128 bits.
constexpr double kFixedPoint = 0x1p60;
// The largest mean that leaves room for kMaxSamples of them.
constexpr double kLargestMean = 0x1p40;

// Numbers of positions (elements per channel) and the step between those that are counted; odd, so
// that it does not keep to one column of an image of even width.
int64_t sampling_step(int64_t positions) {
  return ((positions + kHistogramPositions - 1) / kHistogramPositions) | 1;
}

// Takes one value of each of `width` channels into their extremes and sums.
void add_row(const float* __restrict row, size_t width, float* __restrict lowest,
             float* __restrict highest, double* __restrict sums) {
  for (size_t c = 0; c < width; ++c) {
    lowest[c] = row[c] < lowest[c] ? row[c] : lowest[c];
    highest[c] = row[c] > highest[c] ? row[c] : highest[c];
    sums[c] += double{row[c]};
  }
}

// What has been seen of one tensor. Extremes, counts and the fixed-point sums do not depend on the
// order, so the workers share it.
class Accumulator {
 public:
  Accumulator(int64_t channels, bool keep_values)
      : statistics_(channels),
        mean_sums_(static_cast<size_t>(channels), 0),
        keep_values_(keep_values) {}

  absl::Status add(ActivationView view) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int64_t channels = statistics_.channels();
    const int64_t positions = static_cast<int64_t>(view.values.size()) / channels;
    // Distance from a channel to the next and from a position to the next.
    const bool planes = view.layout == PortLayout::kNchw;
    const int64_t channel_step = planes ? positions : 1;
    const int64_t position_step = planes ? 1 : channels;
    DURWARD_RETURN_IF_ERROR(add_extremes_and_means(view.values.data(), positions, planes));
    for (int64_t c = 0; c < channels; ++c) {
      const auto i = static_cast<size_t>(c);
      statistics_.histograms.grow(
          c, std::max(std::abs(statistics_.minimum[i]), std::abs(statistics_.maximum[i])));
    }
    const int64_t step = sampling_step(positions);
    // The inner loop is over what lies together in memory.
    if (planes) {
      for (int64_t c = 0; c < channels; ++c) {
        count(c, 1, view.values.data() + c * channel_step, positions, step, 0);
      }
    } else {
      for (int64_t p = 0; p < positions; p += step) {
        count(0, channels, view.values.data() + p * position_step, 1, 1, channel_step);
      }
    }
    return absl::OkStatus();
  }

  TensorStatistics finish(int64_t samples) && {
    for (size_t c = 0; c < mean_sums_.size(); ++c) {
      statistics_.mean[c] =
          static_cast<double>(mean_sums_[c]) / kFixedPoint / static_cast<double>(samples);
    }
    if (keep_values_) statistics_.values.assign(values_.begin(), values_.end());
    return std::move(statistics_);
  }

  [[nodiscard]] int64_t shown() const { return shown_; }

 private:
  absl::Status add_extremes_and_means(const float* values, int64_t positions, bool planes) {
    const auto channels = static_cast<size_t>(statistics_.channels());
    const auto count = static_cast<size_t>(positions);
    sums_.assign(channels, 0.0);
    if (planes) {
      for (size_t c = 0; c < channels; ++c) add_plane(values + c * count, count, c);
    } else {
      for (size_t p = 0; p < count; ++p) {
        add_row(values + p * channels, channels, statistics_.minimum.data(),
                statistics_.maximum.data(), sums_.data());
      }
    }
    for (size_t c = 0; c < channels; ++c) {
      const double mean = sums_[c] / static_cast<double>(positions);
      // A NaN or an infinity anywhere makes the sum one.
      if (!std::isfinite(mean) || std::abs(mean) > kLargestMean) {
        return absl::InvalidArgumentError(
            absl::StrCat("channel ", c, " holds a NaN, an infinity or values beyond 2^40"));
      }
      mean_sums_[c] += static_cast<__int128>(mean * kFixedPoint);
    }
    ++shown_;
    return absl::OkStatus();
  }

  // A channel that lies together, as rows of a fixed width.
  void add_plane(const float* plane, size_t count, size_t channel) {
    constexpr size_t kLanes = 16;
    float lowest[kLanes], highest[kLanes];
    double sums[kLanes] = {};
    std::fill_n(lowest, kLanes, statistics_.minimum[channel]);
    std::fill_n(highest, kLanes, statistics_.maximum[channel]);
    for (size_t p = 0; p < count; p += kLanes) {
      add_row(plane + p, std::min(kLanes, count - p), lowest, highest, sums);
    }
    for (size_t lane = 0; lane < kLanes; ++lane) {
      statistics_.minimum[channel] = std::min(statistics_.minimum[channel], lowest[lane]);
      statistics_.maximum[channel] = std::max(statistics_.maximum[channel], highest[lane]);
      sums_[channel] += sums[lane];
    }
  }

  // Counts values[c * channel_step + p] of `channels` channels from `first` on, p = 0, step, ...
  void count(int64_t first, int64_t channels, const float* values, int64_t positions, int64_t step,
             int64_t channel_step) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t p = 0; p < positions; p += step) {
        const float value = values[c * channel_step + p];
        statistics_.histograms.add(first + c, value);
        if (keep_values_) keep(value);
      }
    }
  }

  void keep(float value) {
    ++values_[value];
    if (values_.size() <= kMaxDistinctValues) return;
    keep_values_ = false;
    values_.clear();
  }

  std::mutex mutex_;
  TensorStatistics statistics_;
  std::vector<__int128> mean_sums_;
  std::vector<double> sums_;  // of one view
  std::map<float, uint64_t> values_;
  bool keep_values_;
  int64_t shown_ = 0;
};

int64_t channels_of(const Tensor& tensor) { return tensor.shape.empty() ? 1 : tensor.shape.back(); }

}  // namespace

TensorStatistics::TensorStatistics(int64_t channels)
    : minimum(static_cast<size_t>(channels), kInfinity),
      maximum(static_cast<size_t>(channels), -kInfinity),
      mean(static_cast<size_t>(channels), 0.0),
      histograms(channels) {}

float TensorStatistics::lowest() const { return *std::min_element(minimum.begin(), minimum.end()); }

float TensorStatistics::highest() const {
  return *std::max_element(maximum.begin(), maximum.end());
}

void TensorStatistics::scale(int64_t channel, double factor) {
  const auto c = static_cast<size_t>(channel);
  minimum[c] = static_cast<float>(minimum[c] * factor);
  maximum[c] = static_cast<float>(maximum[c] * factor);
  mean[c] *= factor;
  if (factor < 0) {
    std::swap(minimum[c], maximum[c]);
    histograms.mirror(channel);
  }
  histograms.scale(channel, std::abs(factor));
  values.clear();
}

void TensorStatistics::rectify() {
  for (int64_t channel = 0; channel < channels(); ++channel) {
    const auto c = static_cast<size_t>(channel);
    minimum[c] = std::max(minimum[c], 0.0f);
    maximum[c] = std::max(maximum[c], 0.0f);
    histograms.rectify(channel);
    mean[c] = histograms.mean(channel);
  }
  values.clear();
}

void Calibration::scale(TensorId tensor, int64_t channel, double factor) {
  tensors.at(tensor).scale(channel, factor);
  const auto before = before_prelu.find(tensor);
  if (before != before_prelu.end()) before->second.scale(channel, factor);
}

std::vector<TensorId> calibration_tensors(const Graph& graph) {
  std::vector<TensorId> tensors;
  const auto add = [&](TensorId id) {
    const Tensor& tensor = graph.tensor(id);
    if (tensor.type == DataType::kFloat32 && elements(tensor.shape) > 0) tensors.push_back(id);
  };
  for (const Port& port : graph.inputs) add(port.tensor);
  for (const NodeId id : graph.topological_order()) {
    for (const TensorId output : graph.node(id).outputs) add(output);
  }
  return tensors;
}

std::vector<TensorId> uncalibrated_tensors(const Graph& graph, const Calibration& calibration) {
  std::vector<TensorId> tensors = calibration_tensors(graph);
  std::erase_if(tensors, [&](TensorId id) { return calibration.tensors.contains(id); });
  return tensors;
}

absl::StatusOr<Calibration> calibrate(const Graph& graph, const ActivationSource& source,
                                      const CalibrationOptions& options) {
  Calibration calibration;
  calibration.samples = source.samples;
  DURWARD_RETURN_IF_ERROR(calibrate_rest(calibration, graph, source, options));
  return calibration;
}

absl::Status calibrate_rest(Calibration& calibration, const Graph& graph,
                            const ActivationSource& source, const CalibrationOptions& options) {
  if (source.samples <= 0 || source.samples > kMaxSamples) {
    return absl::InvalidArgumentError(
        absl::StrCat("calibration needs 1 to ", kMaxSamples, " samples, but was given ",
                     source.samples, "; 100 to 500 that look like those in use are enough"));
  }
  if (source.samples != calibration.samples) {
    return absl::InvalidArgumentError(absl::StrCat("the calibration is of ", calibration.samples,
                                                   " samples, but ", source.samples,
                                                   " were given to extend it"));
  }
  const std::vector<TensorId> tensors = uncalibrated_tensors(graph, calibration);
  std::map<TensorId, Accumulator> seen;
  for (const TensorId id : tensors) {
    seen.try_emplace(id, channels_of(graph.tensor(id)), graph.is_input(id));
  }
  std::mutex progress_mutex;
  int64_t done = 0;
  const auto observe_sample = [&](int64_t sample, int worker) -> absl::Status {
    const auto visit = [&](TensorId id, ActivationView view) -> absl::Status {
      const auto accumulator = seen.find(id);
      if (accumulator == seen.end()) return absl::OkStatus();
      const Tensor& tensor = graph.tensor(id);
      if (static_cast<int64_t>(view.values.size()) != elements(tensor.shape)) {
        return absl::InvalidArgumentError(absl::StrCat("tensor '", tensor.name, "' has shape ",
                                                       to_string(tensor.shape), ", but ",
                                                       view.values.size(), " values were shown"));
      }
      return with_context(accumulator->second.add(view),
                          absl::StrCat("tensor '", tensor.name, "' on sample ", sample));
    };
    DURWARD_RETURN_IF_ERROR(source.run(sample, worker, visit));
    if (!options.progress) return absl::OkStatus();
    const std::lock_guard<std::mutex> lock(progress_mutex);
    if (options.progress("calibrate", ++done, source.samples)) return absl::OkStatus();
    return absl::CancelledError("calibration was stopped");
  };
  DURWARD_RETURN_IF_ERROR(parallel_for(source.samples, options.threads, observe_sample));
  for (const TensorId id : tensors) {
    Accumulator& all = seen.at(id);
    if (all.shown() != source.samples) {
      return absl::InvalidArgumentError(absl::StrCat("tensor '", graph.tensor(id).name,
                                                     "' was shown ", all.shown(), " times for ",
                                                     source.samples, " samples"));
    }
    calibration.tensors.emplace(id, std::move(all).finish(source.samples));
  }
  return absl::OkStatus();
}

}  // namespace durward
