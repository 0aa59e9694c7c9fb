#include "engine/kernels/conv2d/finish_vectors.h"
#include "engine/kernels/conv2d/product.h"
#include "engine/kernels/conv2d/zmm_copy.h"

namespace durward {
namespace {

struct Avx512Vnni {
  using Vector = Zmm;
  static constexpr const Conv2DTarget& kTarget = kConv2DAvx512Vnni;
  static constexpr auto kFinish = conv2d_finish_avx512;
  using Copy = ZmmCopy<kTarget.input_offset>;
  static constexpr int kVectorsAtOnce = 4;

  static __m512i dot(__m512i sum, __m512i inputs, __m512i weights) {
    return _mm512_dpbusd_epi32(sum, inputs, weights);
  }
};

}  // namespace

void conv2d_finish_avx512(const Conv2DFinish& finish, const Conv2DSums& sums) noexcept {
  finish_vectors<Zmm>(finish, sums);
}

void conv2d_run_avx512_vnni(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                            const LayerOperands& operands) noexcept {
  run_products<Avx512Vnni>(conv, packed, add, operands);
}

}  // namespace durward
