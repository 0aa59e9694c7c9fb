#include "engine/kernels/lstm_int16/kernels.h"

namespace durward {
namespace {

bool takes_all(const LstmInt16&) noexcept { return true; }
size_t nothing_packed(const LstmInt16&) noexcept { return 0; }
void pack_nothing(const LstmInt16&, std::byte*) noexcept {}
size_t scratch_bytes(const LstmInt16& lstm) noexcept {
  return lstm_int16_scratch_bytes(lstm.geometry);
}
void run(const LstmInt16& lstm, const std::byte*, const LstmInt16Operands& operands) noexcept {
  lstm_int16(lstm, operands);
}

}  // namespace

std::span<const LstmInt16Kernel> lstm_int16_kernels() noexcept {
  // Copied when first asked for: a constant cannot be made of what other files define.
  static const LstmInt16Kernel kernels[] = {
    {Isa::kPortable, takes_all, nothing_packed, pack_nothing, scratch_bytes, run},
#if defined(__x86_64__)
    kLstmInt16Avx2,
    kLstmInt16Avx512Vnni,
#elif defined(__aarch64__)
    kLstmInt16Neon,
#endif
  };
  return kernels;
}

}  // namespace durward
