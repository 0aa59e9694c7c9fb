// Exports, compiled by this machine's C compiler with its sanitizers, against the engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <set>

#include "compile/int8_net.h"
#include "compile/plan/plan_builder.h"
#include "engine/every_call.h"
#include "micro/engine_golden.h"
#include "micro/export_c.h"
#include "micro/random_plan.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::byte> streamed_plan() {
  const HandPlan plan = small_streamed_plan();
  return write_plan(in_bands(plan.plan()));
}

class ExportedC : public TemporaryFolderTest {
 protected:
  // Kept with the memory that its plan lies in.
  struct Loaded {
    explicit Loaded(const std::vector<std::byte>& bytes) : plan(bytes) {
      const EngineError error = Session::create(plan.bytes(), {}, session);
      EXPECT_TRUE(error.ok()) << error.message;
    }
    AlignedBytes plan;
    std::unique_ptr<Session> session;
  };

  absl::StatusOr<CExport> exported(Loaded& loaded, const MicroLimits& limits = {}) {
    golden_ = engine_golden(*loaded.session, 2, 7);
    return export_c(loaded.session->plan(), "model", golden_, limits);
  }
  void write_all(const CExport& files) const {
    for (const CFile& file : files.files) write(file.name, file.text);
  }
  // The self-test's output.
  std::string make_test(const std::string& flags) const {
    const std::string command = "make -s -C " + folder_.string() + " test CFLAGS='" + flags +
                                "' 2>&1; make -s -C " + folder_.string() + " clean";
    std::string output;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    std::array<char, 256> piece;
    while (std::fgets(piece.data(), piece.size(), pipe) != nullptr) output += piece.data();
    ::pclose(pipe);
    return output;
  }
  void expect_equal_bits(const std::vector<std::byte>& plan, const std::string& flags = "") {
    Loaded loaded(plan);
    ASSERT_NE(loaded.session, nullptr);
    const auto files = exported(loaded);
    ASSERT_TRUE(files.ok()) << files.status();
    write_all(*files);
    EXPECT_THAT(make_test(kStrict + flags), HasSubstr("passed: 2 golden vectors"));
  }

  const std::string kStrict =
      "-O1 -g -Wall -Wextra -Werror -pedantic -Wshadow -Wcast-qual "
      "-fsanitize=address,undefined -fno-sanitize-recover=all";
  std::vector<MicroGolden> golden_;
};

TEST_F(ExportedC, ComputesEveryKindOfCallOverRandomShapes) {
  constexpr int kCalls = 20 * RandomPlan::kKinds;
  expect_equal_bits(random_plan(11, kCalls));
}

// What processors without floats do instead has no instruction that this one lacks.
TEST_F(ExportedC, ComputesTheSameWithoutFloats) {
  expect_equal_bits(random_plan(12, 20 * RandomPlan::kKinds), " -DDURWARD_SOFT_FLOAT=1");
}

// Layers in bands of rows, with slides, fused additions and PReLU.
TEST_F(ExportedC, ComputesStreamedRows) {
  Int8Net net(5);
  TensorId x = net.input({1, 17, 13, 4});
  for (int block = 0; block < 3; ++block) {
    const TensorId wide = net.pointwise(x, 14);
    const TensorId filtered =
        net.depthwise(wide, {.padding = {1, 1, 1, 1}, .activation = Activation::kPRelu}, 1, 3, 3);
    x = net.add(net.pointwise(filtered, 4, Activation::kNone), x);
  }
  net.output(x);
  const auto plan = build_plan(net.graph, {.arena_bytes = 4096});
  ASSERT_TRUE(plan.ok()) << plan.status();
  Loaded loaded(*plan);
  ASSERT_THAT(loaded.session->plan().steps.size(), ::testing::Gt(size_t{30}));
  expect_equal_bits(*plan);
}

TEST_F(ExportedC, NamesWhatDiffers) {
  Loaded loaded(streamed_plan());
  auto files = exported(loaded);
  ASSERT_TRUE(files.ok()) << files.status();
  golden_[1].outputs[0][3] ^= std::byte{1};
  files = export_c(loaded.session->plan(), "model", golden_, {});
  write_all(*files);
  EXPECT_THAT(make_test(kStrict),
              HasSubstr("failed: golden vector 1: output 0 differs from byte 3 on"));
}

TEST_F(ExportedC, FindsWeightsThatChanged) {
  Loaded loaded(streamed_plan());
  const auto files = exported(loaded);
  ASSERT_TRUE(files.ok()) << files.status();
  write_all(*files);
  for (const CFile& file : files->files) {
    if (file.name != "model_constants.h") continue;
    std::string text = file.text;
    const size_t place = text.find("{\n  8,");  // the first weight
    ASSERT_NE(place, std::string::npos) << text;
    text.replace(place, 6, "{\n  9,");
    write(file.name, text);
  }
  EXPECT_THAT(make_test(kStrict), HasSubstr("model_init() says 2"));
}

