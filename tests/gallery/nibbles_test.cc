#include "gallery/nibbles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace durward {
namespace {

// A generator of its own, since devices' builds have nothing of base.
class Values {
 public:
  std::vector<int8_t> next(int count, int largest) {
    std::vector<int8_t> values(static_cast<size_t>(count));
    for (int8_t& value : values) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      value = static_cast<int8_t>(
          static_cast<int>((state_ >> 33) % static_cast<uint64_t>(2 * largest + 1)) - largest);
    }
    return values;
  }

 private:
  uint64_t state_ = 1;
};

NibbleProbe probe_of(std::vector<int8_t> values) {
  NibbleProbe probe;
  probe.sum = std::accumulate(values.begin(), values.end(), 0);
  probe.values = std::move(values);
  return probe;
}

// 16 times the product with the upper halves and the product with the lower ones are the product.
TEST(Nibbles, BothPlanesTogetherAreTheVector) {
  Values values;
  for (const int dims : {128, 256, 512, 640, 4096}) {
    for (const NibbleKernel& kernel : nibble_kernels()) {
      if (!available(kernel.isa)) continue;
      for (const int rows : {1, 3, 4, 5, 9}) {
        NibblePlane high, low;
        std::vector<std::vector<int8_t>> templates;
        for (int row = 0; row < rows; ++row) {
          templates.push_back(values.next(dims, 119));
          append_nibbles(templates.back(), high, low);
        }
        const NibbleProbe probe = probe_of(values.next(dims, 127));
        std::vector<int32_t> highs(static_cast<size_t>(rows)), lows(static_cast<size_t>(rows));
        kernel.dots(probe, high.data(), rows, highs.data());
        kernel.dots(probe, low.data(), rows, lows.data());
        for (size_t row = 0; row < templates.size(); ++row) {
          const int32_t expected = std::inner_product(templates[row].begin(), templates[row].end(),
                                                      probe.values.begin(), 0);
          EXPECT_EQ(16 * highs[row] + lows[row], expected) << name(kernel.isa) << " " << dims;
        }
      }
    }
  }
}

TEST(Nibbles, EveryKernelGivesTheSameAtTheEndsOfTheRange) {
  for (const int probe_value : {-127, 127}) {
    for (const int value : {-119, 119, -8, 7, 8}) {
      const NibbleProbe probe =
          probe_of(std::vector<int8_t>(4096, static_cast<int8_t>(probe_value)));
      NibblePlane high, low;
      append_nibbles(std::vector<int8_t>(4096, static_cast<int8_t>(value)), high, low);
      for (const NibbleKernel& kernel : nibble_kernels()) {
        if (!available(kernel.isa)) continue;
        int32_t h = 0, l = 0;
        kernel.dots(probe, high.data(), 1, &h);
        kernel.dots(probe, low.data(), 1, &l);
        EXPECT_EQ(16 * h + l, 4096 * probe_value * value) << name(kernel.isa);
      }
    }
  }
}

}  // namespace
}  // namespace durward
