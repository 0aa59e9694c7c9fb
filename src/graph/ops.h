// The operations of the IR, plain structs in one variant. Images are NHWC; weights as TFLite has
// them.
//
// Inputs are listed as (name[shape], ...); "?" marks one that may be left out (an invalid TensorId
// or a shorter list). Shapes: N batch, H W height and width, C I O channels.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/types.h"

namespace durward {

// Applied to an op's result before it is stored. kPRelu takes one more input, the slope, after the
// bias.
enum class Activation : uint8_t { kNone, kRelu, kRelu6, kPRelu };

struct Padding {
  int64_t top = 0, bottom = 0, left = 0, right = 0;
  bool operator==(const Padding&) const = default;
};

// (x[N,H,W,I], weights[O,KH,KW,I/groups], bias[O]?, slope[O] with kPRelu) -> [N,OH,OW,O]
struct Conv2D {
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  Padding padding = {};
  int64_t groups = 1;
  Activation activation = Activation::kNone;
  bool operator==(const Conv2D&) const = default;
};

// (x[N,H,W,C], weights[1,KH,KW,C*multiplier], bias?, slope with kPRelu) -> [N,OH,OW,C*multiplier]
// Output channel c*multiplier+m filters input channel c.
struct DepthwiseConv2D {
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  Padding padding = {};
  Activation activation = Activation::kNone;
  bool operator==(const DepthwiseConv2D&) const = default;
};

// (x[...,I], weights[O,I], bias[O]?, slope[O] with kPRelu) -> [...,O]
struct FullyConnected {
  Activation activation = Activation::kNone;
  bool operator==(const FullyConnected&) const = default;
};

// (a[...,M,K], b[...,K,N]) -> [...,M,N], batch dimensions broadcast.
struct MatMul {
  bool operator==(const MatMul&) const = default;
};

// A comparison gives 1 where it holds and 0 elsewhere, in the type of what it compares; NaN is
// neither less than a number nor greater.
enum class BinaryKind : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kPow,
  kMaximum,
  kMinimum,
  kLess,
  kGreaterOrEqual,
};

[[nodiscard]] constexpr bool is_comparison(BinaryKind kind) {
  return kind == BinaryKind::kLess || kind == BinaryKind::kGreaterOrEqual;
}

// (a, b) -> broadcast shape (numpy's rule). `activation` is kNone, kRelu or kRelu6.
struct Binary {
  BinaryKind kind = BinaryKind::kAdd;
  Activation activation = Activation::kNone;
  bool operator==(const Binary&) const = default;
};

enum class UnaryKind : uint8_t {
  kRelu,
  kRelu6,
  kAbs,
  kNeg,
  kSqrt,
  kRsqrt,
  kExp,
  kLog,
  kSigmoid,
  kTanh,
  kHardSwish,
  kErf,
  kFloor,
  kCeil,
};

// (x) -> same shape
struct Unary {
  UnaryKind kind = UnaryKind::kRelu;
  bool operator==(const Unary&) const = default;
};

// x >= 0 ? x : alpha * x
struct LeakyRelu {
  float alpha = 0.01f;
  bool operator==(const LeakyRelu&) const = default;
};

// (x); either may be infinite
struct Clip {
  float min = 0, max = 6;
  bool operator==(const Clip&) const = default;
};

// max(0, min(1, alpha * x + beta))
struct HardSigmoid {
  float alpha = 0.2f, beta = 0.5f;
  bool operator==(const HardSigmoid&) const = default;
};

// (x[...,C], slope[C] or broadcastable)
struct PRelu {
  bool operator==(const PRelu&) const = default;
};

// axis 0..rank-1 after import
struct Softmax {
  int axis = -1;
  bool operator==(const Softmax&) const = default;
};

// (x, gamma, beta, mean, variance), each [C]
struct BatchNorm {
  float epsilon = 1e-5f;
  int axis = -1;
  bool operator==(const BatchNorm&) const = default;
};

// x / sqrt(max(sum x^2, epsilon))
struct L2Normalize {
  int axis = -1;
  float epsilon = 1e-12f;
  bool operator==(const L2Normalize&) const = default;
};

// Recurrent layers over T steps of N sequences. Hochreiter and Schmidhuber, 1997, with the forget
// gate of Gers et al., 2000; without peepholes:
//   i, f, o = sigmoid(W x + R h + b), g = tanh(W x + R h + b)
//   c = f * c + i * g, h = o * tanh(c)
// (x[T,N,I], weights[4H,I], recurrent[4H,H], bias[4H]?, initial_hidden[N,H]?, initial_cell[N,H]?)
// -> y[T,N,H], last_hidden[N,H]?, last_cell[N,H]?
// The gates are stacked in the order i, f, g, o (PyTorch's). States that are left out are zeros.
// `reverse` takes the steps from the last to the first; y stays in the order of x.
struct Lstm {
  int64_t hidden = 1;
  bool reverse = false;
  bool operator==(const Lstm&) const = default;
};

