// Builds small graphs with random constants, float or quantised as the quantiser leaves them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "formats/tflite/litert.h"
#include "graph/graph.h"

namespace durward {

inline QuantParams per_tensor(float scale, int32_t zero_point) {
  return {{scale}, {zero_point}, -1};
}

class GraphMaker {
 public:
  explicit GraphMaker(uint64_t seed = 1) : seed_(seed) {}

  Graph& graph() { return graph_; }

  TensorId float_input(const Shape& shape) {
    const std::string name = next("input");
    const TensorId id = graph_.add_tensor(name, DataType::kFloat32, shape);
    graph_.inputs.push_back({id, name, PortLayout::kAsIs});
    return id;
  }
  // A float input and its Quantize.
  TensorId int8_input(const Shape& shape, const QuantParams& quant) {
    return int8(Quantize{}, {float_input(shape)}, quant);
  }
  TensorId floats(const Shape& shape, float low = -1, float high = 1) {
    const Floats values = random_floats(elements(shape), ++seed_, low, high);
    return graph_.add_constant<float>(next("constant"), shape, values);
  }
  TensorId float_values(const Shape& shape, const Floats& values) {
    return graph_.add_constant<float>(next("constant"), shape, values);
  }
  // Weights in -127..127 with a random scale per index along `axis`.
  TensorId int8_weights(const Shape& shape, int axis, float scale) {
    Random random(++seed_);
    std::vector<int8_t> values(static_cast<size_t>(elements(shape)));
    for (int8_t& value : values)
      value = static_cast<int8_t>(static_cast<int>(random.below(255)) - 127);
    const TensorId id = graph_.add_constant<int8_t>(next("weights"), shape, values);
    QuantParams quant;
    quant.axis = axis;
    for (int64_t i = 0; i < shape[static_cast<size_t>(axis)]; ++i) {
      quant.scales.push_back(scale * static_cast<float>(0.5 + random.uniform()));
      quant.zero_points.push_back(0);
    }
    graph_.mutable_tensor(id).quant = quant;
    return id;
  }
  // Random biases within +-range, at the scales of `x` times those of `weights`.
  TensorId int32_bias(TensorId x, TensorId weights, int32_t range) {
    QuantParams quant = *graph_.tensor(weights).quant;
    Random random(++seed_);
    std::vector<int32_t> values;
    for (float& scale : quant.scales) {
      scale *= graph_.tensor(x).quant->scales[0];
      values.push_back(static_cast<int32_t>(random.below(static_cast<uint64_t>(2 * range + 1))) -
                       range);
    }
    quant.axis = 0;
    const Shape shape{static_cast<int64_t>(values.size())};
    const TensorId id = graph_.add_constant<int32_t>(next("bias"), shape, values);
    graph_.mutable_tensor(id).quant = quant;
    return id;
  }
  TensorId int8_constant(const Shape& shape, const QuantParams& quant) {
    Random random(++seed_);
    std::vector<int8_t> values(static_cast<size_t>(elements(shape)));
    for (int8_t& value : values)
      value = static_cast<int8_t>(static_cast<int>(random.below(256)) - 128);
    const TensorId id = graph_.add_constant<int8_t>(next("constant"), shape, values);
    graph_.mutable_tensor(id).quant = quant;
    return id;
  }

  // A node with an int8 result in the given quantisation; with a float32 result.
  TensorId int8(Op op, std::vector<TensorId> inputs, const QuantParams& quant) {
    const TensorId id = graph_.add_tensor(Tensor{next("int8"), DataType::kInt8, {}, quant, {}});
    return infer(std::move(op), std::move(inputs), id);
  }
  TensorId real(Op op, std::vector<TensorId> inputs) {
    const TensorId id = graph_.add_tensor(next("real"), DataType::kFloat32, {});
    return infer(std::move(op), std::move(inputs), id);
  }

  // A float output: of an int8 tensor, its Dequantize.
  void output(TensorId id) {
    if (graph_.tensor(id).quant) id = real(Dequantize{}, {id});
    graph_.outputs.push_back({id, next("output"), PortLayout::kAsIs});
  }

 private:
  std::string next(const std::string& name) { return absl::StrCat(name, "_", ++names_); }
  TensorId infer(Op op, std::vector<TensorId> inputs, TensorId id) {
    const std::string name = graph_.tensor(id).name;
    const NodeId node = graph_.add_node(std::move(op), name, std::move(inputs), {id});
    const absl::Status status = infer_shapes(graph_, node);
    EXPECT_TRUE(status.ok()) << status;
    return id;
  }

  Graph graph_;
  uint64_t seed_;
  int names_ = 0;
};

}  // namespace durward
