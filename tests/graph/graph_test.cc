#include "graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace durward {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> names(const Graph& graph, const std::vector<NodeId>& ids) {
  std::vector<std::string> result;
  for (const NodeId id : ids) result.push_back(graph.node(id).name);
  return result;
}

class GraphTest : public ::testing::Test {
 protected:
  GraphTest() : x_(graph_.add_tensor("x", DataType::kFloat32, {4})) {
    graph_.inputs.push_back({x_, "x", PortLayout::kAsIs});
  }
  TensorId unary(const char* name, TensorId input) {
    return *graph_.add_op(Unary{}, name, {input});
  }
  void output(TensorId id) {
    graph_.outputs.push_back({id, graph_.tensor(id).name, PortLayout::kAsIs});
  }
  Graph graph_;
  TensorId x_;
};

TEST_F(GraphTest, OrdersNodesAfterTheirProducers) {
  const TensorId a = unary("a", x_);
  const TensorId b = unary("b", a);
  output(*graph_.add_op(Binary{}, "sum", {b, a}));
  // "a" now reads what a node added later makes.
  const TensorId late = unary("late", x_);
  graph_.set_input(graph_.producer(a), 0, late);
  EXPECT_THAT(names(graph_, graph_.topological_order()), ElementsAre("late", "a", "b", "sum"));
  EXPECT_TRUE(verify(graph_).ok()) << verify(graph_);
}

TEST_F(GraphTest, ReplacesEveryUseAndTheGraphOutput) {
  const TensorId a = unary("a", x_);
  const TensorId b = unary("b", x_);
  const TensorId twice = *graph_.add_op(Binary{}, "twice", {a, a});
  output(a);
  output(twice);
  graph_.replace_all_uses(a, b);
  EXPECT_THAT(graph_.node(graph_.producer(twice)).inputs, ElementsAre(b, b));
  EXPECT_EQ(graph_.consumers(b).size(), 2u);
  EXPECT_TRUE(graph_.consumers(a).empty());
  EXPECT_FALSE(graph_.is_output(a));
  EXPECT_TRUE(graph_.is_output(b));
  EXPECT_TRUE(graph_.remove_dead_nodes());
  EXPECT_TRUE(verify(graph_).ok()) << verify(graph_);
  EXPECT_EQ(graph_.node_count(), 2u);
}

TEST_F(GraphTest, UsedOnceMeansOneNodeAndNoPort) {
  const TensorId a = unary("a", x_);
  EXPECT_FALSE(graph_.used_once(a));
  const TensorId b = unary("b", a);
  EXPECT_TRUE(graph_.used_once(a));
  output(a);
  EXPECT_FALSE(graph_.used_once(a));
  EXPECT_FALSE(graph_.used_once(b));
}

TEST_F(GraphTest, RemovesWhatNoOutputDependsOn) {
  const TensorId a = unary("a", x_);
  unary("dead_end", unary("dead", a));
  output(a);
  EXPECT_TRUE(graph_.remove_dead_nodes());
  EXPECT_THAT(names(graph_, graph_.node_ids()), ElementsAre("a"));
  EXPECT_TRUE(graph_.consumers(a).empty());
  EXPECT_FALSE(graph_.remove_dead_nodes());
}

TEST_F(GraphTest, RemovesADeadCycle) {
  const TensorId a = unary("a", x_);
  const TensorId b = unary("b", a);
  graph_.set_input(graph_.producer(a), 0, b);
  output(unary("live", x_));
  EXPECT_TRUE(graph_.remove_dead_nodes());
  EXPECT_EQ(graph_.node_count(), 1u);
  EXPECT_TRUE(verify(graph_).ok()) << verify(graph_);
}

// A quadratic removal would take minutes here.
TEST_F(GraphTest, RemovesManyDeadUsesOfOneTensorAtOnce) {
  for (int i = 0; i < 200'000; ++i) {
    const TensorId out = graph_.add_tensor(absl::StrCat("t", i), DataType::kFloat32, {4});
    graph_.add_node(Unary{}, "dead", {x_}, {out});
  }
  output(unary("live", x_));
  EXPECT_TRUE(graph_.remove_dead_nodes());
  EXPECT_EQ(graph_.node_count(), 1u);
  EXPECT_EQ(graph_.consumers(x_).size(), 1u);
}

TEST_F(GraphTest, CompactDropsHolesAndKeepsEverythingElse) {
  const TensorId unused = graph_.add_tensor("unused", DataType::kFloat32, {1});
  const std::vector<float> one{1};
  const TensorId constant = graph_.add_constant<float>("one", {1}, one);
  const TensorId dead = unary("dead", x_);
  const TensorId sum = *graph_.add_op(Binary{}, "sum", {x_, constant});
  output(unary("last", sum));
  graph_.remove_node(graph_.producer(dead));
  ASSERT_TRUE(unused.valid());
  graph_.compact();
  EXPECT_EQ(graph_.tensor_count(), 4u);  // x, one, sum, last
  EXPECT_THAT(names(graph_, graph_.node_ids()), ElementsAre("sum", "last"));
  EXPECT_TRUE(verify(graph_).ok()) << verify(graph_);
  EXPECT_EQ(graph_.unique_name("dead"), "dead");
  EXPECT_EQ(graph_.unique_name("sum"), "sum_1");
}

TEST_F(GraphTest, CopiesShareConstantsAndNothingElse) {
  const std::vector<float> values{1, 2};
  const TensorId constant = graph_.add_constant<float>("c", {2}, values);
  output(unary("a", x_));
  Graph copy = graph_;
  EXPECT_EQ(copy.tensor(constant).data, graph_.tensor(constant).data);
  copy.mutable_tensor(x_).name = "renamed";
  copy.remove_node(copy.producer(copy.outputs[0].tensor));
  EXPECT_EQ(graph_.tensor(x_).name, "x");
  EXPECT_EQ(graph_.node_count(), 1u);
}

TEST_F(GraphTest, SetOutputMovesProduction) {
  const TensorId a = unary("a", x_);
  const TensorId b = unary("b", x_);
  output(b);
  const NodeId first = graph_.producer(a), second = graph_.producer(b);
  graph_.set_output(first, b);
  graph_.remove_node(second);
  EXPECT_EQ(graph_.producer(b), first);
  EXPECT_FALSE(graph_.producer(a).valid());
  EXPECT_TRUE(verify(graph_).ok()) << verify(graph_);
}

}  // namespace
}  // namespace durward
