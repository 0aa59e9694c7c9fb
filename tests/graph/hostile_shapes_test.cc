// What a model file may ask for that no tensor can be: an error each, never undefined behaviour
// (the sanitizer builds run this too) and never an allocation.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "graph/one_node.h"

namespace durward {
namespace {

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();

struct Case {
  const char* name;
  Op op;
  std::vector<Input> inputs;
  int outputs = 1;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class HostileShape : public ::testing::TestWithParam<Case> {};

TEST_P(HostileShape, IsInvalid) {
  const Case& c = GetParam();
  const auto shapes = output_shapes(c.op, c.inputs, c.outputs);
  EXPECT_TRUE(absl::IsInvalidArgument(shapes.status())) << shapes.status();
}

const Input kImage{{1, 8, 8, 4}};
const Input kKernel{{6, 3, 3, 4}};
const Input kDepthwiseKernel{{1, 3, 3, 4}};
const Input kInt8Image{{1, 8, 8, 4}, DataType::kInt8};
const float kNan = std::nanf("");

INSTANTIATE_TEST_SUITE_P(
    Layers, HostileShape,
    ::testing::Values(
        Case{"stride_zero", Conv2D{.stride_h = 0}, {kImage, kKernel}},
        Case{"stride_negative", Conv2D{.stride_w = -1}, {kImage, kKernel}},
        Case{"stride_lowest", DepthwiseConv2D{.stride_w = kLowest}, {kImage, kDepthwiseKernel}},
        Case{"dilation_zero", Conv2D{.dilation_h = 0}, {kImage, kKernel}},
        Case{"dilation_huge", Conv2D{.dilation_h = kHuge}, {kImage, kKernel}},
        Case{"padding_negative", Conv2D{.padding = {-1, 0, 0, 0}}, {kImage, kKernel}},
        Case{"padding_huge", Conv2D{.padding = {kHuge, kHuge, 0, 0}}, {kImage, kKernel}},
        Case{"padding_beyond_the_limit",
             Conv2D{.padding = {0, 0, kMaxElements, 0}},
             {kImage, kKernel}},
        Case{"kernel_larger_than_the_image", Conv2D{}, {kImage, {{6, 9, 3, 4}}}},
        Case{"kernel_empty", Conv2D{}, {kImage, {{6, 0, 3, 4}}}},
        Case{"image_negative", Conv2D{}, {{{1, -8, 8, 4}}, kKernel}},
        Case{"groups_zero", Conv2D{.groups = 0}, {kImage, kKernel}},
        Case{"groups_negative", Conv2D{.groups = -2}, {kImage, kKernel}},
        Case{"groups_not_dividing_inputs", Conv2D{.groups = 3}, {kImage, kKernel}},
        Case{"groups_not_dividing_outputs", Conv2D{.groups = 4}, {kImage, {{6, 3, 3, 1}}}},
        Case{"weights_of_other_channels", Conv2D{}, {kImage, {{6, 3, 3, 5}}}},
        Case{"weights_of_rank_3", Conv2D{}, {kImage, {{6, 3, 3}}}},
        Case{"image_of_rank_3", Conv2D{}, {{{8, 8, 4}}, kKernel}},
        Case{"bias_of_other_size", Conv2D{}, {kImage, kKernel, {{5}}}},
        Case{"bias_of_rank_2", Conv2D{}, {kImage, kKernel, {{1, 6}}}},
        Case{"float_bias_on_int8", Conv2D{}, {kInt8Image, {{6, 3, 3, 4}, DataType::kInt8}, {{6}}}},
        Case{"int8_weights_on_float", Conv2D{}, {kImage, {{6, 3, 3, 4}, DataType::kInt8}}},
        Case{"convolution_of_indices",
             Conv2D{},
             {{{1, 8, 8, 4}, DataType::kInt64}, {{6, 3, 3, 4}, DataType::kInt64}}},
        Case{"fused_prelu_without_slope",
             Conv2D{.activation = Activation::kPRelu},
             {kImage, kKernel, {{6}}}},
        Case{"fused_prelu_of_other_size",
             Conv2D{.activation = Activation::kPRelu},
             {kImage, kKernel, {{6}}, {{1}}}},
        Case{"slope_without_prelu", Conv2D{}, {kImage, kKernel, {{6}}, {{6}}}},
        Case{"depthwise_of_other_channels", DepthwiseConv2D{}, {kImage, {{1, 3, 3, 6}}}},
        Case{"depthwise_of_no_channels", DepthwiseConv2D{}, {{{1, 8, 8, 0}}, {{1, 3, 3, 0}}}},
        Case{"depthwise_of_two_filters", DepthwiseConv2D{}, {kImage, {{2, 3, 3, 4}}}},
        Case{"fully_connected_of_other_size", FullyConnected{}, {{{1, 7}}, {{3, 8}}}},
        Case{"fully_connected_of_a_scalar", FullyConnected{}, {{{}}, {{3, 8}}}},
        Case{"pool_padding_as_large_as_the_kernel",
             Pool2D{.kernel_h = 2, .kernel_w = 2, .padding = {2, 0, 0, 0}},
             {kImage}},
        Case{"pool_kernel_negative", Pool2D{.kernel_h = -3, .padding = {-4, -4, 0, 0}}, {kImage}},
        Case{"too_few_inputs", Conv2D{}, {kImage}},
        Case{"too_many_inputs", MatMul{}, {{{2, 2}}, {{2, 2}}, {{2, 2}}}},
        Case{"matrix_vector", MatMul{}, {{{2, 2}}, {{2}}}},
        Case{"resize_to_nothing", Resize{.height = 0, .width = 4}, {kImage}},
        Case{"resize_to_too_much", Resize{.height = kHuge, .width = kHuge}, {kImage}},
        Case{"block_zero", DepthToSpace{.block = 0}, {kImage}},
        Case{"block_huge", DepthToSpace{.block = kHuge}, {kImage}},
        Case{"block_not_dividing", SpaceToDepth{.block = 3}, {kImage}}),
    ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    Movement, HostileShape,
    ::testing::Values(
        Case{"perm_repeating", Transpose{{0, 1, 1, 3}}, {kImage}},
        Case{"perm_out_of_range", Transpose{{0, 1, 2, 4}}, {kImage}},
        Case{"perm_negative", Transpose{{0, 1, 2, -1}}, {kImage}},
        Case{"perm_short", Transpose{{0, 1, 2}}, {kImage}},
        Case{"reshape_of_other_size", Reshape{{255}}, {kImage}},
        Case{"reshape_negative", Reshape{{-1, -256}}, {kImage}},
        Case{"reshape_overflowing", Reshape{{kHuge, kHuge, 4}}, {kImage}},
        Case{"rank_above_the_limit", Reshape{{1, 1, 1, 1, 1, 1, 1, 1, 256}}, {kImage}},
        Case{"concat_axis", Concat{.axis = 4}, {kImage, kImage}},
        Case{"concat_axis_negative", Concat{.axis = -5}, {kImage, kImage}},
        Case{"concat_of_other_shapes", Concat{.axis = 3}, {kImage, {{1, 8, 7, 4}}}},
        Case{"concat_of_other_ranks", Concat{.axis = 0}, {kImage, {{1, 8}}}},
        Case{
            "concat_of_other_types", Concat{.axis = 0}, {kImage, {{1, 8, 8, 4}, DataType::kInt64}}},
        Case{"concat_overflowing", Concat{.axis = 0}, {{{kHuge}}, {{kHuge}}}},
        Case{"pad_negative", Pad{.before = {0, 0, 0, -1}, .after = {0, 0, 0, 0}}, {kImage}},
        Case{"pad_overflowing",
             Pad{.before = {0, 0, 0, kHuge}, .after = {0, 0, 0, kHuge}},
             {kImage}},
        Case{"pad_short", Pad{.before = {0, 0}, .after = {0, 0}}, {kImage}},
        Case{"tile_negative", Tile{{1, -1, 1, 1}}, {kImage}},
        Case{"tile_overflowing", Tile{{1, kHuge, kHuge, 1}}, {kImage}},
        Case{"slice_step_zero", Slice{{0}, {4}, {0}}, {{{4}}}},
        Case{"slice_beyond_the_end", Slice{{0}, {5}, {1}}, {{{4}}}},
        Case{"slice_before_the_begin", Slice{{-1}, {4}, {1}}, {{{4}}}},
        Case{"slice_backwards_beyond", Slice{{4}, {-1}, {-1}}, {{{4}}}},
        Case{"slice_lowest", Slice{{kLowest}, {kHuge}, {1}}, {{{4}}}},
        Case{"split_sum", Split{.axis = 0, .sizes = {1, 2}}, {{{4}}}, 2},
        Case{"split_negative", Split{.axis = 0, .sizes = {5, -1}}, {{{4}}}, 2},
        Case{"split_overflowing", Split{.axis = 0, .sizes = {kHuge, kHuge}}, {{{4}}}, 2},
        Case{"split_into_other_count", Split{.axis = 0, .sizes = {2, 2}}, {{{4}}}, 3},
        Case{"gather_axis", Gather{.axis = 2}, {{{4, 4}}, {{1}, DataType::kInt64}}},
        Case{"gather_by_floats", Gather{.axis = 0}, {{{4, 4}}, {{1}}}},
        Case{"broadcast_overflowing", Broadcast{{kHuge, kHuge}}, {{{1}}}}),
    ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    Elementwise, HostileShape,
    ::testing::Values(
        Case{"shapes_that_do_not_broadcast", Binary{}, {{{2, 3}}, {{2, 4}}}},
        Case{"types_that_differ", Binary{}, {{{2}}, {{2}, DataType::kInt64}}},
        Case{"binary_prelu", Binary{.activation = Activation::kPRelu}, {{{2}}, {{2}}}},
        Case{"broadcast_beyond_the_limit", Binary{}, {{{1 << 21, 1}}, {{1, 1 << 21}}}},
        Case{"slope_larger_than_the_input", PRelu{}, {{{2, 3}}, {{4, 2, 3}}}},
        Case{"clip_inverted", Clip{.min = 1, .max = 0}, {{{2}}}},
        Case{"clip_nan", Clip{.min = kNan}, {{{2}}}},
        Case{"leaky_nan", LeakyRelu{.alpha = kNan}, {{{2}}}},
        Case{"hard_sigmoid_infinite", HardSigmoid{.alpha = INFINITY}, {{{2}}}},
        Case{"softmax_axis", Softmax{.axis = 1}, {{{2}}}},
        Case{"softmax_of_a_scalar", Softmax{}, {{{}}}},
        Case{"normalize_epsilon", L2Normalize{.axis = 0, .epsilon = -1}, {{{2}}}},
        Case{"batch_norm_sizes", BatchNorm{}, {{{2, 3}}, {{3}}, {{3}}, {{2}}, {{3}}}},
        Case{"batch_norm_epsilon",
             BatchNorm{.epsilon = kNan},
             {{{2, 3}}, {{3}}, {{3}}, {{3}}, {{3}}}},
        Case{"reduce_axis", Reduce{.axes = {2}}, {{{2, 3}}}},
        Case{"reduce_axis_negative", Reduce{.axes = {-1}}, {{{2, 3}}}},
        Case{"reduce_twice", Reduce{.axes = {1, 1}}, {{{2, 3}}}},
        Case{"dequantize_of_floats", Dequantize{}, {{{2}}}},
        Case{"quantize_of_integers", Quantize{}, {{{2}, DataType::kInt8}}}),
    ::testing::PrintToStringParamName());

TEST(HostileGraph, AMissingRequiredInputIsNamed) {
  Graph graph;
  const TensorId out = graph.add_tensor("out", DataType::kFloat32, {});
  const NodeId id = graph.add_node(Unary{}, "relu", {TensorId{}}, {out});
  EXPECT_TRUE(absl::IsInvalidArgument(infer_shapes(graph, id)));
}

TEST(HostileGraph, AConcatOfNothingIsInvalid) {
  Graph graph;
  const TensorId out = graph.add_tensor("out", DataType::kFloat32, {});
  const NodeId id = graph.add_node(Concat{}, "concat", {}, {out});
  EXPECT_TRUE(absl::IsInvalidArgument(infer_shapes(graph, id)));
}

TEST(HostileGraph, ConstantIndicesOutOfRangeAreFound) {
  Graph graph;
  const TensorId x = graph.add_tensor("x", DataType::kFloat32, {4, 2});
  const auto take = [&](int64_t index) {
    const std::vector<int64_t> indices{index};
    const TensorId constant = graph.add_constant<int64_t>(graph.unique_name("i"), {1}, indices);
    return graph.add_op(Gather{.axis = 0}, graph.unique_name("gather"), {x, constant}).ok();
  };
  EXPECT_TRUE(take(3));
  EXPECT_TRUE(take(-4));
  EXPECT_FALSE(take(4));
  EXPECT_FALSE(take(-5));
  EXPECT_FALSE(take(kLowest));
}

}  // namespace
}  // namespace durward
