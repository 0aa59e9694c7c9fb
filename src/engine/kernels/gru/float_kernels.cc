#include "engine/kernels/gru/float_kernels.h"

namespace durward {
namespace {

bool takes_all(const GruFloat&) noexcept { return true; }
size_t nothing_packed(const GruFloat&) noexcept { return 0; }
void pack_nothing(const GruFloat&, std::byte*) noexcept {}
size_t scratch_bytes(const GruFloat& gru) noexcept { return gru_float_scratch_bytes(gru.geometry); }
void run(const GruFloat& gru, const std::byte*, const FloatOperands& operands) noexcept {
  gru_float(gru, operands.input, operands.output, operands.scratch);
}

}  // namespace

std::span<const GruFloatKernel> gru_float_kernels() noexcept {
  // Copied when first asked for: a constant cannot be made of what other files define.
  static const GruFloatKernel kernels[] = {
    {Isa::kPortable, takes_all, nothing_packed, pack_nothing, scratch_bytes, run},
#if defined(__x86_64__)
    kGruFloatAvx2,
    kGruFloatAvx512,
#elif defined(__aarch64__)
    kGruFloatNeon,
#endif
  };
  return kernels;
}

}  // namespace durward
