// Precision chosen by measurement, on small networks whose weak layer is known.
#include "pipeline/mixed.h"

#include <gmock/gmock.h>

#include "passes/passes.h"
#include "pipeline/kernel_times.h"
#include "quant/small_nets.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

// One channel of the input is a thousand times as wide as the others and its weights a thousandth:
// in int8 nothing is left of the others. The layers behind have nothing of the kind.
Graph net_with_a_weak_first_layer() {
  NetBuilder net(21);
  const TensorId x = net.input({1, 6, 6, 3});
  auto weights = gaussian(net.random, 16 * 3 * 3 * 3, 0.3);
  for (size_t i = 0; i < weights.size(); i += 3) weights[i] *= 1e-3f;
  const TensorId first = net.op(
      Conv2D{.padding = {1, 1, 1, 1}, .activation = Activation::kRelu},
      {x, net.constant({16, 3, 3, 3}, weights), net.constant({16}, gaussian(net.random, 16, 0.1))});
  const TensorId second = net.conv(first, 16, 1, Activation::kPRelu);
  const TensorId third = net.conv(second, 16, 3, Activation::kNone);
  const TensorId sum = net.add(third, second);
  const TensorId flat = net.op(Reshape{{1, 6 * 6 * 16}}, {sum});
  net.output(net.op(FullyConnected{},
                    {flat, net.constant({16, 576}, gaussian(net.random, 16 * 576, 0.05))}));
  return std::move(net.graph);
}

std::vector<std::vector<float>> wide_inputs(const Graph& graph, int count, uint64_t seed) {
  std::vector<std::vector<float>> inputs = random_inputs(graph, count, seed);
  for (std::vector<float>& input : inputs) {
    for (size_t i = 0; i < input.size(); i += 3) input[i] *= 1000;
  }
  return inputs;
}

Samples samples_of(const Graph& graph, std::vector<std::vector<float>> inputs) {
  Samples samples;
  samples.shape = graph.tensor(graph.inputs[0].tensor).shape;
  samples.count = static_cast<int64_t>(inputs.size());
  samples.read = [inputs = std::move(inputs)](int64_t index, std::span<float> values) {
    const std::vector<float>& input = inputs[static_cast<size_t>(index)];
    std::copy(input.begin(), input.end(), values.begin());
    return absl::OkStatus();
  };
  return samples;
}

class MixedPrecision : public ::testing::Test {
 protected:
  void SetUp() override {
    models_.prepared = net_with_a_weak_first_layer();
    models_.calibration = calibrate_on(models_.prepared, wide_inputs(models_.prepared, 16, 1));
    auto judge = GraphJudge::create(
        models_.prepared, samples_of(models_.prepared, wide_inputs(models_.prepared, 12, 2)),
        nullptr, EvaluateOptions{});
    ASSERT_TRUE(judge.ok()) << judge.status();
    judge_.emplace(*std::move(judge));
  }

  absl::StatusOr<MixedChoice> choose(const MixedLimits& limits) {
    return choose_precisions({&models_, {}}, *judge_, limits, 0, {});
  }

  QuantizedModels models_;
  std::optional<GraphJudge> judge_;
};

TEST_F(MixedPrecision, FindsTheLayerThatIntegersBreak) {
  const auto sensitivity = measure_sensitivity({&models_, {}}, *judge_, 0, {});
  ASSERT_TRUE(sensitivity.ok()) << sensitivity.status();
  ASSERT_EQ(sensitivity->units.size(), 4) << "the addition belongs to a layer, and so does Reshape";
  const std::vector<size_t> order = most_sensitive(*sensitivity);
  EXPECT_EQ(order[0], 0);
  const double worst = sensitivity->of_unit[0].alone.loss();
  for (size_t i = 1; i < 4; ++i) EXPECT_LT(sensitivity->of_unit[i].alone.loss(), 0.05 * worst);
  EXPECT_GT(sensitivity->together.loss(), 0.5 * worst);
}

TEST_F(MixedPrecision, KeepsOnlyThatLayerInFloatToReachALoss) {
  const auto choice = choose({.loss = 0.01});
  ASSERT_TRUE(choice.ok()) << choice.status();
  const MixedPoint& chosen = choice->front[choice->chosen];
  EXPECT_LE(chosen.loss.loss(), 0.01);
  // Whether its neighbour comes along depends on this machine's times.
  ASSERT_GE(chosen.in_float.size(), 1);
  ASSERT_LE(chosen.in_float.size(), 2);
  EXPECT_THAT(choice->keep_float, IsSupersetOf(chosen.in_float));
  EXPECT_THAT(chosen.in_float,
              Contains(models_.prepared.node(models_.prepared.topological_order()[0]).name));
  EXPECT_EQ(choice->front.front().in_float.size(), 0);
  EXPECT_GT(choice->front.front().loss.loss(), chosen.loss.loss());
  for (const MixedPoint& point : choice->front) {
    EXPECT_GT(point.us, 0);
    EXPECT_GT(point.bytes, 0);
  }
}

