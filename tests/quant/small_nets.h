// Small random networks with the traits that make quantisation hard, and ways to run them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"
#include "compile/interpreter.h"
#include "quant/calibration.h"

namespace durward {

inline std::vector<float> gaussian(Random& random, int64_t count, double deviation) {
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) {
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
    value = static_cast<float>(deviation * radius * std::cos(6.283185307179586 * random.uniform()));
  }
  return values;
}

class NetBuilder {
 public:
  explicit NetBuilder(uint64_t seed) : random(seed) {}
  Graph graph;
  Random random;

  TensorId input(Shape shape) {
    const TensorId id = graph.add_tensor("x", DataType::kFloat32, std::move(shape));
    graph.inputs.push_back({id, "x", PortLayout::kAsIs});
    return id;
  }
  TensorId constant(Shape shape, const std::vector<float>& values) {
    return graph.add_constant(graph.unique_name("c"), std::move(shape),
                              std::span<const float>(values));
  }
  TensorId op(Op op_value, std::vector<TensorId> inputs) {
    auto result = graph.add_op(std::move(op_value), graph.unique_name("n"), std::move(inputs));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value();
  }
  // Some output channels are `spread` times as large as others.
  TensorId conv(TensorId from, int64_t outputs, int64_t kernel, Activation activation,
                double spread = 1) {
    const int64_t inputs = graph.tensor(from).shape.back();
    const int64_t depth = kernel * kernel * inputs;
    auto weights = gaussian(random, outputs * depth, 1 / std::sqrt(static_cast<double>(depth)));
    auto bias = gaussian(random, outputs, 0.2);
    for (int64_t o = 0; o < outputs; ++o) {
      const auto factor = static_cast<float>(std::pow(spread, random.uniform()));
      for (int64_t k = 0; k < depth; ++k) weights[static_cast<size_t>(o * depth + k)] *= factor;
      bias[static_cast<size_t>(o)] *= factor;
    }
    const int64_t pad = kernel / 2;
    return op(Conv2D{.padding = {pad, pad, pad, pad}, .activation = activation},
              with_slope({from, constant({outputs, kernel, kernel, inputs}, weights),
                          constant({outputs}, bias)},
                         outputs, activation));
  }
  TensorId depthwise(TensorId from, Activation activation) {
    const int64_t channels = graph.tensor(from).shape.back();
    return op(DepthwiseConv2D{.padding = {1, 1, 1, 1}, .activation = activation},
              with_slope({from, constant({1, 3, 3, channels}, gaussian(random, 9 * channels, 0.4)),
                          constant({channels}, gaussian(random, channels, 0.2))},
                         channels, activation));
  }
  TensorId add(TensorId a, TensorId b) {
    return op(Binary{BinaryKind::kAdd, Activation::kNone}, {a, b});
  }
  void output(TensorId id) { graph.outputs.push_back({id, "y", PortLayout::kAsIs}); }

 private:
  std::vector<TensorId> with_slope(std::vector<TensorId> inputs, int64_t channels,
                                   Activation activation) {
    if (activation == Activation::kPRelu) {
      std::vector<float> slopes;
      for (int64_t c = 0; c < channels; ++c) {
        slopes.push_back(static_cast<float>(random.uniform() * 0.6 - 0.2));
      }
      inputs.push_back(constant({channels}, slopes));
    }
    return inputs;
  }
};

// An inverted residual as in MobileFaceNet, with channels of very different range in the middle and
// a fully connected layer at the end.
inline Graph inverted_residual(Activation activation, double spread, uint64_t seed = 5) {
  NetBuilder net(seed);
  const TensorId x = net.input({1, 8, 8, 3});
  const TensorId stem = net.conv(x, 8, 3, Activation::kNone, spread);
  const TensorId wide = net.conv(stem, 24, 1, activation, spread);
  const TensorId deep = net.depthwise(wide, activation);
  const TensorId narrow = net.conv(deep, 8, 1, Activation::kNone, spread);
  const TensorId sum = net.add(narrow, stem);
  const TensorId last = net.conv(sum, 16, 1, activation, spread);
  const TensorId global = net.op(
      DepthwiseConv2D{}, {last, net.constant({1, 8, 8, 16}, gaussian(net.random, 8 * 8 * 16, 0.1)),
                          net.constant({16}, gaussian(net.random, 16, 0.1))});
  const TensorId flat = net.op(Reshape{{1, 16}}, {global});
  net.output(
      net.op(FullyConnected{}, {flat, net.constant({32, 16}, gaussian(net.random, 32 * 16, 0.3)),
                                net.constant({32}, gaussian(net.random, 32, 0.1))}));
  return std::move(net.graph);
}

inline std::vector<std::vector<float>> random_inputs(const Graph& graph, int count, uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<float>> inputs;
  for (int i = 0; i < count; ++i) {
    inputs.push_back(gaussian(random, elements(graph.tensor(graph.inputs[0].tensor).shape), 1));
  }
  return inputs;
}

inline std::vector<float> run(const Interpreter& interpreter, const Graph& graph,
                              const std::vector<float>& input,
                              const Interpreter::Observer& observer = nullptr) {
  std::vector<float> output(
      static_cast<size_t>(elements(graph.tensor(graph.outputs[0].tensor).shape)));
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(input))};
  const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
  const absl::Status status = interpreter.run(in, out, observer);
  EXPECT_TRUE(status.ok()) << status;
  return output;
}

// Shows a float graph's activations on the given inputs.
inline ActivationSource interpreter_source(const Graph& graph, const Interpreter& interpreter,
                                           const std::vector<std::vector<float>>& inputs) {
  ActivationSource source;
  source.samples = static_cast<int64_t>(inputs.size());
  source.run = [&](int64_t sample, int, const ActivationSource::Visit& visit) {
    const std::vector<float>& input = inputs[static_cast<size_t>(sample)];
    absl::Status status = visit(graph.inputs[0].tensor, {input, PortLayout::kAsIs});
    run(interpreter, graph, input, [&](TensorId id, std::span<const std::byte> bytes) {
      if (!status.ok()) return;
      status =
          visit(id, {{reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)},
                     PortLayout::kAsIs});
    });
    return status;
  };
  return source;
}

inline Calibration calibrate_on(const Graph& graph, const std::vector<std::vector<float>>& inputs,
                                int threads = 1) {
  const auto interpreter = Interpreter::create(graph);
  EXPECT_TRUE(interpreter.ok()) << interpreter.status();
  auto calibration =
      calibrate(graph, interpreter_source(graph, *interpreter, inputs), {threads, nullptr});
  EXPECT_TRUE(calibration.ok()) << calibration.status();
  return *std::move(calibration);
}

// 1 - |difference|^2 / |reference|^2 over all inputs: 1 where two graphs agree.
inline double agreement(const Graph& reference, const Graph& graph,
                        const std::vector<std::vector<float>>& inputs) {
  const auto a = Interpreter::create(reference), b = Interpreter::create(graph);
  EXPECT_TRUE(a.ok() && b.ok()) << a.status() << b.status();
  double difference = 0, energy = 0;
  for (const std::vector<float>& input : inputs) {
    const auto x = run(*a, reference, input), y = run(*b, graph, input);
    for (size_t i = 0; i < x.size(); ++i) {
      difference += (double{x[i]} - y[i]) * (double{x[i]} - y[i]);
      energy += double{x[i]} * x[i];
    }
  }
  return 1 - difference / energy;
}

}  // namespace durward