// Cho et al., 2014:
//   r, z = sigmoid(W x + b + R h + d), h = (1 - z) * n + z * h, where
//   n = tanh(W x + b + r * (R h + d)) with linear_before_reset (PyTorch's), else
//   n = tanh(W x + b + R (r * h) + d)
// (x[T,N,I], weights[3H,I], recurrent[3H,H], bias[6H]?, initial_hidden[N,H]?)
// -> y[T,N,H], last_hidden[N,H]?
// The gates are stacked in the order r, z, n (PyTorch's), and the bias is b followed by d.
struct Gru {
  int64_t hidden = 1;
  bool reverse = false;
  bool linear_before_reset = false;
  bool operator==(const Gru&) const = default;
};

enum class PoolKind : uint8_t { kMax, kAverage };

// (x[N,H,W,C]) -> [N,OH,OW,C]. Average: the padding is counted only with count_padding.
struct Pool2D {
  PoolKind kind = PoolKind::kMax;
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  Padding padding = {};
  bool count_padding = false;
  bool operator==(const Pool2D&) const = default;
};

enum class ReduceKind : uint8_t { kMean, kSum, kMax, kMin, kSumSquare, kL2 };

struct Reduce {
  ReduceKind kind = ReduceKind::kMean;
  std::vector<int> axes = {};  // 0..rank-1, ascending
  bool keep_dims = true;
  bool operator==(const Reduce&) const = default;
};

// (x) -> x with before[i] and after[i] elements of `value` added around axis i; all >= 0.
struct Pad {
  std::vector<int64_t> before = {}, after = {};
  float value = 0;
  bool operator==(const Pad&) const = default;
};

// (x...)
struct Concat {
  int axis = 0;
  bool operator==(const Concat&) const = default;
};

// (x); no -1 or 0 left
struct Reshape {
  Shape shape = {};
  bool operator==(const Reshape&) const = default;
};

// (x); out dim i = in dim perm[i]
struct Transpose {
  std::vector<int> perm = {};
  bool operator==(const Transpose&) const = default;
};

// (x) -> shape (ONNX Expand)
struct Broadcast {
  Shape shape = {};
  bool operator==(const Broadcast&) const = default;
};

// (x)
struct Tile {
  std::vector<int64_t> repeats = {};
  bool operator==(const Tile&) const = default;
};

// (x); per axis, normalised; step may be < 0
struct Slice {
  std::vector<int64_t> begin = {}, end = {}, step = {};
  bool operator==(const Slice&) const = default;
};

// (x) -> one output per size
struct Split {
  int axis = 0;
  std::vector<int64_t> sizes = {};
  bool operator==(const Split&) const = default;
};

// (x, indices)
struct Gather {
  int axis = 0;
  bool operator==(const Gather&) const = default;
};

// (x)
struct Cast {
  DataType to = DataType::kFloat32;
  bool operator==(const Cast&) const = default;
};

// (x) -> int64[rank]; folded at import
struct ShapeOf {
  bool operator==(const ShapeOf&) const = default;
};

// (x)
struct Identity {
  bool operator==(const Identity&) const = default;
};

// (x float) -> tensor with QuantParams
struct Quantize {
  bool operator==(const Quantize&) const = default;
};

// (x with QuantParams) -> float
struct Dequantize {
  bool operator==(const Dequantize&) const = default;
};

// (x[N,H,W,C]); DCR as TFLite unless crd
struct DepthToSpace {
  int64_t block = 2;
  bool crd = false;
  bool operator==(const DepthToSpace&) const = default;
};

// (x[N,H,W,C])
struct SpaceToDepth {
  int64_t block = 2;
  bool operator==(const SpaceToDepth&) const = default;
};

enum class ResizeMode : uint8_t { kNearest, kLinear };

enum class ResizeCoordinates : uint8_t { kHalfPixel, kAlignCorners, kAsymmetric };

// (x[N,H,W,C]) -> [N,height,width,C]
struct Resize {
  ResizeMode mode = ResizeMode::kNearest;
  ResizeCoordinates coordinates = ResizeCoordinates::kHalfPixel;
  int64_t height = 0, width = 0;
  bool round_floor = true;  // nearest: floor, else round half down (ONNX's default)
  bool operator==(const Resize&) const = default;
};

using Op =
    std::variant<Conv2D, DepthwiseConv2D, FullyConnected, MatMul, Binary, Unary, LeakyRelu, Clip,
                 HardSigmoid, PRelu, Softmax, BatchNorm, L2Normalize, Lstm, Gru, Pool2D, Reduce,
                 Pad, Concat, Reshape, Transpose, Broadcast, Tile, Slice, Split, Gather, Cast,
                 ShapeOf, Identity, Quantize, Dequantize, DepthToSpace, SpaceToDepth, Resize>;

// "Conv2D", "Add", "Relu", ...: the op's name in messages, reports and dumps.
[[nodiscard]] std::string_view op_name(const Op& op);

}  // namespace durward
