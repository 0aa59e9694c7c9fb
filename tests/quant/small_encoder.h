// A small random recurrent network, as a speaker encoder is one, and what it may listen to.
#pragma once

#include "quant/small_nets.h"

namespace durward {

// A speaker encoder in small: layers of an Lstm, a projection of the last state with a ReLU, a
// norm. `weight` is the size of the first layer's weights of its input; `sequences_first` as
// importers write it: the steps behind the sequence, and the last state cut out.
struct EncoderShape {
  int64_t steps = 30, bands = 12, hidden = 24, dimensions = 16;
};
inline Graph small_encoder(double weight, const EncoderShape& shape = {},
                           bool sequences_first = false, uint64_t seed = 5) {
  NetBuilder b(seed);
  const int64_t hidden = shape.hidden;
  TensorId x = b.input(sequences_first ? Shape{1, shape.steps, shape.bands}
                                       : Shape{shape.steps, 1, shape.bands});
  if (sequences_first) x = b.op(Transpose{{1, 0, 2}}, {x});
  for (const bool first : {true, false}) {
    const int64_t inputs = first ? shape.bands : hidden;
    const double size = first ? weight : 0.25;
    const std::vector<TensorId> operands{
        x, b.constant({4 * hidden, inputs}, gaussian(b.random, 4 * hidden * inputs, size)),
        b.constant({4 * hidden, hidden}, gaussian(b.random, 4 * hidden * hidden, 0.3)),
        b.constant({4 * hidden}, gaussian(b.random, 4 * hidden, 0.3))};
    std::vector<TensorId> outputs;
    for (int i = 0; i < (first || sequences_first ? 1 : 2); ++i) {
      outputs.push_back(b.graph.add_tensor(b.graph.unique_name("y"), DataType::kFloat32, {}));
    }
    const NodeId id = b.graph.add_node(Lstm{hidden}, first ? "first" : "second", operands, outputs);
    EXPECT_TRUE(infer_shapes(b.graph, id).ok());
    x = outputs.back();
  }
  if (sequences_first) {
    x = b.op(Slice{{shape.steps - 1, 0, 0}, {shape.steps, 1, hidden}, {1, 1, 1}}, {x});
    x = b.op(Reshape{{1, hidden}}, {x});
  }
  const int64_t dims = shape.dimensions;
  const TensorId weights = b.constant({dims, hidden}, gaussian(b.random, dims * hidden, 0.5));
  const TensorId bias = b.constant({dims}, gaussian(b.random, dims, 0.1));
  const TensorId embedding = b.op(FullyConnected{Activation::kRelu}, {x, weights, bias});
  b.output(b.op(L2Normalize{}, {embedding}));
  return std::move(b.graph);
}

// Powers of bands: quiet and loud steps a hundred thousand times apart.
inline std::vector<std::vector<float>> band_powers(int count, uint64_t seed,
                                                   const EncoderShape& shape = {}) {
  Random random(seed);
  std::vector<std::vector<float>> result;
  for (int i = 0; i < count; ++i) {
    std::vector<float>& sample = result.emplace_back();
    for (int64_t t = 0; t < shape.steps; ++t) {
      const double loudness = std::pow(10, -4 + 4 * random.uniform());
      for (int64_t c = 0; c < shape.bands; ++c) {
        sample.push_back(static_cast<float>(loudness * std::pow(10, random.uniform())));
      }
    }
  }
  return result;
}

}  // namespace durward
