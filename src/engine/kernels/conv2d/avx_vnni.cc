#include "engine/kernels/conv2d/copy_in_pieces.h"
#include "engine/kernels/conv2d/product.h"
#include "engine/kernels/ymm.h"

namespace durward {
namespace {

// int8 + 128 as unsigned.
struct FlipCopy {
  using Value = int8_t;

  static void copy(int8_t* to, const int8_t* from, int64_t count) {
    copy_in_pieces<ThirtyTwo, Eight>(to, from, count);
  }
  static void fill(int8_t* to, int32_t input, int64_t count) {
    for (int64_t i = 0; i < count; ++i) to[i] = Eight::value(static_cast<int8_t>(input));
  }

 private:
  struct ThirtyTwo {
    static constexpr int64_t kCount = 32;
    static void copy(int8_t* to, const int8_t* from) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), Ymm::xor8(bytes, Ymm::set8(128)));
    }
  };
  struct Eight {
    static constexpr int64_t kCount = 8;
    static int8_t value(int8_t input) { return static_cast<int8_t>(input ^ -128); }
    static void copy(int8_t* to, const int8_t* from) {
      uint64_t bytes;
      __builtin_memcpy(&bytes, from, sizeof(bytes));
      bytes ^= 0x8080808080808080u;
      __builtin_memcpy(to, &bytes, sizeof(bytes));
    }
  };
};

struct AvxVnni {
  using Vector = Ymm;
  using Copy = FlipCopy;
  static constexpr const Conv2DTarget& kTarget = kConv2DAvxVnni;
  static constexpr auto kFinish = conv2d_finish_avx2;
  static constexpr int kVectorsAtOnce = 2;

  static __m256i dot(__m256i sum, __m256i inputs, __m256i weights) {
    return _mm256_dpbusd_avx_epi32(sum, inputs, weights);
  }
};

}  // namespace

void conv2d_run_avx_vnni(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                         const LayerOperands& operands) noexcept {
  run_products<AvxVnni>(conv, packed, add, operands);
}

}  // namespace durward
