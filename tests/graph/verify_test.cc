#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "graph/graph.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// x -> relu -> quantize -> dequantize, which verifies; each test then breaks one thing.
class Verify : public ::testing::Test {
 protected:
  Verify() {
    x_ = graph_.add_tensor("x", DataType::kFloat32, {1, 4});
    const std::vector<float> ones{1, 1, 1, 1};
    constant_ = graph_.add_constant<float>("constant", {4}, ones);
    sum_ = *graph_.add_op(Binary{}, "sum", {x_, constant_});
    relu_ = *graph_.add_op(Unary{}, "relu", {sum_});
    quantized_ = *graph_.add_op(Quantize{}, "quantize", {relu_});
    graph_.mutable_tensor(quantized_).quant = QuantParams{{0.5f}, {-128}, -1};
    last_ = *graph_.add_op(Dequantize{}, "dequantize", {quantized_});
    graph_.inputs.push_back({x_, "x", PortLayout::kAsIs});
    graph_.outputs.push_back({last_, "y", PortLayout::kAsIs});
  }

  void expect_fault(const char* what) {
    const absl::Status status = verify(graph_);
    EXPECT_TRUE(absl::IsInternal(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
  }
  QuantParams& quant() { return *graph_.mutable_tensor(quantized_).quant; }

  Graph graph_;
  TensorId x_, constant_, sum_, relu_, quantized_, last_;
};

TEST_F(Verify, AcceptsAConsistentGraph) { EXPECT_TRUE(verify(graph_).ok()) << verify(graph_); }

TEST_F(Verify, FindsACycle) {
  graph_.set_input(graph_.producer(sum_), 0, relu_);
  expect_fault("cycle");
}

TEST_F(Verify, FindsANodeThatFeedsItself) {
  graph_.set_input(graph_.producer(relu_), 0, relu_);
  expect_fault("'relu' is in or behind a cycle");
}

TEST_F(Verify, FindsASecondProducer) {
  graph_.add_node(Unary{}, "other", {x_}, {relu_});
  expect_fault("tensor 'relu' has more than one producer");
}

TEST_F(Verify, FindsATensorThatNothingProduces) {
  graph_.remove_node(graph_.producer(relu_));
  expect_fault("tensor 'relu' is used, but nothing produces it");
}

TEST_F(Verify, FindsAGraphOutputThatNothingProduces) {
  graph_.outputs.push_back({graph_.add_tensor("loose", DataType::kFloat32, {1}), "loose", {}});
  expect_fault("'loose'");
}

TEST_F(Verify, FindsAGraphWithoutOutputs) {
  graph_.outputs.clear();
  expect_fault("no output");
}

TEST_F(Verify, FindsIdsOutOfRange) {
  graph_.outputs.push_back({TensorId{4711}, "far", {}});
  expect_fault("'far' is out of range");
}

TEST_F(Verify, FindsAGraphInputThatIsConstantOrProduced) {
  graph_.inputs.push_back({constant_, "c", {}});
  expect_fault("'constant' is more than one of");
  graph_.inputs.back().tensor = relu_;
  expect_fault("'relu' is more than one of");
  graph_.inputs.back().tensor = x_;
  expect_fault("graph input twice");
}

TEST_F(Verify, FindsAShapeThatIsNotTheInferredOne) {
  graph_.mutable_tensor(sum_).shape = {2, 4};
  expect_fault("output 'sum' of node 'sum' is float32[2x4], should be float32[1x4]");
}

TEST_F(Verify, FindsATypeThatIsNotTheInferredOne) {
  graph_.mutable_tensor(relu_).type = DataType::kInt64;
  expect_fault("should be float32[1x4]");
}

TEST_F(Verify, FindsAConstantOfTheWrongSize) {
  graph_.mutable_tensor(constant_).shape = {1, 2};
  expect_fault("tensor 'constant' (float32[1x2]): holds 16 bytes, its shape needs 8");
}

TEST_F(Verify, FindsANegativeOrOverflowingInputShape) {
  graph_.mutable_tensor(x_).shape = {-1, 4};
  expect_fault("negative dimension");
  graph_.mutable_tensor(x_).shape = {kMaxElements, 4};
  expect_fault("2^40");
}

TEST_F(Verify, FindsTwoTensorsOfOneName) {
  graph_.mutable_tensor(relu_).name = "x";
  expect_fault("two tensors are named 'x'");
}

TEST_F(Verify, AllowsAnUnusedTensorToShareAName) {
  graph_.add_tensor("x", DataType::kFloat32, {1});
  EXPECT_TRUE(verify(graph_).ok()) << verify(graph_);
}

TEST_F(Verify, FindsScalesThatAreNotFiniteAndPositive) {
  for (const float scale : {0.0f, -1.0f, std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
    quant().scales = {scale};
    expect_fault("tensor 'quantize'");
  }
}

TEST_F(Verify, FindsAZeroPointOutOfTheTypesRange) {
  quant().zero_points = {-129};
  expect_fault("zero point -129 is not in -128..127");
}

TEST_F(Verify, FindsParametersThatDoNotMatchTheAxis) {
  quant().scales = {1, 1};
  expect_fault("needs 1 of each");
  quant() = QuantParams{{1, 1}, {0, 0}, 1};
  expect_fault("needs 4 of each");
  quant().axis = 2;
  expect_fault("axis 2");
}

TEST_F(Verify, FindsQuantisationOfAFloat) {
  graph_.mutable_tensor(relu_).quant = QuantParams{{1}, {0}, -1};
  expect_fault("cannot be quantised");
}

TEST_F(Verify, FindsMissingParameters) {
  graph_.mutable_tensor(quantized_).quant.reset();
  expect_fault("has no scale and zero point");
}

}  // namespace
}  // namespace durward
