#include "engine/kernels/conv2d/float_kernels.h"

namespace durward {
namespace {

bool takes_all(const Conv2DFloat&) noexcept { return true; }
size_t nothing_packed(const Conv2DFloat&) noexcept { return 0; }
void pack_nothing(const Conv2DFloat&, std::byte*) noexcept {}
size_t scratch_bytes(const Conv2DFloat& conv) noexcept {
  return conv2d_float_scratch_bytes(conv.geometry);
}
void run(const Conv2DFloat& conv, const std::byte*, const FloatOperands& operands) noexcept {
  conv2d_float(conv, operands.input, operands.output, operands.scratch);
}

}  // namespace

std::span<const Conv2DFloatKernel> conv2d_float_kernels() noexcept {
  // Copied when first asked for: a constant cannot be made of what other files define.
  static const Conv2DFloatKernel kernels[] = {
    {Isa::kPortable, takes_all, nothing_packed, pack_nothing, scratch_bytes, run},
#if defined(__x86_64__)
    kConv2DFloatAvx2,
    kConv2DFloatAvx512,
#elif defined(__aarch64__)
    kConv2DFloatNeon,
#endif
  };
  return kernels;
}

}  // namespace durward
