#include "runtimes/compiled_graph.h"

#include <gtest/gtest.h>

#include "quant/quantize.h"
#include "quant/small_nets.h"

namespace durward {
namespace {

// What a model says of one input.
std::vector<float> output_of(RuntimeModel& model, const std::vector<float>& input) {
  std::vector<float> output(static_cast<size_t>(elements(model.outputs()[0].shape)));
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(input))};
  const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
  const absl::Status status = model.run(in, out);
  EXPECT_TRUE(status.ok()) << status;
  return output;
}

TEST(CompiledGraph, ComputesTheInterpretersBitsInIntegersInFloatAndInAMixture) {
  const Graph graph = inverted_residual(Activation::kPRelu, 3);
  const auto inputs = random_inputs(graph, 4, 1);
  const Calibration calibration = calibrate_on(graph, inputs);
  QuantizeOptions half;
  for (const NodeId id : graph.topological_order()) {
    if (id.index % 2 == 0) half.keep_float.push_back(graph.node(id).name);
  }
  const auto int8 = quantize(graph, calibration, {}), mixture = quantize(graph, calibration, half);
  ASSERT_TRUE(int8.ok() && mixture.ok()) << int8.status() << mixture.status();
  for (const Graph* each : {&graph, &*int8, &*mixture}) {
    const auto compiled = CompiledGraph::create(*each, 0);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    EXPECT_GT(compiled->bytes(), 0);
    const auto interpreter = Interpreter::create(*each);
    ASSERT_TRUE(interpreter.ok()) << interpreter.status();
    // Two models of one plan.
    for (int i = 0; i < 2; ++i) {
      const auto model = compiled->load({});
      ASSERT_TRUE(model.ok()) << model.status();
      for (const std::vector<float>& input : inputs) {
        EXPECT_EQ(output_of(**model, input), run(*interpreter, *each, input));
      }
    }
  }
}

TEST(CompiledGraph, OutlivesItsMakerInItsModels) {
  const Graph graph = inverted_residual(Activation::kRelu, 1);
  const auto inputs = random_inputs(graph, 1, 1);
  std::unique_ptr<RuntimeModel> model;
  {
    const auto compiled = CompiledGraph::create(graph, 0);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    auto loaded = compiled->load({.profile = true});
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    model = *std::move(loaded);
  }
  const auto interpreter = Interpreter::create(graph);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  EXPECT_EQ(output_of(*model, inputs[0]), run(*interpreter, graph, inputs[0]));
  const auto records = model->profile();
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_FALSE(records->empty());
}

}  // namespace
}  // namespace durward
