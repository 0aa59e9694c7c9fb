#include "engine/kernels/depthwise/kernels.h"

#include "engine/kernels/portable.h"
#if defined(__aarch64__)
#include "engine/kernels/depthwise/neon.h"
#endif

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

#if defined(__aarch64__)
template <int64_t kGroup>
constexpr DepthwiseKernel neon_kernel(Isa isa, decltype(DepthwiseKernel::takes) takes,
                                      decltype(DepthwiseKernel::run) run_it) {
  DepthwiseKernel kernel;
  kernel.isa = isa;
  kernel.takes = takes;
  kernel.packed_bytes = [](const DepthwiseInt8& conv) noexcept {
    return depthwise_neon_packed_bytes(conv, kGroup);
  };
  kernel.pack = [](const DepthwiseInt8& conv, std::byte* packed) noexcept {
    depthwise_neon_pack(conv, kGroup, packed);
  };
  kernel.scratch_bytes = [](const DepthwiseInt8& conv) noexcept {
    return depthwise_neon_scratch_bytes(conv, kGroup);
  };
  kernel.run = run_it;
  return kernel;
}
#endif

}  // namespace

std::span<const DepthwiseKernel> depthwise_kernels() noexcept {
  // Copied when first asked for: a constant cannot be made of what other files define.
  static const DepthwiseKernel kernels[] = {
    {Isa::kPortable, takes_all, nothing_packed, pack_nothing, scratch_bytes, run},
#if defined(__x86_64__)
    kDepthwiseAvx2,
    kDepthwiseAvxVnni,
    kDepthwiseAvx512Vnni,
#elif defined(__aarch64__)
    neon_kernel<kDepthwiseNeonGroup>(Isa::kNeon, depthwise_takes_neon, depthwise_run_neon),
    neon_kernel<kDepthwiseNeonDotprodGroup>(Isa::kNeonDotprod, depthwise_takes_neon_dotprod,
                                            depthwise_run_neon_dotprod),
#endif
  };
  return kernels;
}

}  // namespace durward
