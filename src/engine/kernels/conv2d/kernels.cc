#include "engine/kernels/conv2d/kernels.h"

#include "engine/kernels/portable.h"

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

constexpr Conv2DKernel kKernels[] = {
    {Isa::kPortable, takes_all, nothing_packed, pack_nothing, scratch_bytes, run},
};

}  // namespace

std::span<const Conv2DKernel> conv2d_kernels() noexcept { return kKernels; }

}  // namespace durward
