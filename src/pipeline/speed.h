// How fast models are in their runtimes, and what of them ran as integers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pipeline/evaluate.h"
#include "runtimes/bench.h"

namespace durward {

struct SpeedSubject {
  Variant variant;
  bool integer = false;  // a quantised model
};

struct OpGroup {
  std::string op;
  std::string precision;
  int64_t count = 0;
  double microseconds = 0;  // all of them, for one sample
};

struct SpeedRow {
  SpeedSubject subject;
  BenchTimes times;
  int64_t samples_per_run = 1;        // of a model whose file fixes a larger batch
  std::vector<OpGroup> placement;     // slowest first
  std::vector<OpRecord> float_nodes;  // of an integer model, without conversions at the ports
};

struct SpeedOptions {
  BenchOptions bench = {};
  int cpu = -1;  // the CPU to stay on; -1 for the last one this process may use
  Progress progress = {};
};

// Every subject on the first of the samples, one thread, interleaved. It should be a real one,
// since some kernels (ONNX Runtime's PRelu) take longer on real data. Errors: the runtimes';
// Cancelled.
[[nodiscard]] absl::StatusOr<std::vector<SpeedRow>> measure_speed(
    const std::vector<SpeedSubject>& subjects, const Samples& samples, const SpeedOptions& options);

}  // namespace durward
