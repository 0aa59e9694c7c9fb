#include "engine/kernels/lstm/float_kernels.h"

namespace durward {
namespace {

bool takes_all(const LstmFloat&) noexcept { return true; }
size_t nothing_packed(const LstmFloat&) noexcept { return 0; }
void pack_nothing(const LstmFloat&, std::byte*) noexcept {}
size_t scratch_bytes(const LstmFloat& lstm) noexcept {
  return lstm_float_scratch_bytes(lstm.geometry);
}
void run(const LstmFloat& lstm, const std::byte*, const FloatOperands& operands) noexcept {
  lstm_float(lstm, operands.input, operands.output, operands.scratch);
}

}  // namespace

std::span<const LstmFloatKernel> lstm_float_kernels() noexcept {
  // Copied when first asked for: a constant cannot be made of what other files define.
  static const LstmFloatKernel kernels[] = {
    {Isa::kPortable, takes_all, nothing_packed, pack_nothing, scratch_bytes, run},
#if defined(__x86_64__)
    kLstmFloatAvx2,
    kLstmFloatAvx512,
#elif defined(__aarch64__)
    kLstmFloatNeon,
#endif
  };
  return kernels;
}

}  // namespace durward
