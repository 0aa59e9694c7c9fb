#include "micro/footprint.h"

#include <absl/strings/str_join.h>

#include <algorithm>
#include <variant>
#include <vector>

namespace durward {
namespace {

int64_t whole_bytes(const PlanTensor& tensor) {
  int64_t bytes = size_of(tensor.type);
  for (const int64_t size : tensor.shape) bytes *= size;
  // Bands of rows hold less than the shape says; only the shape is what a whole layer needs.
  return std::max(bytes, static_cast<int64_t>(tensor.bytes));
}

int64_t products_of(const WindowGeometry& w, int64_t per_output) {
  return w.batch * w.out_h * w.out_w * w.out_c * per_output;
}

}  // namespace

absl::Status check_limits(const Footprint& f, const MicroLimits& limits) {
  std::vector<std::string> causes;
  if (limits.ram_bytes && f.ram_bytes() > *limits.ram_bytes) {
    causes.push_back(absl::StrCat("it needs ", f.ram_bytes(), " bytes of RAM (arena ",
                                  f.arena_bytes, ", scratch ", f.scratch_bytes, ", inputs ",
                                  f.input_bytes, ", outputs ", f.output_bytes, "), ",
                                  f.ram_bytes() - *limits.ram_bytes, " more than the ",
                                  *limits.ram_bytes, " that there are"));
  }
  if (limits.flash_bytes && f.flash_bytes() > *limits.flash_bytes) {
    causes.push_back(absl::StrCat("it needs ", f.flash_bytes(), " bytes of flash (constants ",
                                  f.constant_bytes, ", code about ", f.code_bytes, "), ",
                                  f.flash_bytes() - *limits.flash_bytes, " more than the ",
                                  *limits.flash_bytes, " that there are"));
  }
  if (causes.empty()) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the model is too large: ", absl::StrJoin(causes, "; ")));
}

int64_t layer_wise_minimum(const Plan& plan) {
  int64_t most = 0;
  for (const PlanCall& call : plan.calls) {
    std::vector<int32_t> tensors = call.inputs;
    tensors.push_back(call.output);
    std::sort(tensors.begin(), tensors.end());
    tensors.erase(std::unique(tensors.begin(), tensors.end()), tensors.end());
    int64_t sum = 0;
    for (const int32_t index : tensors) {
      if (index < 0) continue;
      const PlanTensor& tensor = plan.tensors[static_cast<size_t>(index)];
      if (tensor.place == PlanTensor::Place::kArena) sum += whole_bytes(tensor);
    }
    most = std::max(most, sum);
  }
  return most;
}

int64_t multiply_accumulates(const Plan& plan) {
  int64_t sum = 0;
  for (const PlanCall& call : plan.calls) {
    if (const auto* conv = std::get_if<Conv2DInt8Call>(&call.call)) {
      sum += products_of(conv->geometry.window, conv->geometry.depth());
    } else if (const auto* depthwise = std::get_if<DepthwiseInt8Call>(&call.call)) {
      sum +=
          products_of(depthwise->window, depthwise->window.kernel_h * depthwise->window.kernel_w);
    }
  }
  return sum;
}

}  // namespace durward
