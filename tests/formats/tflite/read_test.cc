// What the reader makes of the forms in which converters write the same thing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "formats/tflite/agreement.h"
#include "formats/tflite/source_file.h"

namespace durward {
namespace {

using tflite::BuiltinOperator;
using tflite::TensorType;

absl::StatusOr<Graph> read(const SourceFile& file, const TfliteReadOptions& options = {}) {
  const Bytes bytes = file.bytes();
  return read_tflite(std::span<const std::byte>(bytes), options);
}

// The original file's outputs in LiteRT, against the interpreter on what was read.
float difference_to_litert(const SourceFile& file, const std::vector<Bytes>& inputs) {
  const auto graph = read(file);
  EXPECT_TRUE(graph.ok()) << graph.status();
  const auto expected = run_litert(file.bytes(), inputs);
  EXPECT_TRUE(expected.ok()) << expected.status();
  if (!graph.ok() || !expected.ok()) return std::numeric_limits<float>::infinity();
  const auto actual = interpret(*graph, inputs);
  EXPECT_TRUE(actual.ok()) << actual.status();
  if (!actual.ok()) return std::numeric_limits<float>::infinity();
  return largest_difference(values_of<float>((*expected)[0]), values_of<float>((*actual)[0]));
}

// y = x * weights, of a hybrid or float16 form; the weights tensor is given.
SourceFile fully_connected(TensorType type, std::vector<float> scales) {
  SourceFile file;
  const int32_t x = file.add("x", TensorType::FLOAT32, {1, 3});
  const int32_t weights = file.add("weights", type, {2, 3}, std::move(scales));
  const int32_t y = file.add("y", TensorType::FLOAT32, {1, 2});
  file.add_op(BuiltinOperator::FULLY_CONNECTED, {x, weights, -1}, {y},
              with_options(tflite::FullyConnectedOptionsT{}));
  file.ports({x}, {y});
  return file;
}

TEST(Read, IntegerWeightsOfAFloatOperatorBecomeFloat) {
  SourceFile file = fully_connected(TensorType::INT8, {0.5f, 0.25f});
  file.fill<int8_t>(1, {1, -2, 3, 4, 5, -6});
  const auto graph = read(file);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto outputs = interpret(*graph, {bytes_of(Floats{1, 10, 100})});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(values_of<float>((*outputs)[0]),
            (Floats{0.5f * (1 - 20 + 300), 0.25f * (4 + 50 - 600)}));
}

TEST(Read, Float16WeightsBecomeFloat32) {
  SourceFile file = fully_connected(TensorType::FLOAT16, {});
  file.fill<uint16_t>(1, {0x3c00, 0xc000, 0x3800, 0, 0x3c00, 0x0001});  // 1 -2 .5 0 1 2^-24
  const auto graph = read(file);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto outputs = interpret(*graph, {bytes_of(Floats{1, 10, 100})});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(values_of<float>((*outputs)[0]), (Floats{31, 10 + 100 * 0x1p-24f}));
}

// uint8 in and out, an addition with a constant between.
SourceFile uint8_addition() {
  SourceFile file;
  const int32_t x = file.add("x", TensorType::UINT8, {1, 4}, {0.5f}, {128});
  const int32_t c = file.add("c", TensorType::UINT8, {4}, {0.25f}, {0});
  const int32_t y = file.add("y", TensorType::UINT8, {1, 4}, {0.5f}, {100});
  file.fill<uint8_t>(c, {0, 4, 8, 255});
  file.add_op(BuiltinOperator::ADD, {x, c}, {y}, with_options(tflite::AddOptionsT{}));
  file.ports({x}, {y});
  return file;
}

TEST(Read, Uint8QuantisationIsShiftedToInt8BehindFloatPorts) {
  const auto graph = read(uint8_addition());
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->tensor(graph->inputs[0].tensor).type, DataType::kFloat32);
  for (const NodeId id : graph->node_ids()) {
    if (graph->op_as<Binary>(id) == nullptr) continue;
    const Tensor& sum = graph->tensor(graph->node(id).outputs[0]);
    EXPECT_EQ(sum.type, DataType::kInt8);
    EXPECT_EQ(*sum.quant, per_tensor(0.5f, 100 - 128));
  }
  const auto outputs = interpret(*graph, {bytes_of(Floats{-3, 0, 1, 2})});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  // 2 + 255 / 4 = 65.75 rounds to a multiple of .5.
  EXPECT_THAT(values_of<float>((*outputs)[0]),
              testing::ElementsAre(-3, 1, 3, testing::AnyOf(65.5f, 66.0f)));
}

TEST(Read, ReshapesComputedFromTheShapeBecomeConstant) {
  SourceFile file;
  const int32_t x = file.add("x", TensorType::FLOAT32, {1, 4, 6});
  const int32_t shape = file.add("shape", TensorType::INT32, {3});
  const int32_t zero = file.fill<int32_t>(file.add("zero", TensorType::INT32, {1}), {0});
  const int32_t one = file.fill<int32_t>(file.add("one", TensorType::INT32, {1}), {1});
  const int32_t step = file.fill<int32_t>(file.add("step", TensorType::INT32, {1}), {1});
  const int32_t batch = file.add("batch", TensorType::INT32, {});
  const int32_t rest = file.fill<int32_t>(file.add("rest", TensorType::INT32, {}), {-1});
  const int32_t target = file.add("target", TensorType::INT32, {2});
  const int32_t y = file.add("y", TensorType::FLOAT32, {1, 24});
  file.add_op(BuiltinOperator::SHAPE, {x}, {shape},
              with_options(tflite::ShapeOptionsT{{}, TensorType::INT32}));
  tflite::StridedSliceOptionsT first;
  first.shrink_axis_mask = 1;
  file.add_op(BuiltinOperator::STRIDED_SLICE, {shape, zero, one, step}, {batch},
              with_options(first));
  tflite::PackOptionsT pack;
  pack.values_count = 2;
  file.add_op(BuiltinOperator::PACK, {batch, rest}, {target}, with_options(pack));
  file.add_op(BuiltinOperator::RESHAPE, {x, target}, {y});
  file.ports({x}, {y});
  const auto graph = read(file);
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->node_count(), 1u) << to_string(*graph);
  EXPECT_EQ(graph->tensor(graph->outputs[0].tensor).shape, (Shape{1, 24}));
}

