#include "engine/kernels/conv2d/copy_in_pieces.h"
#include "engine/kernels/conv2d/finish_vectors.h"
#include "engine/kernels/conv2d/product.h"
#include "engine/kernels/ymm.h"

namespace durward {
namespace {

// int8 widened to int16: what multiplies int8 (vpmaddubsw) saturates sums of two products.
struct WideningCopy {
  using Value = int16_t;

  static void copy(int16_t* to, const int8_t* from, int64_t count) {
    copy_in_pieces<Sixteen, Eight>(to, from, count);
  }
  static void fill(int16_t* to, int32_t input, int64_t count) {
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<int16_t>(input);
  }

 private:
  struct Sixteen {
    static constexpr int64_t kCount = 16;
    static void copy(int16_t* to, const int8_t* from) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_cvtepi8_epi16(bytes));
    }
  };
  struct Eight {
    static constexpr int64_t kCount = 8;
    static int16_t value(int8_t input) { return input; }
    static void copy(int16_t* to, const int8_t* from) {
      const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_cvtepi8_epi16(bytes));
    }
  };
};

struct Avx2 {
  using Vector = Ymm;
  using Copy = WideningCopy;
  static constexpr const Conv2DTarget& kTarget = kConv2DAvx2;
  static constexpr auto kFinish = conv2d_finish_avx2;
  static constexpr int kVectorsAtOnce = 2;

  static __m256i dot(__m256i sum, __m256i inputs, __m256i weights) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(inputs, weights));
  }
};

}  // namespace

void conv2d_finish_avx2(const Conv2DFinish& finish, const Conv2DSums& sums) noexcept {
  finish_vectors<Ymm>(finish, sums);
}

void conv2d_run_avx2(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                     const LayerOperands& operands) noexcept {
  run_products<Avx2>(conv, packed, add, operands);
}

}  // namespace durward
