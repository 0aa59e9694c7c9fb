#include "engine/kernels/depthwise/kernels.h"

#include "engine/kernels/portable.h"

namespace durward {
namespace {

bool takes_all(const DepthwiseInt8&) noexcept { return true; }
size_t nothing_packed(const DepthwiseInt8&) noexcept { return 0; }
void pack_nothing(const DepthwiseInt8&, std::byte*) noexcept {}
size_t scratch_bytes(const DepthwiseInt8& conv) noexcept {
  return depthwise_scratch_bytes(conv.window);
}

void run(const DepthwiseInt8& conv, const std::byte*, const FusedAdd* add,
         const LayerOperands& operands) noexcept {
  depthwise_int8(conv, operands.input, operands.output, operands.scratch);
  const WindowGeometry& w = conv.window;
  if (add != nullptr) {
    run_fused_add(*add, operands.addend, operands.output, w.batch * w.out_h * w.out_w * w.out_c);
  }
}

}  // namespace

std::span<const DepthwiseKernel> depthwise_kernels() noexcept {
  // Copied when first asked for: a constant cannot be made of what other files define.
  static const DepthwiseKernel kernels[] = {
    {Isa::kPortable, takes_all, nothing_packed, pack_nothing, scratch_bytes, run},
#if defined(__x86_64__)
    kDepthwiseAvx2,
    kDepthwiseAvxVnni,
    kDepthwiseAvx512Vnni,
#endif
  };
  return kernels;
}

}  // namespace durward