TEST(Read, FusedActivationsOfFloatOperatorsBecomeNodes) {
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  for (const auto fused :
       {tflite::ActivationFunctionType::RELU, tflite::ActivationFunctionType::RELU6,
        tflite::ActivationFunctionType::RELU_N1_TO_1}) {
    SourceFile file;
    const int32_t x = file.add("x", TensorType::FLOAT32, {1, 5, 5, 2});
    const int32_t y = file.add("y", TensorType::FLOAT32, {1, 3, 3, 2});
    tflite::Pool2DOptionsT pool;
    pool.stride_h = pool.stride_w = 2;
    pool.filter_height = pool.filter_width = 3;
    pool.fused_activation_function = fused;
    file.add_op(BuiltinOperator::AVERAGE_POOL_2D, {x}, {y}, with_options(pool));
    file.ports({x}, {y});
    EXPECT_LE(difference_to_litert(file, {bytes_of(random_floats(50, 3, -20, 20))}), 1e-5f);
  }
}

TEST(Read, OperatorsWithoutANamesakeInTheIr) {
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  for (const BuiltinOperator code :
       {BuiltinOperator::SQUARE, BuiltinOperator::RELU_N1_TO_1, BuiltinOperator::RELU_0_TO_1,
        BuiltinOperator::SQUARED_DIFFERENCE}) {
    SourceFile file;
    const int32_t x = file.add("x", TensorType::FLOAT32, {2, 5});
    const int32_t c = file.fill<float>(file.add("c", TensorType::FLOAT32, {5}), {1, -2, 3, 0, 5});
    const int32_t y = file.add("y", TensorType::FLOAT32, {2, 5});
    std::vector<int32_t> inputs{x};
    if (code == BuiltinOperator::SQUARED_DIFFERENCE) inputs.push_back(c);
    file.add_op(code, inputs, {y});
    file.ports({x}, {y});
    const auto graph = read(file, {.batch = std::nullopt});
    ASSERT_TRUE(graph.ok()) << graph.status();
    const std::vector<Bytes> data{bytes_of(random_floats(10, 3, -2, 2))};
    const auto expected = run_litert(file.bytes(), data);
    const auto actual = interpret(*graph, data);
    ASSERT_TRUE(expected.ok() && actual.ok()) << expected.status() << actual.status();
    EXPECT_LE(largest_difference(values_of<float>((*expected)[0]), values_of<float>((*actual)[0])),
              1e-5f);
  }
}

// Of two tensors, some of whose elements are equal; CAST makes the truth values numbers.
TEST(Read, ComparisonsThatAreCast) {
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  for (const BuiltinOperator code : {BuiltinOperator::LESS, BuiltinOperator::LESS_EQUAL,
                                     BuiltinOperator::GREATER, BuiltinOperator::GREATER_EQUAL}) {
    SourceFile file;
    const int32_t x = file.add("x", TensorType::FLOAT32, {1, 2, 3});
    const int32_t c = file.fill<float>(file.add("c", TensorType::FLOAT32, {3}), {1, 0, -1});
    const int32_t holds = file.add("holds", TensorType::BOOL, {1, 2, 3});
    const int32_t y = file.add("y", TensorType::FLOAT32, {1, 2, 3});
    file.add_op(code, {x, c}, {holds});
    file.add_op(BuiltinOperator::CAST, {holds}, {y});
    file.ports({x}, {y});
    const Bytes data = bytes_of(Floats{1, -0.0f, -2, 0.5f, 1, std::nanf("")});
    EXPECT_EQ(difference_to_litert(file, {data}), 0) << EnumNameBuiltinOperator(code);
  }
}

