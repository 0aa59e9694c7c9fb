// Files that are damaged or made to harm: each is refused, with its cause by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "formats/tflite/build.h"
#include "formats/tflite/source_file.h"
#include "support/folders.h"

namespace durward {
namespace {

using testing::HasSubstr;
using tflite::BuiltinOperator;
using tflite::TensorType;

// x [1,4,4,2] -> CONV_2D with weights [3,3,3,2] -> y
SourceFile convolution() {
  SourceFile file;
  const int32_t x = file.add("x", TensorType::FLOAT32, {1, 4, 4, 2});
  const int32_t weights = file.add("weights", TensorType::FLOAT32, {3, 3, 3, 2});
  const int32_t bias = file.add("bias", TensorType::FLOAT32, {3});
  const int32_t y = file.add("y", TensorType::FLOAT32, {1, 4, 4, 3});
  file.fill(weights, random_floats(54, 1));
  file.fill(bias, random_floats(3, 2));
  tflite::Conv2DOptionsT options;
  options.stride_h = options.stride_w = 1;
  file.add_op(BuiltinOperator::CONV_2D, {x, weights, bias}, {y}, with_options(options));
  file.ports({x}, {y});
  return file;
}

struct Spoiled {
  std::string name;
  std::function<void(SourceFile&)> spoil;
  std::string cause;
};

void PrintTo(const Spoiled& test, std::ostream* out) { *out << test.name; }

class Hostile : public testing::TestWithParam<Spoiled> {};

TEST_P(Hostile, IsRefusedByName) {
  SourceFile file = convolution();
  GetParam().spoil(file);
  const Bytes bytes = file.bytes();
  const auto graph = read_tflite(std::span<const std::byte>(bytes));
  ASSERT_FALSE(graph.ok());
  EXPECT_THAT(std::string(graph.status().message()), HasSubstr(GetParam().cause));
}

tflite::Conv2DOptionsT& conv_options(SourceFile& file) {
  return *file.op(0).builtin_options.AsConv2DOptions();
}

INSTANTIATE_TEST_SUITE_P(
    Read, Hostile,
    testing::Values(
        Spoiled{"OtherVersion", [](SourceFile& f) { f.model.version = 2; }, "schema version 2"},
        Spoiled{"SeveralSubgraphs",
                [](SourceFile& f) {
                  f.model.subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
                  f.model.subgraphs[1]->name = "body";
                },
                "body"},
        Spoiled{"NoSubgraph", [](SourceFile& f) { f.model.subgraphs.clear(); }, "0 subgraphs"},
        Spoiled{"NoInputs", [](SourceFile& f) { f.subgraph().inputs.clear(); }, "0 inputs"},
        Spoiled{"InputOutOfRange", [](SourceFile& f) { f.subgraph().inputs = {99}; }, "tensor 99"},
        Spoiled{"OperatorInputOutOfRange", [](SourceFile& f) { f.op(0).inputs[0] = 1 << 30; },
                "tensor 1073741824"},
        Spoiled{"OperatorInputNegative", [](SourceFile& f) { f.op(0).inputs[0] = -2; },
                "tensor -2"},
        Spoiled{"OperatorInputLeftOut", [](SourceFile& f) { f.op(0).inputs[1] = -1; },
                "lacks input 1"},
        Spoiled{"OperatorWithoutInputs", [](SourceFile& f) { f.op(0).inputs.clear(); },
                "lacks input 0"},
        Spoiled{"OperatorWithoutOutput", [](SourceFile& f) { f.op(0).outputs.clear(); },
                "has no output"},
        Spoiled{"OutputOutOfRange", [](SourceFile& f) { f.op(0).outputs[0] = 77; }, "tensor 77"},
        Spoiled{"OutputOverAnInput", [](SourceFile& f) { f.op(0).outputs[0] = 0; },
                "is also a constant, an input"},
        Spoiled{"Cycle", [](SourceFile& f) { f.op(0).inputs[0] = 3; }, "the order is wrong"},
        Spoiled{
            "NobodyWritesTheOutput",
            [](SourceFile& f) { f.subgraph().outputs = {f.add("lost", TensorType::FLOAT32, {1})}; },
            "nothing writes the output 'lost'"},
        Spoiled{"BufferOutOfRange", [](SourceFile& f) { f.tensor(1).buffer = 5000; },
                "buffer 5000"},
        Spoiled{"BufferTooShort", [](SourceFile& f) { f.model.buffers[1]->data.pop_back(); },
                "'weights' of float32[3x3x3x2] has 215 bytes"},
        Spoiled{"DataOutsideTheFlatBuffer",
                [](SourceFile& f) { f.model.buffers[1]->offset = 4096; }, "outside the FlatBuffer"},
        Spoiled{"DataInAnotherFile", [](SourceFile& f) { f.tensor(1).external_buffer = 1; },
                "in another file"},
        Spoiled{"SparseTensor",
                [](SourceFile& f) {
                  f.tensor(1).sparsity = std::make_unique<tflite::SparsityParametersT>();
                },
                "is sparse"},
        Spoiled{"Variable", [](SourceFile& f) { f.tensor(0).is_variable = true; }, "is a variable"},
        Spoiled{"NegativeShape", [](SourceFile& f) { f.tensor(0).shape[1] = -4; }, "negative"},
        Spoiled{"OverflowingShape",
                [](SourceFile& f) {
                  f.tensor(0).shape = {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX};
                },
                "2^40"},
        Spoiled{"EmptyInput", [](SourceFile& f) { f.tensor(0).shape[2] = 0; }, "is empty"},
        Spoiled{"ZeroStride", [](SourceFile& f) { conv_options(f).stride_h = 0; }, "extent 0"},
        Spoiled{"NegativeDilation", [](SourceFile& f) { conv_options(f).dilation_w_factor = -1; },
                "extent -1"},
        Spoiled{"HugeDilation",
                [](SourceFile& f) {
                  conv_options(f).dilation_h_factor = INT32_MAX;
                  conv_options(f).padding = tflite::Padding::VALID;
                },
                "CONV_2D operator 0"},
        Spoiled{"UnknownPadding",
                [](SourceFile& f) { conv_options(f).padding = static_cast<tflite::Padding>(9); },
                "padding 9"},
        Spoiled{"UnknownActivation",
                [](SourceFile& f) {
                  conv_options(f).fused_activation_function =
                      static_cast<tflite::ActivationFunctionType>(50);
                },
                "fused activation 50"},
        Spoiled{"NoOptions", [](SourceFile& f) { f.op(0).builtin_options.Reset(); },
                "has no options"},
        Spoiled{"OperatorCodeOutOfRange", [](SourceFile& f) { f.op(0).opcode_index = 9; },
                "operator code 9"},
        Spoiled{"UnknownOperator",
                [](SourceFile& f) {
                  f.model.operator_codes[0]->builtin_code = static_cast<BuiltinOperator>(5000);
                },
                "operator code 5000"},
        Spoiled{"CustomOperator",
                [](SourceFile& f) {
                  f.model.operator_codes[0]->builtin_code = BuiltinOperator::CUSTOM;
                  f.model.operator_codes[0]->custom_code = "MyOp";
                },
                "CUSTOM:MyOp"},
        Spoiled{"NanWeight",
                [](SourceFile& f) {
                  f.fill<float>(2, {0, std::numeric_limits<float>::quiet_NaN(), 1});
                },
                "'bias' has a NaN at 1"},
        Spoiled{"UnreadableType", [](SourceFile& f) { f.tensor(1).type = TensorType::STRING; },
                "'weights' has the type STRING"},
        Spoiled{"Int8WithoutScale",
                [](SourceFile& f) {
                  f.tensor(1).type = TensorType::INT8;
                  f.fill(1, std::vector<int8_t>(54, 1));
                },
                "without scale"},
        Spoiled{"NotTheDeclaredType", [](SourceFile& f) { f.tensor(3).type = TensorType::INT32; },
                "the file says int32"}),
    [](const auto& parameter) { return parameter.param.name; });

struct BadQuantization {
  std::vector<float> scales;
  std::vector<int64_t> zero_points;
  int32_t axis;
  std::string cause;
};

TEST(Hostile, QuantizationIsRefusedByName) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const BadQuantization& bad :
       {BadQuantization{{0.0f}, {0}, 0, "scale 0"}, BadQuantization{{-1.0f}, {0}, 0, "scale -1"},
        BadQuantization{{kNan}, {0}, 0, "scale nan"},
        BadQuantization{{1, 2}, {0}, 0, "2 scales along dimension 0"},
        BadQuantization{{1, 2, 3}, {0}, 4, "along dimension 4"},
        BadQuantization{{1, 2, 3}, {0}, -1, "along dimension -1"},
        BadQuantization{{1, 2, 3}, {0, 0}, 0, "3 scales and 2 zero points"},
        BadQuantization{{1}, {int64_t{1} << 40}, 0, "zero point 1099511627776"}}) {
    SourceFile file = convolution();
    auto quantization = std::make_unique<tflite::QuantizationParametersT>();
    quantization->scale = bad.scales;
    quantization->zero_point = bad.zero_points;
    quantization->quantized_dimension = bad.axis;
    file.tensor(1).quantization = std::move(quantization);
    const Bytes bytes = file.bytes();
    const auto graph = read_tflite(std::span<const std::byte>(bytes));
    ASSERT_FALSE(graph.ok()) << bad.cause;
    EXPECT_THAT(std::string(graph.status().message()), HasSubstr(bad.cause));
  }
}

