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
};

// (x[N,H,W,C], weights[1,KH,KW,C*multiplier], bias?, slope with kPRelu) -> [N,OH,OW,C*multiplier]
// Output channel c*multiplier+m filters input channel c.
struct DepthwiseConv2D {
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  Padding padding = {};
  Activation activation = Activation::kNone;
};

// (x[...,I], weights[O,I], bias[O]?, slope[O] with kPRelu) -> [...,O]
struct FullyConnected {
  Activation activation = Activation::kNone;
};

// (a[...,M,K], b[...,K,N]) -> [...,M,N], batch dimensions broadcast.
struct MatMul {};

enum class BinaryKind : uint8_t { kAdd, kSub, kMul, kDiv, kPow, kMaximum, kMinimum };
// (a, b) -> broadcast shape (numpy's rule). `activation` is kNone, kRelu or kRelu6.
struct Binary {
  BinaryKind kind = BinaryKind::kAdd;
  Activation activation = Activation::kNone;
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
struct Unary {
  UnaryKind kind = UnaryKind::kRelu;
};  // (x) -> same shape
struct LeakyRelu {
  float alpha = 0.01f;
};  // x >= 0 ? x : alpha * x
struct Clip {
  float min = 0, max = 6;
};  // (x); either may be infinite
struct HardSigmoid {
  float alpha = 0.2f, beta = 0.5f;
};                // max(0, min(1, alpha * x + beta))
struct PRelu {};  // (x[...,C], slope[C] or broadcastable)
struct Softmax {
  int axis = -1;
};  // axis 0..rank-1 after import
struct BatchNorm {
  float epsilon = 1e-5f;
  int axis = -1;
};  // (x, gamma, beta, mean, variance), each [C]
struct L2Normalize {
  int axis = -1;
  float epsilon = 1e-12f;
};  // x / sqrt(max(sum x^2, epsilon))

enum class PoolKind : uint8_t { kMax, kAverage };
// (x[N,H,W,C]) -> [N,OH,OW,C]. Average: the padding is counted only with count_padding.
struct Pool2D {
  PoolKind kind = PoolKind::kMax;
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  Padding padding = {};
  bool count_padding = false;
};

enum class ReduceKind : uint8_t { kMean, kSum, kMax, kMin, kSumSquare, kL2 };
struct Reduce {
  ReduceKind kind = ReduceKind::kMean;
  std::vector<int> axes = {};  // 0..rank-1, ascending
  bool keep_dims = true;
};

// (x) -> x with before[i] and after[i] elements of `value` added around axis i; all >= 0.
struct Pad {
  std::vector<int64_t> before = {}, after = {};
  float value = 0;
};

struct Concat {
  int axis = 0;
};  // (x...)
struct Reshape {
  Shape shape = {};
};  // (x); no -1 or 0 left
struct Transpose {
  std::vector<int> perm = {};
};  // (x); out dim i = in dim perm[i]
struct Broadcast {
  Shape shape = {};
};  // (x) -> shape (ONNX Expand)
struct Tile {
  std::vector<int64_t> repeats = {};
};  // (x)
struct Slice {
  std::vector<int64_t> begin = {}, end = {}, step = {};
};  // (x); per axis, normalised; step may be < 0
struct Split {
  int axis = 0;
  std::vector<int64_t> sizes = {};
};  // (x) -> one output per size
struct Gather {
  int axis = 0;
};  // (x, indices)
struct Cast {
  DataType to = DataType::kFloat32;
};                     // (x)
struct ShapeOf {};     // (x) -> int64[rank]; folded at import
struct Identity {};    // (x)
struct Quantize {};    // (x float) -> tensor with QuantParams
struct Dequantize {};  // (x with QuantParams) -> float
struct DepthToSpace {
  int64_t block = 2;
  bool crd = false;
};  // (x[N,H,W,C]); DCR as TFLite unless crd
struct SpaceToDepth {
  int64_t block = 2;
};  // (x[N,H,W,C])

enum class ResizeMode : uint8_t { kNearest, kLinear };
enum class ResizeCoordinates : uint8_t { kHalfPixel, kAlignCorners, kAsymmetric };
struct Resize {  // (x[N,H,W,C]) -> [N,height,width,C]
  ResizeMode mode = ResizeMode::kNearest;
  ResizeCoordinates coordinates = ResizeCoordinates::kHalfPixel;
  int64_t height = 0, width = 0;
  bool round_floor = true;  // nearest: floor, else round half down (ONNX's default)
};

using Op =
    std::variant<Conv2D, DepthwiseConv2D, FullyConnected, MatMul, Binary, Unary, LeakyRelu, Clip,
                 HardSigmoid, PRelu, Softmax, BatchNorm, L2Normalize, Pool2D, Reduce, Pad, Concat,
                 Reshape, Transpose, Broadcast, Tile, Slice, Split, Gather, Cast, ShapeOf, Identity,
                 Quantize, Dequantize, DepthToSpace, SpaceToDepth, Resize>;

// "Conv2D", "Add", "Relu", ...: the op's name in messages, reports and dumps.
[[nodiscard]] std::string_view op_name(const Op& op);

}  // namespace durward