TEST(Read, ATruthValueIsNoOutput) {
  SourceFile file;
  const int32_t x = file.add("x", TensorType::FLOAT32, {1, 3});
  const int32_t holds = file.add("holds", TensorType::BOOL, {1, 3});
  file.add_op(BuiltinOperator::LESS, {x, x}, {holds});
  file.ports({x}, {holds});
  const absl::Status status = read(file).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("output 'holds'"));
}

TEST(Read, UnsupportedOperatorsAreAllListedAtOnce) {
  SourceFile file;
  const int32_t x = file.add("x", TensorType::FLOAT32, {1, 3});
  const int32_t same = file.add("same", TensorType::BOOL, {1, 3});
  const int32_t other = file.add("other", TensorType::BOOL, {1, 3});
  const int32_t y = file.add("y", TensorType::FLOAT32, {1, 3});
  file.add_op(BuiltinOperator::EQUAL, {x, x}, {same});
  file.add_op(BuiltinOperator::NOT_EQUAL, {x, x}, {other});
  file.add_op(BuiltinOperator::CAST, {same}, {y});
  file.ports({x}, {y});
  const absl::Status status = read(file).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  const std::string message(status.message());
  EXPECT_THAT(message, testing::HasSubstr("2 operators"));
  EXPECT_THAT(message, testing::HasSubstr("EQUAL operator"));
  EXPECT_THAT(message, testing::HasSubstr("NOT_EQUAL operator"));
}

TEST(Read, SoftmaxWithATemperature) {
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  SourceFile file;
  const int32_t x = file.add("x", TensorType::FLOAT32, {1, 5});
  const int32_t y = file.add("y", TensorType::FLOAT32, {1, 5});
  tflite::SoftmaxOptionsT options;
  options.beta = 2.5f;
  file.add_op(BuiltinOperator::SOFTMAX, {x}, {y}, with_options(options));
  file.ports({x}, {y});
  EXPECT_LE(difference_to_litert(file, {bytes_of(random_floats(5, 3))}), 1e-5f);
}

TEST(Read, NearestResizeWithHalfPixelCentresPicksTfliteSPixels) {
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  // Halving meets the ties that TFLite rounds up and ONNX's half-pixel rule down.
  for (const std::vector<int32_t>& size :
       {std::vector<int32_t>{4, 4}, std::vector<int32_t>{16, 24}}) {
    SourceFile file;
    const int32_t x = file.add("x", TensorType::FLOAT32, {1, 8, 8, 1});
    const int32_t to = file.fill<int32_t>(file.add("size", TensorType::INT32, {2}), size);
    const int32_t y = file.add("y", TensorType::FLOAT32, {1, size[0], size[1], 1});
    tflite::ResizeNearestNeighborOptionsT options;
    options.half_pixel_centers = true;
    file.add_op(BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, {x, to}, {y}, with_options(options));
    file.ports({x}, {y});
    const auto graph = read(file);
    if (!graph.ok()) {
      EXPECT_THAT(std::string(graph.status().message()), testing::HasSubstr("picks pixels"));
      continue;
    }
    EXPECT_EQ(difference_to_litert(file, {bytes_of(random_floats(64, 3))}), 0);
  }
}

// x [2, 3], added to a constant and reduced along `axis`.
SourceFile batch_of_two(const std::vector<float>& constant, int32_t axis) {
  SourceFile file;
  const int32_t x = file.add("x", TensorType::FLOAT32, {2, 3});
  const int32_t c = file.fill<float>(file.add("c", TensorType::FLOAT32, {2, 3}), constant);
  const int32_t sum = file.add("sum", TensorType::FLOAT32, {2, 3});
  const int32_t axes = file.fill<int32_t>(file.add("axes", TensorType::INT32, {1}), {axis});
  const int32_t y = file.add("y", TensorType::FLOAT32, {});
  file.add_op(BuiltinOperator::ADD, {x, c}, {sum}, with_options(tflite::AddOptionsT{}));
  tflite::ReducerOptionsT keep;
  keep.keep_dims = true;
  file.add_op(BuiltinOperator::MEAN, {sum, axes}, {y}, with_options(keep));
  file.ports({x}, {y});
  return file;
}

TEST(Read, AConstantSpelledOutPerItemIsKeptOnce) {
  const auto graph = read(batch_of_two({1, 2, 3, 1, 2, 3}, 1));
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto outputs = interpret(*graph, {bytes_of(Floats{0, 0, 3})});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(values_of<float>((*outputs)[0]), (Floats{3}));
}

TEST(Read, ABatchWhoseItemsAreToldApartIsRefused) {
  for (const auto& file : {batch_of_two({1, 2, 3, 4, 5, 6}, 1), batch_of_two(Floats(6, 1), 0)}) {
    const auto graph = read(file);
    ASSERT_FALSE(graph.ok());
    EXPECT_THAT(std::string(graph.status().message()),
                testing::HasSubstr("the batch cannot be rewritten from 2 to 1"));
    EXPECT_TRUE(read(file, {.batch = std::nullopt}).ok());
  }
}

}  // namespace
}  // namespace durward
