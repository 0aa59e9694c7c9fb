// What a kernel call adds to the kernels, which have their own tests: operands by position, the
// choice of the kernel by the call's fields, a fused add behind a layer, copies through a table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>

#include "engine/arithmetic.h"
#include "engine/kernel_call.h"

namespace durward {
namespace {

using ::testing::ElementsAre;

template <typename T>
const std::byte* bytes(const std::vector<T>& values) {
  return reinterpret_cast<const std::byte*>(values.data());
}

// The call's `count` outputs, which begin as 99. Fails where it runs over its scratch memory.
template <typename T>
std::vector<T> outputs(const KernelCall& call, std::initializer_list<const std::byte*> inputs,
                       size_t count) {
  constexpr std::byte kUntouched{0x5a};
  std::vector<T> output(count, T{99});
  const size_t scratch = scratch_bytes(call);
  const std::vector<std::byte> guard(64, kUntouched);
  std::vector<std::byte> memory(scratch + 2 * guard.size(), kUntouched);
  const size_t to_alignment = (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
  std::byte* const begin = memory.data() + to_alignment;
  execute(call,
          {{inputs.begin(), inputs.size()}, reinterpret_cast<std::byte*>(output.data()), begin});
  EXPECT_TRUE(std::all_of(begin + scratch, memory.data() + memory.size(),
                          [=](std::byte b) { return b == kUntouched; }));
  return output;
}

// 2 x 3 pixels of two channels through a 1x1 layer with unit weights: as a convolution with the
// unit matrix and as a depthwise convolution with a filter of ones it gives the same.
struct UnitLayer {
  WindowGeometry window{1, 2, 3, 2, 2, 3, 2};
  std::vector<int8_t> matrix{1, 0, 0, 1}, filter{1, 1};
  std::vector<int32_t> bias{0, 8};
  std::vector<float> multiplier{1, 0.5f}, negative{0.25f, -1};
  std::vector<int8_t> input{10, 20, -10, -20, 0, -8, 127, 127, -128, -128, 1, 1};
  OptionalAdd add{true, {3, -5, 0.5f, 2, {1, -128, 127}}};
  std::vector<int8_t> addend{-5, -5, -4, -4, 0, 0, 127, 127, -128, -128, -6, -3};

  // By the definition: requantised to int8 with zero point 3, then added.
  [[nodiscard]] std::vector<int8_t> expected(bool added) const {
    std::vector<int8_t> result;
    for (size_t i = 0; i < input.size(); ++i) {
      const size_t c = i % 2;
      const int32_t sum = input[i] + bias[c];
      const int8_t own =
          plain_requantize(sum, sum < 0 ? negative[c] : multiplier[c], {3, -128, 127});
      const float steps =
          static_cast<float>(own - 3) * 0.5f + static_cast<float>(addend[i] + 5) * 2.0f;
      result.push_back(added ? plain_round(steps, add.add.output) : own);
    }
    return result;
  }
};

TEST(Execute, AddsBehindALayerWhereItsCallSaysSo) {
  const UnitLayer u;
  for (const bool added : {false, true}) {
    const OptionalAdd fused = added ? u.add : OptionalAdd{};
    EXPECT_EQ(outputs<int8_t>(Conv2DInt8Call{{u.window, 1}, 0, {3, -128, 127}, fused},
                              {bytes(u.input), bytes(u.matrix), bytes(u.bias), bytes(u.multiplier),
                               bytes(u.negative), bytes(u.addend)},
                              12),
              u.expected(added));
    EXPECT_EQ(outputs<int8_t>(DepthwiseInt8Call{u.window, 0, {3, -128, 127}, fused},
                              {bytes(u.input), bytes(u.filter), bytes(u.bias), bytes(u.multiplier),
                               bytes(u.negative), bytes(u.addend)},
                              12),
              u.expected(added));
  }
}

TEST(Execute, ReadsABiasThatIsLeftOutAsZero) {
  const UnitLayer u;
  const std::vector<int32_t> zeros{0, 0};
  const auto run = [&](const std::byte* bias) {
    return outputs<int8_t>(
        DepthwiseInt8Call{u.window, 0, {3, -128, 127}, {}},
        {bytes(u.input), bytes(u.filter), bias, bytes(u.multiplier), bytes(u.negative)}, 12);
  };
  EXPECT_EQ(run(nullptr), run(bytes(zeros)));
}

// What is not among the operands is left out, be it a nullptr or beyond their end.
TEST(Execute, AppliesTheSlopeAndTheRangeOfAFloatLayer) {
  const std::vector<float> x{-2, 3}, weights{1, 1}, slope{0.5f, 0.5f};
  const DepthwiseFloatCall call{{1, 1, 1, 2, 1, 1, 2}, {}};
  EXPECT_THAT(outputs<float>(call, {bytes(x), bytes(weights), nullptr, bytes(slope)}, 2),
              ElementsAre(-1, 3));
  EXPECT_THAT(outputs<float>(call, {bytes(x), bytes(weights)}, 2), ElementsAre(-2, 3));
  const FullyConnectedFloatCall sum{1, 2, 1, {-0.25f, 6}};
  EXPECT_THAT(outputs<float>(sum, {bytes(x), bytes(weights)}, 1), ElementsAre(1));
  const std::vector<float> opposite{1, -1};
  EXPECT_THAT(outputs<float>(sum, {bytes(x), bytes(opposite)}, 1), ElementsAre(-0.25f));
}

TEST(Execute, CopiesThroughATableWhereOneIsGiven) {
  // The transpose of 2 x 3, written from element 1 on.
  const CopyCall transpose{{{2, {3, 2}, {1, 3}, {2, 1}}, 0, 1, 1}};
  const std::vector<int8_t> input{-128, -1, 0, 1, 2, 127};
  std::vector<int8_t> reversed(256);
  for (size_t i = 0; i < 256; ++i) reversed[i] = static_cast<int8_t>(127 - static_cast<int>(i));
  EXPECT_THAT(outputs<int8_t>(transpose, {bytes(input)}, 8),
              ElementsAre(99, -128, 1, -1, 2, 0, 127, 99));
  EXPECT_THAT(outputs<int8_t>(transpose, {bytes(input), nullptr}, 8),
              ElementsAre(99, -128, 1, -1, 2, 0, 127, 99));
  EXPECT_THAT(outputs<int8_t>(transpose, {bytes(input), bytes(reversed)}, 8),
              ElementsAre(99, 127, -2, 0, -3, -1, -128, 99));
}

TEST(Execute, ChoosesTheElementTypeOfTheCall) {
  const std::vector<int64_t> wide{1, -1};
  const std::vector<int32_t> narrow{1, -1};
  const std::vector<float> x{5, 6, 7};
  const Gathering three{1, 3, 2, sizeof(float)};
  EXPECT_THAT(outputs<float>(GatherCall{three, true}, {bytes(x), bytes(wide)}, 2),
              ElementsAre(6, 7));
  EXPECT_THAT(outputs<float>(GatherCall{three, false}, {bytes(x), bytes(narrow)}, 2),
              ElementsAre(6, 7));

  // Bytes of ones: -1 in every signed type.
  const std::vector<uint8_t> ones(4, 0xff);
  const std::vector<float> half{0.5f};
  const std::vector<int32_t> one{1};
  const auto real = [&](QuantizedType type) {
    return outputs<float>(DequantizeCall{type, 1, 1, 1}, {bytes(ones), bytes(half), bytes(one)},
                          1)[0];
  };
  EXPECT_EQ(real(QuantizedType::kInt8), -1);
  EXPECT_EQ(real(QuantizedType::kUInt8), 127);
  EXPECT_EQ(real(QuantizedType::kInt16), -1);
  EXPECT_EQ(real(QuantizedType::kInt32), -1);
}

TEST(Execute, MultipliesSixteenBitsWithWeightsOfEight) {
  const std::vector<int16_t> x{32767, -32768, 3, 5};
  const std::vector<int8_t> weights{127, -127, 1, 1};
  const std::vector<int32_t> bias{0, 1};
  const std::vector<float> multiplier{0x1p-8f, 0.5f};
  const auto run = [&](int32_t lowest) {
    return outputs<int16_t>(FullyConnectedInt16Call{2, 2, 2, lowest, 32767},
                            {bytes(x), bytes(weights), bytes(bias), bytes(multiplier)}, 4);
  };
  // 127 * 65535 / 256 = 32511.5 and a little; (-1 + 1) / 2; -254 / 256; 9 / 2, a tie.
  EXPECT_THAT(run(-32768), ElementsAre(32512, 0, -1, 4));
  EXPECT_THAT(run(0), ElementsAre(32512, 0, 0, 4));
}

TEST(Execute, QuantisesAroundZeroWithAScaleForEachChannel) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x{1.25f, 1.5f, -1e9f, 1e30f, 0.25f, nan}, scales{0.5f, 1.0f};
  EXPECT_THAT(outputs<int16_t>(QuantizeSymmetricCall{false, 3, 2, 1}, {bytes(x), bytes(scales)}, 6),
              ElementsAre(2, 2, -32768, 32767, 0, -32768));
  // Ties to even as well where a float has no halves left to the right of 2^22.
  const std::vector<float> wide{4194304.5f, 4194305.5f, -4194305.5f, 1e30f, -3e9f, nan};
  constexpr int32_t kLowest = std::numeric_limits<int32_t>::min();
  EXPECT_THAT(outputs<int32_t>(QuantizeSymmetricCall{true, 6, 1, 1},
                               {bytes(wide), bytes(std::vector<float>{1.0f})}, 6),
              ElementsAre(4194304, 4194306, -4194306, 2147450879, kLowest, kLowest));
}

TEST(Execute, ChoosesBetweenMaximumAndMinimum) {
  const std::vector<int8_t> a{1, 5}, b{2, -3};
  const LoopNest pair{1, {2}, {1}, {1}};
  EXPECT_THAT(outputs<int8_t>(ExtremumInt8Call{pair, true}, {bytes(a), bytes(b)}, 2),
              ElementsAre(2, 5));
  EXPECT_THAT(outputs<int8_t>(ExtremumInt8Call{pair, false}, {bytes(a), bytes(b)}, 2),
              ElementsAre(1, -3));
  const Reduction both{{1, {2}, {1}, {0}}, 1, 2};
  EXPECT_THAT(outputs<int8_t>(ReduceExtremumInt8Call{both, true}, {bytes(b)}, 1), ElementsAre(2));
  EXPECT_THAT(outputs<int8_t>(ReduceExtremumInt8Call{both, false}, {bytes(b)}, 1), ElementsAre(-3));
}

TEST(Execute, MultipliesEachMatrixOfABatch) {
  // Two 1x2 matrices of a; b repeats.
  const std::vector<float> a{1, 2, 3, 4}, b{1, 10};
  const MatMulFloatCall call{{1, {2}, {1}, {0}}, 1, 2, 1};
  EXPECT_THAT(outputs<float>(call, {bytes(a), bytes(b)}, 2), ElementsAre(21, 43));
}

// Each call that needs scratch memory stays within what it asked for.
TEST(Execute, StaysWithinItsScratchMemory) {
  const WindowGeometry image{1, 2, 2, 3, 1, 1, 3, 2, 2};
  const std::vector<float> real(12, 1.0f), multiplier(5, 0.25f);
  const std::vector<int8_t> int8(12, 4);
  EXPECT_THAT(outputs<float>(AveragePoolFloatCall{image, false}, {bytes(real)}, 3),
              ElementsAre(1, 1, 1));
  EXPECT_THAT(outputs<int8_t>(AveragePoolInt8Call{image, false, 0, {}},
                              {bytes(int8), bytes(multiplier)}, 3),
              ElementsAre(4, 4, 4));
  const Reduction over_image{{2, {4, 3}, {3, 1}, {0, 1}}, 3, 4};
  EXPECT_THAT(outputs<float>(ReduceFloatCall{FloatReduction::kMean, over_image}, {bytes(real)}, 3),
              ElementsAre(1, 1, 1));
  EXPECT_THAT(outputs<int8_t>(SumInt8Call{over_image, 0, 0.25f, {}}, {bytes(int8)}, 3),
              ElementsAre(4, 4, 4));
  WindowGeometry layer = image;
  layer.out_c = 1;
  EXPECT_THAT(outputs<float>(Conv2DFloatCall{{layer, 1}, {}}, {bytes(real), bytes(real)}, 1),
              ElementsAre(12));
}

TEST(Execute, SaysWhichInstructionsRunACall) {
  const LoopNest by_channel{2, {4, 3}, {3, 1}, {0, 1}}, by_row{2, {4, 3}, {3, 1}, {1, 0}};
  const LoopNest turned{2, {4, 3}, {3, 1}, {1, 4}};
  const auto add = [](const LoopNest& loop) { return AddInt8Call{{loop, 0, 0, 1, 1, {}}}; };
  const auto mul = [](const LoopNest& loop) { return MulInt8Call{{loop, 0, 0, 1, {}}}; };
  const auto sum = [](const Reduction& reduction) { return SumInt8Call{reduction, 0, 1, {}}; };
  for (const VectorKernels& kernels : vector_kernels()) {
    const auto isa = [&](const KernelCall& call) { return isa_of(call, kernels); };
    for (const KernelCall& call : std::initializer_list<KernelCall>{
             add(by_channel), mul(by_row), sum({by_channel, 3, 4}), MaxPoolCall{},
             UnaryFloatCall{{FloatUnary::kLeakyRelu, 0.1f, 0}, 4}, LookupInt8Call{},
             ResizeLinearInt8Call{}, QuantizeInt8Call{}}) {
      EXPECT_EQ(isa(call), kernels.isa) << name(call);
    }
    // Those that the kernels of the instruction set leave to the reference, and those of none.
    for (const KernelCall& call :
         std::initializer_list<KernelCall>{add(turned), mul(turned), sum({by_row, 4, 3}),
                                           UnaryFloatCall{{FloatUnary::kNegate, 0, 0}, 4},
                                           AveragePoolInt8Call{}, CopyCall{}, SoftmaxFloatCall{}}) {
      EXPECT_EQ(isa(call), Isa::kPortable) << name(call);
    }
  }
}

TEST(AveragePoolMultipliers, CountWhatAWindowCanAverage) {
  WindowGeometry w;
  w.kernel_h = 3;
  w.kernel_w = 5;
  w.in_h = 2;
  w.in_w = 9;
  EXPECT_EQ(average_pool_multipliers(w, true), 3 * 5 + 1);
  EXPECT_EQ(average_pool_multipliers(w, false), 2 * 5 + 1);
}

}  // namespace
}  // namespace durward
