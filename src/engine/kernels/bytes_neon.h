// Vectors of 16 int8 as bytes_avx2.h has them, for AArch64.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

namespace durward {
namespace {

struct BytesNeon {
  using Value = int8x16_t;
  static constexpr int64_t kLanes = 16;

  static Value load(const int8_t* from) { return vld1q_s8(from); }
  static Value load_first(const int8_t* from, int64_t count) {
    Value value = vdupq_n_s8(0);
    __builtin_memcpy(&value, from, static_cast<size_t>(count));
    return value;
  }
  static void store(int8_t* to, Value value) { vst1q_s8(to, value); }
  static void store_first(int8_t* to, Value value, int64_t count) {
    __builtin_memcpy(to, &value, static_cast<size_t>(count));
  }
  static Value max(Value a, Value b) { return vmaxq_s8(a, b); }

  class Table {
   public:
    explicit Table(const int8_t* table) {
      for (int i = 0; i < 4; ++i) quarters_[i] = vld1q_s8_x4(table + 64 * i);
    }
    // An index outside a quarter leaves what was found.
    [[nodiscard]] Value at(Value value) const {
      uint8x16_t index = veorq_u8(vreinterpretq_u8_s8(value), vdupq_n_u8(128));
      Value found = vqtbl4q_s8(quarters_[0], index);
      for (int i = 1; i < 4; ++i) {
        index = vsubq_u8(index, vdupq_n_u8(64));
        found = vqtbx4q_s8(found, quarters_[i], index);
      }
      return found;
    }

   private:
    int8x16x4_t quarters_[4];
  };
};

}  // namespace
}  // namespace durward
