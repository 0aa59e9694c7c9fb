// What a model takes of a microcontroller's memory.
#pragma once

#include <cstdint>
#include <optional>

#include "base/status.h"
#include "engine/plan.h"

namespace durward {

struct Footprint {
  int64_t arena_bytes = 0;                    // activations, as the plan has them
  int64_t scratch_bytes = 0;                  // of kernels, behind the activations
  int64_t input_bytes = 0, output_bytes = 0;  // buffers of the caller
  int64_t constant_bytes = 0;  // weights, tables and the layers' parameters: exact but for padding
  int64_t code_bytes = 0;      // an estimate, from above
  // The least arena where each layer has whole tensors: the largest sum of a layer's activations.
  int64_t layer_wise_bytes = 0;
  int64_t multiply_accumulates = 0;

  [[nodiscard]] int64_t ram_bytes() const {
    return arena_bytes + scratch_bytes + input_bytes + output_bytes;
  }
  [[nodiscard]] int64_t flash_bytes() const { return constant_bytes + code_bytes; }
};

// What a board has for the model; nothing where there is no limit.
struct MicroLimits {
  std::optional<int64_t> ram_bytes, flash_bytes;
};

// Errors: ResourceExhausted saying what is too large, and by how much.
[[nodiscard]] absl::Status check_limits(const Footprint& footprint, const MicroLimits& limits);

// The largest sum, over the calls, of the activations that are no ports, whole.
[[nodiscard]] int64_t layer_wise_minimum(const Plan& plan);

// Products of the convolutions and fully connected layers, each counted once.
[[nodiscard]] int64_t multiply_accumulates(const Plan& plan);

}  // namespace durward