TEST(Hostile, TheSameDataNamedOverAndOverIsRefused) {
  // 300 float16 tensors on one buffer of 64 kB: float32 of all would be a hundred times the file.
  SourceFile file = convolution();
  const int32_t first = file.add("half", TensorType::FLOAT16, {1, 4, 4, 2048});
  file.fill(first, std::vector<uint16_t>(32768, 0));
  int32_t sum = file.add("sum", TensorType::FLOAT32, {1, 4, 4, 2048});
  file.add_op(BuiltinOperator::DEQUANTIZE, {first}, {sum});
  for (int i = 0; i < 300; ++i) {
    const int32_t more = file.add("half", TensorType::FLOAT16, {1, 4, 4, 2048});
    file.tensor(more).buffer = file.tensor(first).buffer;
    const int32_t next = file.add("sum", TensorType::FLOAT32, {1, 4, 4, 2048});
    file.add_op(BuiltinOperator::ADD, {sum, more}, {next});
    sum = next;
  }
  const Bytes bytes = file.bytes();
  const auto graph = read_tflite(std::span<const std::byte>(bytes));
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.status().code(), absl::StatusCode::kResourceExhausted) << graph.status();
}

TEST(Hostile, EveryTruncationIsRefused) {
  const Bytes whole = convolution().bytes();
  ASSERT_TRUE(read_tflite(std::span<const std::byte>(whole)).ok());
  for (size_t length = 0; length < whole.size(); ++length) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    // The last bytes may be padding that nothing refers to.
    const auto graph = read_tflite(std::span<const std::byte>(part));
    EXPECT_TRUE(!graph.ok() || length + 16 > whole.size()) << length;
  }
}

