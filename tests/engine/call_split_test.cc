#include "engine/call_split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "engine/aligned_bytes.h"
#include "engine/arithmetic.h"
#include "engine/every_call.h"

namespace durward {
namespace {

bool is_int8_layer(const KernelCall& call) {
  return std::holds_alternative<Conv2DInt8Call>(call) ||
         std::holds_alternative<DepthwiseInt8Call>(call);
}

// Values of the operand's type: words are floats but for a bias.
std::vector<std::byte> random_operand(const KernelCall& call, const CallNeeds& needs, size_t i,
                                      Random& random) {
  std::vector<std::byte> bytes(static_cast<size_t>(needs.inputs[i].bytes));
  if (needs.inputs[i].alignment == 1) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(256));
    return bytes;
  }
  for (size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    const auto real = static_cast<float>(random.uniform() * 4 - 2);
    const auto bias = static_cast<int32_t>(random.below(2000)) - 1000;
    std::memcpy(bytes.data() + at,
                is_int8_layer(call) && i == 2 ? static_cast<const void*>(&bias) : &real, 4);
  }
  return bytes;
}

// A call with its operands.
class Example {
 public:
  Example(const KernelCall& call, Random& random) : call_(call), needs_(needs_of(call)) {
    EXPECT_EQ(needs_.problem, nullptr);
    for (size_t i = 0; i < needs_.input_count; ++i) {
      inputs_.push_back(random_operand(call, needs_, i, random));
    }
  }

  [[nodiscard]] std::vector<std::byte> whole() const {
    std::vector<std::byte> output(static_cast<size_t>(needs_.output.bytes));
    run({call_, {}, 0}, output);
    return output;
  }

  // Part after part, the last one first. Together they write each byte once.
  [[nodiscard]] std::vector<std::byte> in_parts(int64_t parts) const {
    std::vector<std::byte> output(static_cast<size_t>(needs_.output.bytes));
    uint64_t end = output.size();
    for (int64_t i = parts - 1; i >= 0; --i) {
      const CallPart part = part_of(call_, i, parts);
      const CallNeeds needs = needs_of(part.call);
      EXPECT_EQ(needs.problem, nullptr);
      EXPECT_EQ(part.output_offset + static_cast<uint64_t>(needs.output.bytes), end);
      end = part.output_offset;
      for (size_t k = 0; k < needs.input_count; ++k) {
        EXPECT_LE(part.input_offsets[k] + static_cast<uint64_t>(needs.inputs[k].bytes),
                  inputs_[k].size());
      }
      if (::testing::Test::HasFailure()) return {};
      run(part, output);
    }
    EXPECT_EQ(end, 0u);
    return output;
  }

 private:
  void run(const CallPart& part, std::vector<std::byte>& output) const {
    std::vector<const std::byte*> addresses;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      addresses.push_back(inputs_[i].data() + part.input_offsets[i]);
    }
    AlignedBytes scratch(std::vector<std::byte>(scratch_bytes(part.call)));
    execute(part.call, {addresses, output.data() + part.output_offset, scratch.bytes().data()});
  }

  KernelCall call_;
  CallNeeds needs_;
  std::vector<std::vector<std::byte>> inputs_;
};

void expect_parts_equal_whole(const KernelCall& call, Random& random) {
  const Example example(call, random);
  const std::vector<std::byte> whole = example.whole();
  for (int64_t parts = 1; parts <= std::min<int64_t>(most_parts(call), 8); ++parts) {
    ASSERT_TRUE(example.in_parts(parts) == whole) << name(call) << " in " << parts << " parts";
  }
}