TEST_F(ExportedC, FindsProductsThatAreContracted) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "needs a processor whose compiler contracts with -mfma";
#endif
  if (!__builtin_cpu_supports("fma")) GTEST_SKIP() << "this processor has no fused products";
  Loaded loaded(streamed_plan());
  const auto files = exported(loaded);
  ASSERT_TRUE(files.ok()) << files.status();
  write_all(*files);
  // The last -ffp-contract and -std count: those of a build that does not use the Makefile's.
  for (const CFile& file : files->files) {
    if (file.name != "Makefile") continue;
    std::string text = file.text;
    const std::string needed = "-std=c99 -ffp-contract=off";
    text.replace(text.rfind(needed), needed.size(), "-std=gnu99 -ffp-contract=fast -mfma");
    write(file.name, text);
  }
  EXPECT_THAT(make_test("-O2"), HasSubstr("model_init() says 1"));
}

TEST_F(ExportedC, HasOnlyTheKernelsThatTheModelNeeds) {
  Loaded loaded(plan_of(LookupInt8Call{7}).bytes());
  const auto files = exported(loaded);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(files->kernels, ::testing::ElementsAre("lookup.c", "runtime_check.c"));
}

TEST_F(ExportedC, TellsWhatTheModelTakes) {
  Loaded loaded(streamed_plan());
  const auto files = exported(loaded);
  ASSERT_TRUE(files.ok()) << files.status();
  const Footprint& f = files->footprint;
  EXPECT_EQ(f.input_bytes, 16);
  EXPECT_EQ(f.output_bytes, 16);
  EXPECT_EQ(f.arena_bytes, 64);                        // 12 bytes, and its alignment
  EXPECT_EQ(f.layer_wise_bytes, 16);                   // the tensor between, whole
  EXPECT_EQ(f.multiply_accumulates, 16 * 2 + 16 * 3);  // 1x1 of two channels, then 3x1
  EXPECT_EQ(f.scratch_bytes, 3 * 8 + 4 * (2 + 7) + 2);
}

// Every kind of call is either written or refused by name.
TEST_F(ExportedC, RefusesWhatHasNoKernelAndNamesTheLayer) {
  std::set<std::string> refused;
  for (const KernelCall& call : every_call()) {
    Loaded loaded(plan_of(call).bytes());
    ASSERT_NE(loaded.session, nullptr);
    const auto files = exported(loaded);
    if (files.ok()) continue;
    EXPECT_EQ(files.status().code(), absl::StatusCode::kUnimplemented);
    EXPECT_THAT(std::string(files.status().message()),
                AllOf(HasSubstr("layer 'call' needs"), HasSubstr(name(call))));
    refused.insert(name(call));
  }
  EXPECT_THAT(refused, ::testing::UnorderedElementsAre(
                           "Conv2DFloat", "DepthwiseFloat", "FullyConnectedFloat", "MatMulFloat",
                           "BinaryFloat", "PReluFloat", "UnaryFloat", "ScaleShiftFloat", "MaxPool",
                           "AveragePoolFloat", "ReduceFloat", "Gather", "ResizeLinearFloat",
                           "SoftmaxFloat", "L2NormalizeFloat", "Dequantize", "LstmFloat",
                           "GruFloat", "LstmInt16", "FullyConnectedInt16", "QuantizeSymmetric"));
}

TEST_F(ExportedC, SaysWhatIsTooLargeAndByHowMuch) {
  Loaded loaded(streamed_plan());
  const auto fits = exported(loaded);
  ASSERT_TRUE(fits.ok()) << fits.status();
  const int64_t ram = fits->footprint.ram_bytes(), flash = fits->footprint.flash_bytes();
  EXPECT_TRUE(exported(loaded, {ram, flash}).ok());
  const absl::Status no_ram = exported(loaded, {ram - 1, flash}).status();
  EXPECT_EQ(no_ram.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(no_ram.message()),
              AllOf(HasSubstr("bytes of RAM (arena 64"), HasSubstr("1 more than the"),
                    Not(HasSubstr("flash"))));
  const absl::Status no_flash = exported(loaded, {ram, flash - 5}).status();
  EXPECT_THAT(
      std::string(no_flash.message()),
      AllOf(HasSubstr("bytes of flash"), HasSubstr("5 more than the"), Not(HasSubstr("RAM"))));
}

TEST(CIdentifier, IsOneOfC) {
  EXPECT_EQ(c_identifier("MobileFaceNet-112x112.int8"), "mobilefacenet_112x112_int8");
  EXPECT_EQ(c_identifier("3net"), "model_3net");
  EXPECT_EQ(c_identifier(""), "model_");
}

}  // namespace
}  // namespace durward
