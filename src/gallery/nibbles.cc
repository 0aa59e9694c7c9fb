#include "gallery/nibbles.h"

namespace durward {
namespace {

constexpr int kHalf = kNibbleChunk / 2;

// Of 16 h + l with l in -8..7.
int high_half(int value) { return (value + 8) >> 4; }
int low_half(int value) { return value - 16 * high_half(value); }

uint8_t two(int lower, int upper) { return static_cast<uint8_t>((lower + 8) | (upper + 8) << 4); }

}  // namespace

void append_nibbles(std::span<const int8_t> values, NibblePlane& high, NibblePlane& low) {
  for (size_t chunk = 0; chunk < values.size(); chunk += kNibbleChunk) {
    for (size_t j = chunk; j < chunk + kHalf; ++j) {
      const int first = values[j], second = values[j + kHalf];
      high.push_back(two(high_half(first), high_half(second)));
      low.push_back(two(low_half(first), low_half(second)));
    }
  }
}

void nibble_dots_portable(const NibbleProbe& probe, const uint8_t* plane, int64_t rows,
                          int32_t* dots) {
  for (int64_t row = 0; row < rows; ++row) {
    int32_t sum = 0;
    for (size_t chunk = 0; chunk < probe.values.size(); chunk += kNibbleChunk) {
      for (size_t j = chunk; j < chunk + kHalf; ++j, ++plane) {
        sum += probe.values[j] * (*plane & 15) + probe.values[j + kHalf] * (*plane >> 4);
      }
    }
    dots[row] = sum - 8 * probe.sum;
  }
}

std::span<const NibbleKernel> nibble_kernels() {
  static constexpr NibbleKernel kKernels[] = {
    {Isa::kPortable, nibble_dots_portable},
#if defined(__x86_64__)
    {Isa::kAvx2, nibble_dots_avx2},
    {Isa::kAvx512Vnni, nibble_dots_avx512_vnni},
#elif defined(__aarch64__)
    {Isa::kNeonDotprod, nibble_dots_neon_dotprod},
#endif
  };
  return kKernels;
}

const NibbleKernel& fastest_nibble_kernel(Isa highest) {
  const NibbleKernel* best = &nibble_kernels().front();
  for (const NibbleKernel& kernel : nibble_kernels()) {
    if (kernel.isa <= highest && available(kernel.isa)) best = &kernel;
  }
  return *best;
}

}  // namespace durward