TEST_F(MixedPrecision, StaysWithinASize) {
  const auto whole = choose({.bytes = 1e9});
  ASSERT_TRUE(whole.ok()) << whole.status();
  const double most = whole->front.back().bytes, least = whole->front.front().bytes;
  ASSERT_GT(most, least);
  const double limit = least + 0.3 * (most - least);
  const auto choice = choose({.bytes = limit});
  ASSERT_TRUE(choice.ok()) << choice.status();
  const MixedPoint& chosen = choice->front[choice->chosen];
  EXPECT_LE(chosen.bytes, limit);
  EXPECT_LT(chosen.loss.loss(), 0.1 * choice->front.front().loss.loss())
      << "the first layer is small, and what costs most to leave in int8";
}

TEST_F(MixedPrecision, SaysHowNearItComesWhereNothingKeepsToTheLimits) {
  const auto size = choose({.bytes = 100});
  EXPECT_EQ(size.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(size.status().message(), HasSubstr("with everything in int8 it has"));
  const auto both = choose({.bytes = 100, .loss = 0.01});
  EXPECT_EQ(both.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(both.status().message(), HasSubstr("which is more than allowed"));
}

// Three layers in a row, of which all is known.
class Costs : public TemporaryFolderTest {
 protected:
  Costs() {
    NetBuilder net(3);
    const TensorId x = net.input({1, 2, 2, 4});
    const TensorId a = net.conv(x, 8, 1, Activation::kNone);
    const TensorId b = net.conv(a, 8, 1, Activation::kNone);
    net.output(net.conv(b, 2, 1, Activation::kNone));
    graph_ = std::move(net.graph);
    units_ = precision_units(graph_);
    double us = 1;
    for (const PrecisionUnit& unit : units_) {
      times_.us[{unit.name, kInt8}] = us;
      times_.us[{unit.name, kFloat}] = 10 * us;
      us *= 2;
    }
    times_.quantize_us = 0.5;
    times_.dequantize_us = 0.25;
  }

  static constexpr Precision kInt8 = Precision::kInt8, kFloat = Precision::kFloat32;
  Graph graph_;
  std::vector<PrecisionUnit> units_;
  KernelTimes times_;
};

TEST_F(Costs, AreThoseOfKernelsAndOfChangesOfPrecision) {
  const MixtureCosts model(graph_, units_, times_);
  // Input of 16 elements, two tensors of 32, output of 8; the ports are in float.
  EXPECT_DOUBLE_EQ(model.latency_us({kInt8, kInt8, kInt8}), 7 + 16 * 0.5 + 8 * 0.25);
  EXPECT_DOUBLE_EQ(model.latency_us({kFloat, kFloat, kFloat}), 70);
  EXPECT_DOUBLE_EQ(model.latency_us({kInt8, kFloat, kInt8}),
                   1 + 20 + 4 + 16 * 0.5 + 32 * 0.25 + 32 * 0.5 + 8 * 0.25);
  const double int8_bytes = model.bytes({kInt8, kInt8, kInt8});
  EXPECT_DOUBLE_EQ(model.bytes({kInt8, kFloat, kInt8}) - int8_bytes,
                   4 * (64 + 8) - (64 + 8 + 10 * 8));
}

TEST_F(Costs, OfADeviceAreTakenFromItsProfileAndScaledWhereItHasNone) {
  const std::string text =
      absl::StrCat(R"({"schema": "durward-profile/1", "profiles": [{"ops": [{"name": ")",
                   units_[0].name, R"(", "precision": "int8", "us": {"median": 5}}, {"name": ")",
                   units_[1].name, R"(", "precision": "int8", "us": {"median": 7}}]}]})");
  ASSERT_TRUE(take_device_times(write("device.json", text), times_).ok());
  EXPECT_DOUBLE_EQ((times_.us[{units_[0].name, kInt8}]), 5);
  EXPECT_DOUBLE_EQ((times_.us[{units_[1].name, kInt8}]), 7);
  // 12 us there for 3 here.
  EXPECT_DOUBLE_EQ((times_.us[{units_[2].name, kInt8}]), 16);
  EXPECT_DOUBLE_EQ((times_.us[{units_[2].name, kFloat}]), 160);
  EXPECT_DOUBLE_EQ(times_.quantize_us, 2);
  EXPECT_THAT(times_.devices, ElementsAre("device.json"));
}

TEST_F(Costs, AreRefusedFromTheProfileOfAnotherModel) {
  const absl::Status status = take_device_times(
      write("other.json", R"({"schema": "durward-profile/1", "profiles": [{"ops": []}]})"), times_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("other.json"));
}

TEST(FloatNodes, OfARewrittenCopyAreWhatReplacedThem) {
  const Graph graph = inverted_residual(Activation::kPRelu, 3);
  Graph copy = graph;
  unfuse_prelu(copy);
  std::vector<std::string> layers;
  for (const NodeId id : graph.topological_order()) {
    if (graph.op_as<DepthwiseConv2D>(id) != nullptr) layers.push_back(graph.node(id).name);
  }
  // The first of the two has a PReLU, which has become a node of its own.
  EXPECT_THAT(float_nodes_of_copy(copy, graph, {layers[0]}),
              UnorderedElementsAre(layers[0], layers[0] + ".prelu"));
  EXPECT_THAT(float_nodes_of_copy(copy, graph, {layers[1]}), ElementsAre(layers[1]));
  EXPECT_TRUE(float_nodes_of_copy(copy, graph, {}).empty());
}

}  // namespace
}  // namespace durward
