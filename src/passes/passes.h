// Rewrites of the IR, one file each, and the pipeline that runs them to a fixed point.
//
// Every rewrite keeps what the graph computes, up to the rounding of constants that are folded into
// one another in double. A rewrite returns whether it changed the graph; the graph must verify
// before it and does after it. Quantize/Dequantize pairs are left where they are, but for
// take_quantization: constants behind a Dequantize are not constants to the others.
#pragma once

#include "graph/graph.h"

namespace durward {

// ---- cleaning up ----
bool fold_constants(Graph& graph);
bool eliminate_dead_nodes(Graph& graph);
bool eliminate_common_nodes(Graph& graph);
bool remove_no_ops(Graph& graph);
bool drop_unused_states(Graph& graph);

// ---- moving data less ----
bool merge_reshapes(Graph& graph);
bool merge_transposes(Graph& graph);
bool turn_transposes_into_reshapes(Graph& graph);
bool sink_transposes(Graph& graph);
bool fold_transposes_into_fully_connected(Graph& graph);
bool absorb_broadcasts(Graph& graph);
bool fold_pads(Graph& graph);

// ---- per-channel scale and shift: BatchNorm, and Mul, Add, Sub, Div by constants ----
bool hoist_affines_over_reshapes(Graph& graph);
bool fold_affines_into_previous_layers(Graph& graph);
bool fold_affines_into_next_layers(Graph& graph);
bool merge_affines(Graph& graph);
// Not part of the fixed point: what is left once nothing folds any more.
bool lower_batch_norms(Graph& graph);

// ---- recognising what an exporter took apart ----
bool recognize_fully_connected(Graph& graph);
bool recognize_depthwise(Graph& graph);
bool recognize_clips(Graph& graph);
bool recognize_prelu(Graph& graph);
bool recognize_hard_swish(Graph& graph);
bool recognize_l2_normalize(Graph& graph);
bool recognize_softmax(Graph& graph);

// All of the above to a fixed point, verified after each pass, then compact(): ids held outside
// become invalid. Errors: Internal where the graph does not verify, with the pass after which it
// did not, or where the rewrites do not settle.
[[nodiscard]] absl::Status simplify(Graph& graph);

// ---- a model that quantisation-aware training left ----

struct TakenQuantization {
  int64_t activations = 0, weights = 0;  // tensors whose parameters were taken
};

// Makes a QDQ graph the float graph that it quantises, before simplify. Each Quantize and its
// Dequantizes are removed from an activation, and each Dequantize of a constant gives the floats
// that the integers stand for; Tensor::trained then holds the int8 parameters of the activation
// (where it is quantised more than once, those that come first) and the scales of int8 weights
// around zero. Where the integers stand for nothing below 0, and a layer or sum without activation
// makes the tensor, that was its ReLU and becomes one. What is quantised in another way (16 bits,
// an activation per channel) stays.
// The passes hand Tensor::trained on with the value, and drop it where they change an activation;
// weights that they change show by not being whole multiples of the scale any more.
TakenQuantization take_quantization(Graph& graph);

// ---- choosing a form for a runtime: after simplify ----

// Relu, Relu6 and PRelu move into the Conv2D, DepthwiseConv2D or FullyConnected that makes their
// input, Relu and Relu6 also into an Add, where nothing else uses that input. A PRelu's slope
// becomes the layer's fourth input, of shape [O], and a missing bias becomes zeros.
bool fuse_activations(Graph& graph);

// The reverse for PRelu alone: it becomes a node of its own again.
bool unfuse_prelu(Graph& graph);

// Writes each PRelu that is fused into an int8 layer as the maximum of two int8 layers, equal to it
// value for value; slopes above 1, which limit_prelu_slopes leaves where a layer does not follow,
// take the minimum, and a third layer where there are both kinds.
bool write_prelu_as_extrema(Graph& graph);

// Writes a float depthwise convolution over the whole of its input, if that has more than 25
// positions and more than one row and column, as two over a column and over a row.
bool split_global_depthwise(Graph& graph);

// Brings the slopes of PRelus between layers into [-1, 1], exactly but for rounding, by scaling a
// channel of the layer before and taking it with the opposite sign in the layers after where the
// slope is above 1. docs/encodings.md says why.
bool limit_prelu_slopes(Graph& graph);

// Ways to write y = x for x >= 0, a * x for x < 0 with ops that runtimes have fast kernels for;
// which is best where was measured (docs/encodings.md).
enum class PreluEncoding {
  // Relu(x) + a * min(x, 0): Relu, Clip, Mul, Add. Bit-exact for every a, and never a sum of two
  // numbers that cancel. The others hold for a <= 1: slopes are limited first, and this form stands
  // in where one above 1 is left.
  kReluPair,
  // max(x, a * x): Mul, Maximum. Bit-exact.
  kMaximum,
  // The same with a depthwise 1x1 convolution for a * x, which quantises per channel.
  kScaledCopy,
  // a * x + Relu((1 - a) * x): Mul, DepthwiseConv2D 1x1, Relu, Add; ONNX Runtime fuses them.
  kScaledSum,
  // max(c, a * c) for a PRelu that alone uses a layer c, which is copied with scaled weights;
  // kScaledCopy behind anything else. Rounding to int8 commutes with it, if all three tensors have
  // the same scale and zero point.
  kDoubledLayer,
  // The same behind Conv2D and FullyConnected; kScaledCopy behind DepthwiseConv2D.
  kDoubledDenseLayer,
  // a * c + Relu((1 - a) * c), two copies of the layer; kScaledSum behind anything else.
  kDoubledLayerSum,
};

// Writes every PRelu node whose slope is a constant per channel in the given encoding, nodes of
// which are named after it; run it before fuse_activations, and not before another simplify, which
// would recognise the PRelu again.
bool decompose_prelu(Graph& graph, PreluEncoding encoding);

}  // namespace durward
