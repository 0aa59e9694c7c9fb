// What each node of a model costs in each precision, in measured time: of this machine, or of a
// device that sent its profiles.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/assignment.h"

namespace durward {

struct KernelTimes {
  // Microseconds, one thread, by the node's name. A node without an entry takes no time of its own:
  // it is part of another one's kernel, or moves nothing.
  std::map<std::pair<std::string, Precision>, double> us;
  // Of a change of precision, for each element.
  double quantize_us = 0, dequantize_us = 0;
  std::vector<std::string> devices;  // whose profiles are in it; empty: this machine alone
};

// On our engine, with plans for such an arena. Of the graph in int8, in float, and in a mixture
// that changes precision often, from which what that costs is known. Errors: those of build_plan
// and Session::create.
[[nodiscard]] absl::StatusOr<KernelTimes> measure_kernel_times(const Graph& int8,
                                                               const Graph& floats,
                                                               const Graph& mixture,
                                                               int64_t arena_bytes);

// Takes a device's times from a profile document (docs/profile.md) of the same model; what it does
// not have is scaled by how much faster or slower the device is on what it has. Errors: those of
// read_profile; InvalidArgument where none of its ops is a node of the model.
[[nodiscard]] absl::Status take_device_times(const std::filesystem::path& profile,
                                             KernelTimes& times);

// What a graph of such units costs with an assignment, by the times of its kernels and of the
// changes of precision between them.
class MixtureCosts {
 public:
  MixtureCosts(const Graph& graph, const std::vector<PrecisionUnit>& units, KernelTimes times);

  [[nodiscard]] double latency_us(const Assignment& assignment) const;
  // Of weights and biases.
  [[nodiscard]] double bytes(const Assignment& assignment) const;

 private:
  struct Activation {
    size_t maker = 0;           // a unit; units_ for the graph's input
    std::vector<size_t> users;  // units; units_ for the graph's output
    double elements = 0;
  };

  [[nodiscard]] Precision precision_of(size_t unit, const Assignment& assignment) const;

  size_t units_;
  KernelTimes times_;
  std::vector<std::map<Precision, double>> us_, bytes_;  // by unit
  std::vector<Activation> activations_;
};

}  // namespace durward
