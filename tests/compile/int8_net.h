// Int8 networks of random weights whose results fill the range of int8.
#pragma once

#include <cmath>
#include <vector>

#include "base/random.h"
#include "compile/graph_builder.h"

namespace durward {

class Int8Net : public Builder {
 public:
  explicit Int8Net(uint64_t seed) : random(seed) {}
  Random random;

  int64_t pick(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random.below(static_cast<uint64_t>(high - low + 1)));
  }
  bool chance(double probability) { return random.uniform() < probability; }
  const Shape& shape(TensorId id) const { return graph.tensor(id).shape; }

  TensorId input(const Shape& size) { return int8_input(size, 0.05f, zero_point()); }

  // Some of the op's input goes through windows of kernel_h x kernel_w.
  TensorId conv(TensorId from, const Conv2D& op_value, int64_t outputs, int64_t kernel_h,
                int64_t kernel_w) {
    const int64_t depth = kernel_h * kernel_w * shape(from)[3] / op_value.groups;
    const Shape size{outputs, kernel_h, kernel_w, shape(from)[3] / op_value.groups};
    return layer(op_value, from, size, outputs, depth, 0);
  }
  TensorId depthwise(TensorId from, const DepthwiseConv2D& op_value, int64_t multiplier,
                     int64_t kernel_h, int64_t kernel_w) {
    const int64_t outputs = shape(from)[3] * multiplier;
    return layer(op_value, from, {1, kernel_h, kernel_w, outputs}, outputs, kernel_h * kernel_w, 3);
  }
  TensorId pointwise(TensorId from, int64_t outputs, Activation activation = Activation::kPRelu) {
    return conv(from, {.activation = activation}, outputs, 1, 1);
  }
  TensorId add(TensorId a, TensorId b, Activation activation = Activation::kNone) {
    return op(Binary{BinaryKind::kAdd, activation}, {a, b}, scale() * 1.4f, zero_point());
  }

 private:
  int32_t zero_point() { return static_cast<int32_t>(pick(-128, 127)) / 2; }
  float scale() { return 0.05f * static_cast<float>(0.8 + 0.4 * random.uniform()); }

  template <typename Window>
  TensorId layer(const Window& op_value, TensorId from, const Shape& size, int64_t outputs,
                 int64_t depth, int axis) {
    std::vector<int8_t> values(static_cast<size_t>(elements(size)));
    for (int8_t& value : values) value = static_cast<int8_t>(pick(-127, 127));
    std::vector<float> scales(static_cast<size_t>(outputs)), slopes(scales.size());
    std::vector<int32_t> bias(scales.size());
    for (size_t o = 0; o < scales.size(); ++o) {
      // Inputs and weights that are uniform over int8 give sums of this deviation.
      const double deviation = 5400 * std::sqrt(static_cast<double>(depth));
      scales[o] = static_cast<float>(60 / deviation * (0.5 + random.uniform()));
      slopes[o] = static_cast<float>(random.uniform() - 0.3);
      bias[o] = static_cast<int32_t>((random.uniform() - 0.5) * deviation);
    }
    std::vector<TensorId> inputs{from, weights(size, values, scales, axis),
                                 constant({outputs}, bias)};
    if (op_value.activation == Activation::kPRelu) inputs.push_back(constant({outputs}, slopes));
    return op(op_value, inputs, scale(), zero_point());
  }
};

// The layers of MobileFaceNet (Chen et al., 2018) for 112x112 pictures, as models with PReLU have
// them.
inline Graph mobile_face_net() {
  Int8Net net(1804);
  constexpr Activation kPRelu = Activation::kPRelu, kNone = Activation::kNone;
  const auto depthwise = [&net](TensorId from, int64_t stride) {
    const Padding padding = stride == 1 ? Padding{1, 1, 1, 1} : Padding{0, 1, 0, 1};
    return net.depthwise(
        from, {.stride_h = stride, .stride_w = stride, .padding = padding, .activation = kPRelu}, 1,
        3, 3);
  };
  const auto block = [&](TensorId x, int64_t expanded, int64_t outputs, int64_t stride) {
    return net.pointwise(depthwise(net.pointwise(x, expanded), stride), outputs, kNone);
  };
  const auto residual = [&](TensorId x, int64_t expanded) {
    return net.add(block(x, expanded, net.shape(x)[3], 1), x);
  };
  TensorId x = net.input({1, 112, 112, 3});
  x = net.conv(x, {.stride_h = 2, .stride_w = 2, .padding = {0, 1, 0, 1}, .activation = kPRelu}, 64,
               3, 3);
  x = depthwise(x, 1);
  x = block(x, 128, 64, 2);
  // 28x28 from here.
  for (int i = 0; i < 4; ++i) x = residual(x, 128);
  x = block(x, 256, 128, 2);
  for (int i = 0; i < 6; ++i) x = residual(x, 256);
  x = block(x, 512, 128, 2);
  for (int i = 0; i < 2; ++i) x = residual(x, 256);
  x = net.pointwise(x, 512);
  x = net.depthwise(x, {}, 1, 7, 7);
  net.output(net.pointwise(x, 128, kNone));
  return std::move(net.graph);
}

}  // namespace durward
