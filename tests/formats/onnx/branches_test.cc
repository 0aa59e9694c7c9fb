// If nodes: the branch that a constant condition takes is read, with the values around it; inputs
// that are fixed make conditions constant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/onnx/onnx_model.h"
#include "formats/onnx/reader.h"
#include "graph/graph.h"

namespace durward {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A branch of one node over a value of the graph around it.
onnx::GraphProto branch(const std::string& op, const std::string& input,
                        const std::string& output = "result") {
  onnx::GraphProto graph;
  graph.set_name(op);
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(op);
  node.add_input(input);
  node.add_output(output);
  graph.add_output()->set_name(output);
  return graph;
}

void set_graph(onnx::NodeProto& node, const std::string& name, onnx::GraphProto graph) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::GRAPH);
  *attribute.mutable_g() = std::move(graph);
}

// if rate == 16000: Relu, else: Sigmoid.
OnnxModel two_rates() {
  OnnxModel model(13);
  model.input("x", {1, 3});
  model.input("rate", {}, onnx::TensorProto::INT64);
  model.constant<int64_t>("wanted", onnx::TensorProto::INT64, {}, {16000});
  model.node("Equal", {"rate", "wanted"}, {"known"});
  model.node("If", {"known"}, {"y"}).name("choice");
  onnx::NodeProto& choice = *model.graph().mutable_node(1);
  set_graph(choice, "then_branch", branch("Relu", "x"));
  set_graph(choice, "else_branch", branch("Sigmoid", "x"));
  model.output("y", {1, 3});
  return model;
}

std::string only_op(const Graph& graph) {
  EXPECT_EQ(graph.node_count(), 1u) << to_string(graph);
  return std::string(op_name(graph.node(graph.node_ids()[0]).op));
}

TEST(OnnxBranches, AFixedInputTakesItsBranch) {
  const std::string model = two_rates().bytes();
  for (const auto& [rate, op] : {std::pair{16000, "Relu"}, std::pair{8000, "Sigmoid"}}) {
    const auto graph = read_onnx(bytes_of(model), {.fixed_inputs = {{"rate", rate}}});
    ASSERT_TRUE(graph.ok()) << graph.status();
    EXPECT_EQ(only_op(*graph), op);
    ASSERT_EQ(graph->inputs.size(), 1u);
    EXPECT_EQ(graph->inputs[0].name, "x");
    EXPECT_EQ(graph->outputs[0].name, "y");
  }
}

TEST(OnnxBranches, AConditionThatDependsOnTheDataIsNamed) {
  const absl::Status status = read_onnx(bytes_of(two_rates().bytes())).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Equal"));
  OnnxModel model(13);
  model.input("x", {1, 3});
  model.input("c", {}, onnx::TensorProto::BOOL);
  model.node("If", {"c"}, {"y"}).name("choice");
  set_graph(*model.graph().mutable_node(0), "then_branch", branch("Relu", "x"));
  set_graph(*model.graph().mutable_node(0), "else_branch", branch("Sigmoid", "x"));
  model.output("y", {1, 3});
  EXPECT_THAT(std::string(read_onnx(bytes_of(model.bytes())).status().message()),
              AllOf(HasSubstr("choice: If"), HasSubstr("'c' depends on the data")));
}

TEST(OnnxBranches, BranchesInBranchesMayUseTheSameNames) {
  OnnxModel model(13);
  model.input("x", {1, 3});
  model.constant<uint8_t>("yes", onnx::TensorProto::BOOL, {}, {1});
  // Two Ifs, each with an If in it, all results of the same name.
  for (const char* output : {"a", "b"}) {
    model.node("If", {"yes"}, {output}).name(output);
    onnx::GraphProto outer;
    outer.set_name("outer");
    onnx::NodeProto& inner = *outer.add_node();
    inner.set_op_type("If");
    inner.add_input("yes");
    inner.add_output("inner");
    set_graph(inner, "then_branch", branch("Relu", "x"));
    set_graph(inner, "else_branch", branch("Sigmoid", "x"));
    outer.add_output()->set_name("inner");
    onnx::NodeProto& node = *model.graph().mutable_node(model.graph().node_size() - 1);
    set_graph(node, "then_branch", outer);
    set_graph(node, "else_branch", branch("Sigmoid", "x"));
  }
  model.node("Add", {"a", "b"}, {"y"});
  model.output("y", {1, 3});
  const auto graph = read_onnx(bytes_of(model.bytes()));
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->node_count(), 3u);
}

TEST(OnnxBranches, BranchesInBranchesHaveALimit) {
  onnx::GraphProto graph = branch("Relu", "x");
  for (int i = 0; i < 40; ++i) {
    onnx::GraphProto around;
    around.set_name("around");
    onnx::NodeProto& node = *around.add_node();
    node.set_op_type("If");
    node.add_input("yes");
    node.add_output("result");
    set_graph(node, "then_branch", graph);
    set_graph(node, "else_branch", branch("Sigmoid", "x"));
    around.add_output()->set_name("result");
    graph = around;
  }
  OnnxModel model(13);
  model.input("x", {1, 3});
  model.constant<uint8_t>("yes", onnx::TensorProto::BOOL, {}, {1});
  model.node("If", {"yes"}, {"y"}).name("deep");
  set_graph(*model.graph().mutable_node(0), "then_branch", graph);
  set_graph(*model.graph().mutable_node(0), "else_branch", branch("Sigmoid", "x"));
  model.output("y", {1, 3});
  const absl::Status status = read_onnx(bytes_of(model.bytes())).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
}

TEST(OnnxBranches, WhatIsNotSupportedInABranchIsListed) {
  OnnxModel model(13);
  model.input("x", {1, 3});
  model.constant<uint8_t>("yes", onnx::TensorProto::BOOL, {}, {1});
  model.node("If", {"yes"}, {"a"}).name("choice");
  onnx::GraphProto taken = branch("NonZero", "x");
  taken.mutable_node(0)->set_name("odd");
  set_graph(*model.graph().mutable_node(0), "then_branch", taken);
  set_graph(*model.graph().mutable_node(0), "else_branch", branch("Sigmoid", "x"));
  model.node("Relu", {"a"}, {"y"});
  model.output("y", {1, 3});
  const absl::Status status = read_onnx(bytes_of(model.bytes())).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("1 node(s)"), HasSubstr("odd: NonZero")));
}

TEST(OnnxBranches, OnlyAnIntegerOfOneElementCanBeFixed) {
  const std::string model = two_rates().bytes();
  const auto fixed = [&](const std::string& name) {
    return std::string(
        read_onnx(bytes_of(model), {.fixed_inputs = {{name, 1}}}).status().message());
  };
  EXPECT_THAT(fixed("x"), HasSubstr("'x'"));
  EXPECT_THAT(fixed("other"), HasSubstr("no input 'other'"));
}

TEST(OnnxDimensions, AnOpenOneWithoutANameIsFixedByItsNumber) {
  OnnxModel model(13);
  model.input("x", {1, -1});
  model.node("Relu", {"x"}, {"y"});
  model.output("y", {1, -1});
  EXPECT_THAT(std::string(read_onnx(bytes_of(model.bytes())).status().message()),
              HasSubstr("x[1]"));
  const auto graph = read_onnx(bytes_of(model.bytes()), {.dimensions = {{"x[1]", 7}}});
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->tensor(graph->inputs[0].tensor).shape, (Shape{1, 7}));
}

}  // namespace
}  // namespace durward
