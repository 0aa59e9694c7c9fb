// Runs float models in ONNX Runtime and compares what they give.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "base/random.h"
#include "graph/graph.h"
#include "runtimes/runtime.h"

namespace durward {

using Values = std::vector<std::vector<float>>;  // one list for each port

[[nodiscard]] inline bool onnxruntime_available() {
  const std::vector<RuntimeKind> kinds = available_runtimes();
  return std::find(kinds.begin(), kinds.end(), RuntimeKind::kOnnxRuntime) != kinds.end();
}

[[nodiscard]] inline absl::StatusOr<Values> run_in_onnxruntime(std::span<const std::byte> model,
                                                               const Values& inputs) {
  DURWARD_ASSIGN_OR_RETURN(auto runtime, load_onnx_model(model, {}));
  std::vector<std::span<const std::byte>> in;
  for (const auto& input : inputs) in.push_back(std::as_bytes(std::span(input)));
  Values outputs;
  for (const PortInfo& port : runtime->outputs()) {
    outputs.emplace_back(static_cast<size_t>(elements(port.shape)));
  }
  std::vector<std::span<std::byte>> out;
  for (auto& output : outputs) out.push_back(std::as_writable_bytes(std::span(output)));
  DURWARD_RETURN_IF_ERROR(runtime->run(in, out));
  return outputs;
}

// Seeded values between `lowest` and `highest` for each input of the graph.
[[nodiscard]] inline Values random_inputs(const Graph& graph, float lowest, float highest) {
  Random random(7);
  Values inputs;
  for (const Port& port : graph.inputs) {
    std::vector<float> values(static_cast<size_t>(elements(graph.tensor(port.tensor).shape)));
    for (float& value : values) {
      value = lowest + (highest - lowest) * static_cast<float>(random.uniform());
    }
    inputs.push_back(std::move(values));
  }
  return inputs;
}

// Equal within `tolerance` times the largest magnitude of the output (at least 1).
inline void expect_close(const Values& actual, const Values& expected, float tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(actual[i].size(), expected[i].size());
    float scale = 1;
    for (const float value : expected[i]) scale = std::max(scale, std::abs(value));
    for (size_t j = 0; j < expected[i].size(); ++j) {
      ASSERT_NEAR(actual[i][j], expected[i][j], tolerance * scale)
          << "output " << i << ", element " << j;
    }
  }
}

}  // namespace durward
