#include "engine/plan.h"

namespace durward {
namespace {

// Of what has int8 rows. `call` is a KernelCall, const or not.
template <typename Call>
auto window_of(Call& call) -> decltype(&std::get_if<DepthwiseInt8Call>(&call)->window) {
  if (auto* conv = std::get_if<Conv2DInt8Call>(&call)) return &conv->geometry.window;
  if (auto* depthwise = std::get_if<DepthwiseInt8Call>(&call)) return &depthwise->window;
  auto* pool = std::get_if<MaxPoolCall>(&call);
  if (pool != nullptr && !pool->is_float) return &pool->window;
  return nullptr;
}

}  // namespace

int64_t size_of(PlanType type) noexcept {
  switch (type) {
    case PlanType::kFloat32:
    case PlanType::kInt32:
      return 4;
    case PlanType::kInt16:
      return 2;
    case PlanType::kInt64:
      return 8;
    case PlanType::kInt8:
    case PlanType::kUInt8:
    case PlanType::kBool:
      break;
  }
  return 1;
}

const WindowGeometry* row_window(const KernelCall& call) noexcept {
  const WindowGeometry* window = window_of(call);
  return window != nullptr && window->batch == 1 ? window : nullptr;
}

BoundCall bind(const Plan& plan, const PlanStep& step) noexcept {
  BoundCall bound{plan.calls[step.index].call};
  WindowGeometry* window = window_of(bound.call);
  if (step.output_rows == 0 || window == nullptr) return bound;
  const auto row = [](uint32_t rows, int64_t width, int64_t channels) {
    return uint64_t{rows} * static_cast<uint64_t>(width * channels);
  };
  bound.input_offset = row(step.input_row, window->in_w, window->in_c);
  bound.output_offset = row(step.output_row, window->out_w, window->out_c);
  bound.addend_offset = row(step.addend_row, window->out_w, window->out_c);
  window->in_h = step.input_rows;
  window->out_h = step.output_rows;
  window->pad_top = step.pad_top;
  return bound;
}

}  // namespace durward
