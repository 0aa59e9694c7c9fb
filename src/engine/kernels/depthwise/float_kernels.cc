#include "engine/kernels/depthwise/float_kernels.h"

namespace durward {
namespace {

bool takes_all(const DepthwiseFloat&) noexcept { return true; }
size_t nothing_packed(const DepthwiseFloat&) noexcept { return 0; }
void pack_nothing(const DepthwiseFloat&, std::byte*) noexcept {}
size_t scratch_bytes(const DepthwiseFloat& conv) noexcept {
  return depthwise_scratch_bytes(conv.window);
}
void run(const DepthwiseFloat& conv, const std::byte*, const FloatOperands& operands) noexcept {
  depthwise_float(conv, operands.input, operands.output, operands.scratch);
}

}  // namespace

std::span<const DepthwiseFloatKernel> depthwise_float_kernels() noexcept {
  // Copied when first asked for: a constant cannot be made of what other files define.
  static const DepthwiseFloatKernel kernels[] = {
    {Isa::kPortable, takes_all, nothing_packed, pack_nothing, scratch_bytes, run},
#if defined(__x86_64__)
    kDepthwiseFloatAvx2,
    kDepthwiseFloatAvx512,
#elif defined(__aarch64__)
    kDepthwiseFloatNeon,
#endif
  };
  return kernels;
}

}  // namespace durward