TEST(Hostile, FlippedBitsAreReadOrRefused) {
  const Bytes whole = convolution().bytes();
  int refused = 0;
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << (bit % 8))};
    const auto graph = read_tflite(std::span<const std::byte>(flipped));
    if (!graph.ok()) ++refused;
    if (graph.ok()) {
      EXPECT_TRUE(verify(*graph).ok());
    }
  }
  EXPECT_GT(refused, 0);
}

// The seeds of the fuzz target, among them files that it once found a fault with.
TEST(Hostile, TheCorpusIsReadOrRefusedAndWhatIsReadCanBeWritten) {
  int read = 0;
  const auto folder = source_folder() / "tests/formats/tflite/corpus/tflite";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const auto graph = read_tflite(file.path());
    if (!graph.ok()) continue;
    ++read;
    const auto written = write_tflite(*graph);
    ASSERT_TRUE(written.ok()) << file.path() << written.status();
    const auto again = read_tflite(std::span<const std::byte>(*written));
    EXPECT_TRUE(again.ok()) << file.path() << again.status();
  }
  EXPECT_GE(read, 4);
}

TEST(Hostile, AMissingFileIsNamed) {
  const auto graph = read_tflite(std::filesystem::path("/no/such/model.tflite"));
  EXPECT_EQ(graph.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(graph.status().message()), HasSubstr("/no/such/model.tflite"));
}

}  // namespace
}  // namespace durward
