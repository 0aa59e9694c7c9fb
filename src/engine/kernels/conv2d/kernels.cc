#include "engine/kernels/conv2d/kernels.h"

#include "engine/kernels/portable.h"
#if defined(__aarch64__)
#include "engine/kernels/conv2d/neon.h"
#elif defined(__x86_64__)
#include "engine/kernels/conv2d/x86.h"
#endif

namespace durward {
namespace {

bool takes_all(const Conv2DInt8&) noexcept { return true; }
size_t nothing_packed(const Conv2DInt8&) noexcept { return 0; }
void pack_nothing(const Conv2DInt8&, std::byte*) noexcept {}
size_t scratch_bytes(const Conv2DInt8& conv) noexcept {
  return conv2d_int8_scratch_bytes(conv.geometry);
}

void run(const Conv2DInt8& conv, const std::byte*, const FusedAdd* add,
         const LayerOperands& operands) noexcept {
  conv2d_int8(conv, operands.input, operands.output, operands.scratch);
  const WindowGeometry& w = conv.geometry.window;
  if (add != nullptr) {
    run_fused_add(*add, operands.addend, operands.output, w.batch * w.out_h * w.out_w * w.out_c);
  }
}

#if defined(__aarch64__)
template <const Conv2DNeonPacking& packing>
constexpr Conv2DKernel neon_kernel(Isa isa, decltype(Conv2DKernel::takes) takes,
                                   decltype(Conv2DKernel::run) run_it) {
  Conv2DKernel kernel;
  kernel.isa = isa;
  kernel.takes = takes;
  kernel.packed_bytes = [](const Conv2DInt8& conv) noexcept {
    return conv2d_neon_packed_bytes(conv, packing);
  };
  kernel.pack = [](const Conv2DInt8& conv, std::byte* packed) noexcept {
    conv2d_neon_pack(conv, packing, packed);
  };
  kernel.scratch_bytes = [](const Conv2DInt8& conv) noexcept {
    return conv2d_neon_scratch_bytes(conv, packing);
  };
  kernel.run = run_it;
  return kernel;
}
#elif defined(__x86_64__)
bool has_no_groups(const Conv2DInt8& conv) noexcept { return conv.geometry.groups == 1; }

template <const Conv2DTarget& target>
constexpr Conv2DKernel x86_kernel(Isa isa, decltype(Conv2DKernel::run) run_it) {
  Conv2DKernel kernel;
  kernel.isa = isa;
  kernel.takes = has_no_groups;
  kernel.packed_bytes = [](const Conv2DInt8& conv) noexcept {
    return static_cast<size_t>(conv2d_packed(conv, target).bytes);
  };
  kernel.pack = [](const Conv2DInt8& conv, std::byte* packed) noexcept {
    conv2d_pack(conv, target, packed);
  };
  kernel.scratch_bytes = [](const Conv2DInt8& conv) noexcept {
    return static_cast<size_t>(conv2d_scratch(conv, target).bytes);
  };
  kernel.run = run_it;
  return kernel;
}
#endif

constexpr Conv2DKernel kKernels[] = {
    {Isa::kPortable, takes_all, nothing_packed, pack_nothing, scratch_bytes, run},
#if defined(__aarch64__)
    neon_kernel<kConv2DNeonPacking>(Isa::kNeon, conv2d_takes_neon, conv2d_run_neon),
    neon_kernel<kConv2DNeonDotprodPacking>(Isa::kNeonDotprod, takes_all, conv2d_run_neon_dotprod),
    neon_kernel<kConv2DNeonI8mmPacking>(Isa::kNeonI8mm, takes_all, conv2d_run_neon_i8mm),
#elif defined(__x86_64__)
    x86_kernel<kConv2DAvx2>(Isa::kAvx2, conv2d_run_avx2),
    x86_kernel<kConv2DAvxVnni>(Isa::kAvxVnni, conv2d_run_avx_vnni),
    x86_kernel<kConv2DAvx512Vnni>(Isa::kAvx512Vnni, conv2d_run_avx512_vnni),
    x86_kernel<kConv2DAmx>(Isa::kAmx, conv2d_run_amx),
#endif
};

}  // namespace

std::span<const Conv2DKernel> conv2d_kernels() noexcept { return kKernels; }

}  // namespace durward
