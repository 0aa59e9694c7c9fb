// An Add that is fused behind a layer rounds both products and their sum, on every instruction set.
// A fused multiply-add differs from that in few of the pairs of int8 here, and hardly ever in
// random ones with random multipliers.
#include <gtest/gtest.h>

#include <span>
#include <vector>

#include "engine/arithmetic.h"
#include "engine/kernels/conv2d/kernels.h"
#include "engine/kernels/depthwise/kernels.h"

namespace durward {
namespace {

constexpr int64_t kValues = 256;

// 256 pixels of 256 channels. Added to one another: each pair of values once.
std::vector<int8_t> value_of_pixel() {
  std::vector<int8_t> values;
  for (int64_t i = 0; i < kValues * kValues; ++i) {
    values.push_back(static_cast<int8_t>(i / kValues - 128));
  }
  return values;
}
std::vector<int8_t> value_of_channel() {
  std::vector<int8_t> values;
  for (int64_t i = 0; i < kValues * kValues; ++i) {
    values.push_back(static_cast<int8_t>(i % kValues - 128));
  }
  return values;
}

// Tenths, whose products lie beside ties.
constexpr FusedAdd kAdd{0, 0, 0.1f, -0.3f, {}};

std::vector<int8_t> rounded_sums() {
  std::vector<int8_t> sums;
  for (int64_t result = -128; result < 128; ++result) {
    for (int64_t addend = -128; addend < 128; ++addend) {
      volatile float first = static_cast<float>(result) * kAdd.multiplier;
      volatile float second = static_cast<float>(addend) * kAdd.addend_multiplier;
      sums.push_back(plain_round(first + second, kAdd.output));
    }
  }
  return sums;
}

WindowGeometry pixels(int64_t in_c) {
  WindowGeometry w;
  w.in_w = w.out_w = kValues;
  w.in_c = in_c;
  w.out_c = kValues;
  return w;
}

template <typename Kernel, typename Layer>
std::vector<int8_t> run(const Kernel& kernel, const Layer& layer,
                        const std::vector<int8_t>& input) {
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  const auto lines = [](size_t bytes) { return std::vector<Line>(bytes / sizeof(Line) + 1); };
  auto packed = lines(kernel.packed_bytes(layer));
  auto scratch = lines(kernel.scratch_bytes(layer));
  kernel.pack(layer, packed[0].bytes);
  const std::vector<int8_t> addend = value_of_channel();
  std::vector<int8_t> output(addend.size());
  kernel.run(layer, packed[0].bytes, &kAdd,
             {input.data(), addend.data(), output.data(), scratch[0].bytes});
  return output;
}

class FusedAdds : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!available(GetParam())) GTEST_SKIP() << "this machine lacks " << name(GetParam());
  }

  template <typename Kernel, typename Layer>
  static void expect_two_roundings(std::span<const Kernel> kernels, const Layer& layer,
                                   const std::vector<int8_t>& input) {
    for (const Kernel& kernel : kernels) {
      if (kernel.isa != GetParam() || !kernel.takes(layer)) continue;
      EXPECT_EQ(run(kernel, layer, input), rounded_sums());
      return;
    }
    GTEST_SKIP() << "no kernel for " << name(GetParam());
  }

  std::vector<int8_t> ones_ = std::vector<int8_t>(kValues, 1);
  std::vector<float> multiplier_ = std::vector<float>(kValues, 1.0f);
};

TEST_P(FusedAdds, RoundTwiceBehindAConvolution) {
  std::vector<int8_t> input;
  for (int64_t i = 0; i < kValues; ++i) input.push_back(static_cast<int8_t>(i - 128));
  const Conv2DInt8 conv{
      {pixels(1), 1}, ones_.data(), nullptr, multiplier_.data(), multiplier_.data(), 0, {}};
  expect_two_roundings(conv2d_kernels(), conv, input);
}

TEST_P(FusedAdds, RoundTwiceBehindADepthwiseConvolution) {
  const DepthwiseInt8 conv{
      pixels(kValues), ones_.data(), nullptr, multiplier_.data(), multiplier_.data(), 0, {}};
  expect_two_roundings(depthwise_kernels(), conv, value_of_pixel());
}

std::string isa_name(const testing::TestParamInfo<Isa>& isa) {
  std::string result = name(isa.param);
  for (char& c : result) {
    if (c == '-') c = '_';
  }
  return result;
}
INSTANTIATE_TEST_SUITE_P(EachInstructionSet, FusedAdds,
                         testing::ValuesIn(isas().begin(), isas().end()), isa_name);

}  // namespace
}  // namespace durward
