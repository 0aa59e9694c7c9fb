// A compiled model as the engine holds it: calls of kernels, where their operands are, and the
// steps in which they run. Made by compile/, stored as plan.fbs, checked by verify_plan() before
// anything of it is run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/kernel_call.h"

namespace durward {

inline constexpr uint32_t kPlanVersion = 1;
inline constexpr size_t kPlanAlignment = 64;

enum class PlanType : uint8_t { kFloat32, kInt8, kUInt8, kInt16, kInt32, kInt64, kBool };
[[nodiscard]] int64_t size_of(PlanType type) noexcept;  // bytes

struct PlanTensor {
  enum class Place : uint8_t { kArena, kConstant, kInput, kOutput };

  std::string name;
  PlanType type = PlanType::kInt8;
  Place place = Place::kArena;
  std::vector<int64_t> shape;  // NHWC; of ports and of what slides checked, else for people
  uint64_t offset = 0;         // in bytes; of kInput and kOutput the number of the port
  uint64_t bytes = 0;          // what is held at once: all of it, or a window of rows
  float scale = 0;             // of an int8 activation, else 0
  int32_t zero_point = 0;
};

struct PlanCall {
  KernelCall call;
  std::string name;             // of the layer that it was
  std::vector<int32_t> inputs;  // tensors, in the call's order; -1: left out
  int32_t output = -1;
};

// All of a call; some rows of one (Conv2DInt8Call and DepthwiseInt8Call); or a move inside the
// window of a tensor that is computed a few rows at a time.
struct PlanStep {
  enum class Kind : uint8_t { kRun, kSlide };

  Kind kind = Kind::kRun;
  uint32_t index = 0;  // of the call, or of the tensor that slides
  // A run of rows where output_rows > 0. Rows are counted from the start of what is held.
  uint32_t input_row = 0, input_rows = 0, pad_top = 0;
  uint32_t output_row = 0, output_rows = 0, addend_row = 0;
  // A slide moves input_rows rows from input_row to the start.
};

struct Plan {
  std::vector<PlanTensor> tensors;
  std::vector<PlanCall> calls;
  std::vector<PlanStep> steps;
  std::vector<int32_t> inputs, outputs;  // tensors
  uint64_t arena_bytes = 0;
  std::span<const std::byte> constants;  // aligned to kPlanAlignment; not owned
};

// The window of a call that can run a few rows at a time; nullptr for others.
[[nodiscard]] const WindowGeometry* row_window(const KernelCall& call) noexcept;

// The input that a fused add has behind those of its layer.
inline constexpr size_t kAddendOperand = 5;
// The last constant input of a float layer: the slope, of a recurrent one the bias.
inline constexpr size_t kSlopeOperand = 3;

// A call with everything that a step changes about it, and where its operands begin.
struct BoundCall {
  KernelCall call;
  uint64_t input_offset = 0, addend_offset = 0, output_offset = 0;  // in bytes, into the tensors

  [[nodiscard]] uint64_t offset_of_input(size_t i) const noexcept {
    return i == 0 ? input_offset : i == kAddendOperand ? addend_offset : 0;
  }
};
// `step` runs a call of the plan with sizes that verify_plan() accepts.
[[nodiscard]] BoundCall bind(const Plan& plan, const PlanStep& step) noexcept;

// Reads a serialised plan. Its constants are those of `bytes`, which must outlive the plan and be
// aligned to kPlanAlignment. Errors: kMalformedPlan, kUnknownVersion, kUnaligned.
// Takes memory in proportion to the size of `bytes`.
[[nodiscard]] EngineError read_plan(std::span<const std::byte> bytes, Plan& plan);

// Whether every step stays inside its operands and writes to none that it reads, whatever the data.
// What the constants hold is not looked at: constants_problem() of call_constants.h does that.
// Errors: kInvalidPlan naming the call or tensor.
[[nodiscard]] EngineError verify_plan(const Plan& plan);

}  // namespace durward
