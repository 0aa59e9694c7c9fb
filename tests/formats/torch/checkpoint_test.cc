#include "formats/torch/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "formats/torch/corpus.h"
#include "support/assets.h"
#include "support/folders.h"

namespace durward {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string error_of(std::span<const std::byte> file) {
  const auto checkpoint = read_torch_checkpoint(file);
  return checkpoint.ok() ? "" : std::string(checkpoint.status().message());
}

template <typename T>
std::vector<T> values(const TorchTensor& tensor) {
  std::vector<T> elements(tensor.data.size() / sizeof(T));
  std::memcpy(elements.data(), tensor.data.data(), tensor.data.size());
  return elements;
}

// What make_corpus.py puts into each of these files.
class EveryFormat : public ::testing::TestWithParam<const char*> {
 protected:
  EveryFormat() : checkpoint_(read_torch_checkpoint(corpus_file(GetParam()))) {}
  const TorchTensor& tensor(std::string_view name) {
    for (const TorchTensor& tensor : checkpoint_->tensors) {
      if (tensor.name == name) return tensor;
    }
    ADD_FAILURE() << "no tensor " << name;
    return checkpoint_->tensors.front();
  }
  absl::StatusOr<TorchCheckpoint> checkpoint_;
};

TEST_P(EveryFormat, NamesTheTensorsInTheFilesOrder) {
  ASSERT_TRUE(checkpoint_.ok()) << checkpoint_.status();
  std::vector<std::string> names;
  for (const TorchTensor& tensor : checkpoint_->tensors) names.push_back(tensor.name);
  const std::string state = "net_state_dict.module.";
  EXPECT_THAT(names,
              ElementsAre(state + "weight", state + "transposed", state + "tail", state + "bias",
                          state + "half", state + "bfloat16", state + "steps", state + "int32",
                          state + "int16", state + "int8", state + "uint8", state + "bool",
                          state + "empty", "pair.0", "pair.1.0"));
}

TEST_P(EveryFormat, GivesEveryElementType) {
  ASSERT_TRUE(checkpoint_.ok()) << checkpoint_.status();
  const std::string state = "net_state_dict.module.";
  EXPECT_EQ(tensor(state + "weight").shape, Shape({2, 3}));
  EXPECT_THAT(values<float>(tensor(state + "weight")), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(tensor(state + "bias").type, TorchType::kFloat64);
  EXPECT_THAT(values<double>(tensor(state + "bias")), ElementsAre(0.5, -2));
  EXPECT_THAT(*to_floats(tensor(state + "bias")), ElementsAre(0.5f, -2.0f));
  EXPECT_THAT(*to_floats(tensor(state + "half")), ElementsAre(1.5f, -0.25f));
  EXPECT_THAT(*to_floats(tensor(state + "bfloat16")), ElementsAre(3.0f, -1.0f));
  EXPECT_EQ(tensor(state + "steps").shape, Shape());
  EXPECT_THAT(values<int64_t>(tensor(state + "steps")), ElementsAre(7));
  EXPECT_THAT(values<int32_t>(tensor(state + "int32")), ElementsAre(-70000));
  EXPECT_THAT(values<int16_t>(tensor(state + "int16")), ElementsAre(-300));
  EXPECT_THAT(values<int8_t>(tensor(state + "int8")), ElementsAre(-7));
  EXPECT_THAT(values<uint8_t>(tensor(state + "uint8")), ElementsAre(200));
  EXPECT_THAT(values<uint8_t>(tensor(state + "bool")), ElementsAre(1, 0));
  EXPECT_EQ(tensor(state + "empty").shape, Shape({0, 3}));
  EXPECT_TRUE(tensor(state + "empty").data.empty());
}

TEST_P(EveryFormat, MakesViewsOfOneStorageContiguous) {
  ASSERT_TRUE(checkpoint_.ok()) << checkpoint_.status();
  const std::string state = "net_state_dict.module.";
  EXPECT_EQ(tensor(state + "transposed").shape, Shape({3, 2}));
  EXPECT_THAT(values<float>(tensor(state + "transposed")), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(values<float>(tensor(state + "tail")), ElementsAre(4, 5));
  EXPECT_THAT(values<float>(tensor("pair.0")), ElementsAre(0));
  EXPECT_THAT(values<float>(tensor("pair.1.0")), ElementsAre(5));
}

INSTANTIATE_TEST_SUITE_P(Corpus, EveryFormat,
                         ::testing::Values("legacy.pt", "zip.pt", "zip_protocol4.pt"),
                         [](const auto& test) {
                           const std::string_view name = test.param;
                           return std::string(name.substr(0, name.find('.')));
                         });

class SmallFile : public ::testing::TestWithParam<const char*> {};

TEST_P(SmallFile, CutShortAnywhereIsAnError) {
  const auto file = corpus_file(GetParam());
  ASSERT_TRUE(read_torch_checkpoint(file).ok());
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(read_torch_checkpoint(std::span(file).first(size)).ok()) << size;
  }
}

TEST_P(SmallFile, WithAnyBitFlippedIsAnErrorOrGivesWholeTensors) {
  auto file = corpus_file(GetParam());
  int errors = 0;
  for (size_t bit = 0; bit < file.size() * 8; ++bit) {
    const auto mask = std::byte{1} << (bit % 8);
    file[bit / 8] ^= mask;
    const auto checkpoint = read_torch_checkpoint(file);
    file[bit / 8] ^= mask;
    if (!checkpoint.ok()) {
      ++errors;
      continue;
    }
    size_t bytes = 0;
    for (const TorchTensor& tensor : checkpoint->tensors) {
      EXPECT_EQ(*element_count(tensor.shape) * size_of(tensor.type),
                static_cast<int64_t>(tensor.data.size()));
      bytes += tensor.data.size();
    }
    EXPECT_LE(bytes, 4 * file.size());
  }
  EXPECT_GT(errors, 500);
}

INSTANTIATE_TEST_SUITE_P(Corpus, SmallFile, ::testing::Values("legacy_small.pt", "zip_small.pt"),
                         [](const auto& test) {
                           const std::string_view name = test.param;
                           return std::string(name.substr(0, name.find('.')));
                         });

TEST(Checkpoint, ACommandInItIsRefusedByName) {
  EXPECT_THAT(error_of(corpus_file("legacy_command.pt")), HasSubstr("posix.system"));
  EXPECT_THAT(error_of(corpus_file("zip_command_protocol4.pt")), HasSubstr("posix.system"));
}

TEST(Checkpoint, ACyclicListIsAnError) {
  EXPECT_THAT(error_of(corpus_file("legacy_cyclic.pt")), HasSubstr("32 deep"));
}

TEST(Checkpoint, AMemoBombIsAnError) {
  EXPECT_THAT(error_of(corpus_file("legacy_memo_bomb.pt")), HasSubstr("2^18 values"));
}

TEST(Checkpoint, ATorchScriptProgramIsSentToOnnx) {
  const auto checkpoint = read_torch_checkpoint(corpus_file("zip_torchscript.pt"));
  EXPECT_TRUE(absl::IsUnimplemented(checkpoint.status()));
  EXPECT_THAT(std::string(checkpoint.status().message()), HasSubstr("export_onnx.py"));
}

TEST(Checkpoint, ACompressedMemberIsNamed) {
  const auto checkpoint = read_torch_checkpoint(corpus_file("zip_compressed.pt"));
  EXPECT_TRUE(absl::IsUnimplemented(checkpoint.status()));
  EXPECT_THAT(std::string(checkpoint.status().message()), HasSubstr("byteorder"));
}

TEST(Checkpoint, AnyOtherFileIsNoCheckpoint) {
  EXPECT_THAT(error_of({}), HasSubstr("torch.save"));
  EXPECT_THAT(error_of(to_bytes("\x7f"
                                "ELF\x02\x01\x01")),
              HasSubstr("torch.save"));
}

TEST(Checkpoint, AnErrorNamesTheFile) {
  const auto path = source_folder() / "tests/formats/torch/corpus/torch" / "legacy_command.pt";
  EXPECT_THAT(std::string(read_torch_checkpoint(path).status().message()),
              HasSubstr("legacy_command.pt"));
  EXPECT_TRUE(absl::IsNotFound(read_torch_checkpoint(path.parent_path() / "none.pt").status()));
}

TEST(Checkpoint, ABigEndianFileIsRefused) {
  auto file = corpus_file("legacy_small.pt");
  const std::string text(reinterpret_cast<const char*>(file.data()), file.size());
  const size_t flag = text.find('\x88', text.find("little_endian"));
  ASSERT_NE(flag, std::string::npos);
  file[flag] = std::byte{0x89};
  EXPECT_TRUE(absl::IsUnimplemented(read_torch_checkpoint(file).status()));
}

const std::vector<float> kSix = {0, 1, 2, 3, 4, 5};

TEST(Checkpoint, AHandWrittenViewIsRead) {
  const auto checkpoint =
      read_torch_checkpoint(legacy_checkpoint(pickled::tensor(6, 1, {2, 2}, {3, 1}), kSix));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_THAT(values<float>(checkpoint->tensors[0]), ElementsAre(1, 2, 4, 5));
}

struct View {
  const char* name;
  int64_t count, offset;
  std::vector<int64_t> sizes, strides;
};

class HostileView : public ::testing::TestWithParam<View> {};

TEST_P(HostileView, IsAnError) {
  const View& view = GetParam();
  const auto file =
      legacy_checkpoint(pickled::tensor(view.count, view.offset, view.sizes, view.strides), kSix);
  EXPECT_TRUE(absl::IsInvalidArgument(read_torch_checkpoint(file).status()))
      << read_torch_checkpoint(file).status();
}

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

INSTANTIATE_TEST_SUITE_P(
    All, HostileView,
    ::testing::Values(
        View{"one_too_many", 6, 0, {7}, {1}}, View{"one_too_far", 6, 1, {6}, {1}},
        View{"offset_beyond", 6, 6, {1}, {1}}, View{"offset_huge", 6, kHuge, {2}, {1}},
        View{"stride_beyond", 6, 0, {2}, {6}}, View{"stride_huge", 6, 0, {3}, {kHuge}},
        View{"sizes_overflow", 6, 0, {kHuge, kHuge}, {0, 0}},
        View{"more_elements_than_storage", 6, 0, {int64_t{1} << 39}, {0}},
        View{"negative_size", 6, 0, {-1}, {1}}, View{"negative_stride", 6, 5, {6}, {-1}},
        View{"negative_offset", 6, -1, {1}, {1}}, View{"no_strides", 6, 0, {6}, {}},
        View{"storage_claims_more", 7, 0, {6}, {1}},
        View{"storage_claims_everything", kHuge, 0, {6}, {1}},
        View{"storage_claims_less_than_nothing", -1, 0, {6}, {1}},
        View{"rank_of_65", 6, 0, std::vector<int64_t>(65, 1), std::vector<int64_t>(65, 1)}),
    [](const auto& test) { return test.param.name; });

TEST(Checkpoint, AnEmptyTensorOfAbsurdSizesIsHarmless) {
  const auto file = legacy_checkpoint(pickled::tensor(6, kHuge, {0, kHuge}, {kHuge, 1}), kSix);
  const auto checkpoint = read_torch_checkpoint(file);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_TRUE(checkpoint->tensors[0].data.empty());
}

TEST(Checkpoint, ManyViewsOfOneStorageDoNotMultiplyTheFile) {
  const std::vector<float> storage(1000, 1.0f);
  std::string body =
      absl::StrCat("](", pickled::tensor(1000, 0, {1000}, {1}), std::string("q\0", 2));
  for (int i = 0; i < 40; ++i) body += std::string("h\0", 2);
  const auto file = legacy_checkpoint(body + "e", storage);
  EXPECT_TRUE(absl::IsResourceExhausted(read_torch_checkpoint(file).status()));
}

TEST(Checkpoint, TwoTensorsOfOneNameAreAnError) {
  const std::string tensor = pickled::tensor(6, 0, {6}, {1});
  const auto file =
      legacy_checkpoint(absl::StrCat("}(", pickled::text("a.b"), tensor, pickled::text("a"), "}(",
                                     pickled::text("b"), tensor, "uu"),
                        kSix);
  EXPECT_THAT(error_of(file), HasSubstr("two tensors are named a.b"));
}

TEST(Checkpoint, TenThousandNestedParametersAreNoRecursion) {
  const std::string wrap = "ctorch._utils\n_rebuild_parameter\n";
  std::string body;
  for (int i = 0; i < 10'000; ++i) body += wrap;
  body += pickled::tensor(6, 0, {6}, {1});
  for (int i = 0; i < 10'000; ++i) body += "\x85R";
  EXPECT_THAT(error_of(legacy_checkpoint(body, kSix)), HasSubstr("32 deep"));
}

TEST(Checkpoint, ALongNameIsAnError) {
  const auto file = legacy_checkpoint(absl::StrCat("}", pickled::text(std::string(5000, 'a')),
                                                   pickled::tensor(6, 0, {6}, {1}), "s"),
                                      kSix);
  EXPECT_THAT(error_of(file), HasSubstr("1024 bytes"));
}

TEST(Checkpoint, AStorageOfMoreElementsThanTheFileIsAnError) {
  auto file = legacy_checkpoint(pickled::tensor(6, 0, {6}, {1}), kSix);
  const size_t count_at = file.size() - 6 * sizeof(float) - sizeof(int64_t);
  for (const int64_t count : {int64_t{7}, kHuge, kHuge / 4 + 1, int64_t{-1}}) {
    std::memcpy(file.data() + count_at, &count, sizeof count);
    EXPECT_TRUE(absl::IsInvalidArgument(read_torch_checkpoint(file).status())) << count;
  }
}

TEST(Checkpoint, BytesBehindTheLastStorageAreAnError) {
  auto file = legacy_checkpoint(pickled::tensor(6, 0, {6}, {1}), kSix);
  file.push_back(std::byte{0});
  EXPECT_THAT(error_of(file), HasSubstr("1 bytes follow"));
}

TEST(ToFloats, IntegersAreNoFloats) {
  const TorchTensor tensor{"steps", TorchType::kInt64, {1}, std::vector<std::byte>(8)};
  EXPECT_THAT(std::string(to_floats(tensor).status().message()),
              AllOf(HasSubstr("steps"), HasSubstr("int64")));
}

TEST(ToFloats, AValueThatIsNotFiniteIsNamed) {
  for (const double value : {std::nan(""), HUGE_VAL, 1e300}) {
    TorchTensor tensor{"bn.weight", TorchType::kFloat64, {2}, std::vector<std::byte>(16)};
    std::memcpy(tensor.data.data() + 8, &value, sizeof value);
    EXPECT_THAT(std::string(to_floats(tensor).status().message()),
                AllOf(HasSubstr("bn.weight"), HasSubstr("element 1")));
  }
}

// Tensor counts as the asset's own documentation gives them.
TEST(Checkpoint, RealCheckpointsAreReadToTheLastByte) {
  const std::map<const char*, size_t> counts = {
      {"models/face_embedding/mobilefacenet_torch_112x96.ckpt", 333},
      {"models/face_pad/2.7_80x80_MiniFASNetV2.pth", 334},
      {"models/face_pad/4_0_0_80x80_MiniFASNetV1SE.pth", 370}};
  for (const auto& [relative, count] : counts) {
    const auto path = asset(relative);
    if (!path) GTEST_SKIP() << "needs the shared assets: " << relative;
    const auto checkpoint = read_torch_checkpoint(*path);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    EXPECT_EQ(checkpoint->tensors.size(), count) << relative;
  }
}

}  // namespace
}  // namespace durward