TEST(CallSplit, GivesTheBytesOfTheWhole) {
  Random random(61);
  size_t split = 0;
  for (const KernelCall& call : every_call()) {
    if (most_parts(call) == 1) continue;  // what runs whole has constants that are no random bytes
    ++split;
    expect_parts_equal_whole(call, random);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(split, 15u);
}

KernelCall random_windowed_call(const WindowGeometry& window, Random& random) {
  WindowGeometry w = window;
  const OptionalAdd add{random.below(2) == 0, {1, 2, 0.5f, 0.25f, {}}};
  const bool flag = random.below(2) == 0;
  w.in_c = w.out_c = pick(random, 1, 5);
  WindowGeometry wide = w;
  wide.out_c = pick(random, 1, 7);
  switch (random.below(7)) {
    case 0:
      return Conv2DInt8Call{{wide, 1}, -3, {}, add};
    case 1:
      return DepthwiseInt8Call{w, 5, {}, add};
    case 2:
      return Conv2DFloatCall{{wide, 1}, {}};
    case 3:
      return DepthwiseFloatCall{w, {}};
    case 4:
      return MaxPoolCall{w, flag};
    case 5:
      return AveragePoolInt8Call{w, flag, 7, {}};
    default:
      return AveragePoolFloatCall{w, flag};
  }
}

TEST(CallSplit, TakesAnyWindow) {
  Random random(62);
  int split = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    SCOPED_TRACE(trial);
    WindowGeometry w = random_window(random, true);
    if (random.below(3) == 0) w.batch = 1;
    const KernelCall call = random_windowed_call(w, random);
    if (needs_of(call).problem != nullptr) continue;  // a pool beside its image
    split += most_parts(call) > 1 ? 1 : 0;
    expect_parts_equal_whole(call, random);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(split, 500);
}

// Windows far outside the image, which compilers do not make.
TEST(CallSplit, TakesWindowsThatLieInThePadding) {
  Random random(63);
  for (int trial = 0; trial < 1000; ++trial) {
    SCOPED_TRACE(trial);
    WindowGeometry w;
    w.in_h = pick(random, 1, 6);
    w.in_w = pick(random, 1, 3);
    w.kernel_h = pick(random, 1, 4);
    w.stride_h = pick(random, 1, 9);
    w.dilation_h = pick(random, 1, 9);
    w.pad_top = pick(random, 0, 30);
    w.out_w = w.in_w;
    w.out_h = pick(random, 1, 9);
    expect_parts_equal_whole(Conv2DInt8Call{{w, 1}, 9, {}, {}}, random);
    if (HasFatalFailure()) return;
  }
}

TEST(CallSplit, SplitsPixelsWhereThereAreNoRows) {
  Random random(64);
  const Conv2DInt8Call row{{{1, 1, 11, 3, 1, 11, 2}, 1}, 4, {}, {}};
  EXPECT_EQ(most_parts(row), 11);
  expect_parts_equal_whole(row, random);
  const Conv2DFloatCall batch{{{3, 2, 2, 3, 2, 2, 2}, 1}, {}};
  EXPECT_EQ(most_parts(batch), 12);
  expect_parts_equal_whole(batch, random);
  EXPECT_EQ(most_parts(Conv2DInt8Call{{{1, 1, 11, 3, 1, 9, 2, 1, 3}, 1}, 4, {}, {}}), 1);
}

TEST(CallSplit, SplitsTheOutermostLoopThatRuns) {
  Random random(65);
  const LoopNest loop = nest({1, 1, 6, 4}, {0, 0, 4, 1}, {0, 0, 0, 1});
  EXPECT_EQ(most_parts(MulInt8Call{{loop, 1, 2, 0.5f, {}}}), 6);
  expect_parts_equal_whole(MulInt8Call{{loop, 1, 2, 0.5f, {}}}, random);
  expect_parts_equal_whole(BinaryFloatCall{FloatBinary::kSub, loop, {}}, random);
}

TEST(CallSplit, GivesTheFirstPartsTheMost) {
  const KernelCall call = LookupInt8Call{11};
  std::vector<int64_t> counts;
  for (int64_t part = 0; part < 4; ++part) {
    counts.push_back(std::get<LookupInt8Call>(part_of(call, part, 4).call).count);
  }
  EXPECT_EQ(counts, (std::vector<int64_t>{3, 3, 3, 2}));
}

TEST(CallSplit, EstimatesMoreForMoreWork) {
  Conv2DInt8Call conv{{{1, 28, 28, 64, 28, 28, 128}, 1}, 0, {}, {}};
  const int64_t estimate = estimated_nanoseconds(conv, false);
  EXPECT_GT(estimated_nanoseconds(conv, true), 10 * estimate);
  conv.geometry.window.out_h = conv.geometry.window.in_h = 14;
  EXPECT_EQ(estimated_nanoseconds(conv, false), estimate / 2);
  EXPECT_GT(estimated_nanoseconds(QuantizeInt8Call{1, {}, 40'000}, false), 1000);
  EXPECT_EQ(estimated_nanoseconds(SoftmaxFloatCall{{1, 100, 1}}, false), 0);
}

}  // namespace
}  // namespace durward
