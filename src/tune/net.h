// A quantised graph as a differentiable function of its weights, biases, slopes and scales, whose
// integers are at every moment those that the exported model would compute.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/layers.h"
#include "tune/lstm.h"
#include "tune/round.h"
#include "tune/torch.h"

namespace durward {

class TrainableNet {
 public:
  enum class Kind : uint8_t { kWeight, kBias, kScale, kSlope };
  struct Parameter {
    Kind kind;
    at::Tensor value;  // a leaf that requires its gradient
  };
  // Called with the codes of each int8 and int16 activation of the quantised graph, [N,H,W,C] or
  // [N, elements].
  using Observer = std::function<void(TensorId tensor, const at::Tensor& codes)>;

  // `quantised` is quantize() of `prepared`, from which the fractions of weights come that rounding
  // cut off. Both must outlive the net. Errors: Unimplemented with every node that cannot be
  // trained; InvalidArgument where the model does not make one vector of one input.
  [[nodiscard]] static absl::StatusOr<TrainableNet> create(const Graph& prepared,
                                                           const Graph& quantised);

  // In an order that depends on the graph alone.
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
  [[nodiscard]] const Shape& input_shape() const;  // of one input: [1,H,W,C], [1,C], [1,steps,C]
  [[nodiscard]] int64_t dimensions() const;        // of the embedding

  // Inputs [N, ...] as the model takes them to embeddings [N, dimensions].
  [[nodiscard]] at::Tensor embed(const at::Tensor& inputs,
                                 const Observer& observer = nullptr) const;

  // `prepared` with the present parameters: weights that are whole multiples of their scales, and
  // all scales as Tensor::trained.
  [[nodiscard]] Graph trained_graph() const;

 private:
  // Of one or more activations: those that are only moved, or joined with others, keep theirs.
  struct Scale {
    float initial = 1;
    int32_t zero_point = 0;
    at::Tensor log_ratio;  // a scalar: the logarithm of the present scale over the initial one
    std::vector<TensorId> tensors;  // of `prepared`
  };
  // Tensors are those of `quantised`.
  struct LayerStep {
    Layer layer;  // of `prepared`
    TensorId input, output;
    at::Tensor initial_scales = {}, log_ratio = {};  // of the weights, by output channel
    at::Tensor weights = {};                         // in initial scales, in the IR's order
    at::Tensor bias = {};                            // in initial scales of the output
    at::Tensor slope = {};                           // undefined without PReLU
  };
  struct BinaryStep {
    Binary op;  // kAdd, kSub or kMul
    TensorId a, b, output;
  };
  struct ConcatStep {
    int64_t axis;
    std::vector<TensorId> inputs;
    TensorId output;
  };
  struct MoveStep {
    NodeId node;  // Reshape or Pad
    TensorId input, output;
  };
  // A picture's or features' input to int8; a sequence of floats to 16 or 32 bits.
  struct QuantizeStep {
    TensorId input, output;
  };
  // Rows of weights of an Lstm.
  struct Rows {
    at::Tensor initial_scales, log_ratio;
    at::Tensor values;   // in initial scales
    bool whole = false;  // 16 bits are as near as can be: their integers stay
  };
  struct LstmStep {
    NodeId node;  // of `prepared`
    TensorId input, output;
    Rows weights = {}, recurrent = {};
    at::Tensor bias = {};            // in 128ths
    std::vector<double> share = {};  // of each input's scale in the largest of them; empty: all 1
    bool reverse = false;
  };
  // Of what has no rows and columns: Reshape, Transpose or Slice of a sequence or a vector.
  struct FlatMoveStep {
    NodeId node;
    TensorId input, output;
  };
  // The state after the last step.
  struct LastStateStep {
    TensorId input, output;
    int64_t place = 0;  // of that step in the sequence
  };
  using Step = std::variant<LayerStep, BinaryStep, ConcatStep, MoveStep, QuantizeStep, LstmStep,
                            FlatMoveStep, LastStateStep>;
  using Values = std::map<TensorId, at::Tensor>;
  struct Integers {
    at::Tensor weights;  // in the IR's order
    at::Tensor bias;
    at::Tensor scales;  // of the weights
  };

  TrainableNet(const Graph& prepared, const Graph& quantised);

  // ---- building: net.cc ----
  [[nodiscard]] absl::Status check_ports() const;
  void tie_scales();         // of what is joined with others
  bool add_step(NodeId id);  // false where the node cannot be trained
  bool add_quantize(NodeId id);
  bool add_output(NodeId id);
  bool add_layer(NodeId id);
  bool add_binary(NodeId id);
  bool add_constant(TensorId id, size_t rank);
  bool add_concat(NodeId id);
  bool add_move(NodeId id);
  bool add_flat_move(NodeId id);
  bool add_lstm(NodeId id);  // net_lstm.cc
  [[nodiscard]] Rows rows_of(const Tensor& integers, at::Tensor exact, bool whole);
  // `prepared` is invalid where nothing of the float graph takes the scale on.
  void add_scale(TensorId tensor, TensorId prepared, bool trained);
  [[nodiscard]] TensorId tied_to(TensorId tensor) const;
  at::Tensor add_parameter(Kind kind, at::Tensor value);
  // The float graph's tensor that became this int8 one; invalid where there is none.
  [[nodiscard]] TensorId in_prepared(TensorId tensor) const;

  // ---- running: net_run.cc ----
  [[nodiscard]] const Scale& scale_of(TensorId tensor) const {
    return scales_[scale_of_.at(tensor)];
  }
  [[nodiscard]] at::Tensor scale_now(TensorId tensor) const;
  [[nodiscard]] CodeRange range_now(TensorId tensor, Activation activation) const;
  [[nodiscard]] Integers integers_now(const LayerStep& step) const;
  // The layer's sums of products and bias, each rounded to a float once.
  [[nodiscard]] at::Tensor sums(const LayerStep& step, const at::Tensor& x,
                                const Integers& integers) const;
  [[nodiscard]] at::Tensor run(const LayerStep& step, const Values& values) const;
  [[nodiscard]] at::Tensor run(const BinaryStep& step, const Values& values) const;
  [[nodiscard]] at::Tensor run(const ConcatStep& step, const Values& values) const;
  [[nodiscard]] at::Tensor run(const MoveStep& step, const Values& values) const;
  [[nodiscard]] at::Tensor run(const QuantizeStep& step, const Values& values) const;
  [[nodiscard]] at::Tensor run(const LstmStep& step, const Values& values) const;  // net_lstm.cc
  [[nodiscard]] at::Tensor run(const FlatMoveStep& step, const Values& values) const;
  [[nodiscard]] at::Tensor run(const LastStateStep& step, const Values& values) const;
  void store(const LayerStep& step, Graph& graph) const;
  void store(const LstmStep& step, Graph& graph) const;  // net_lstm.cc

  const Graph* prepared_;
  const Graph* quantised_;
  std::map<std::string, TensorId> prepared_by_name_;
  TensorId output_;                       // the integers of the embedding
  std::optional<L2Normalize> normalise_;  // what follows it, in float
  std::set<TensorId> floats_;             // the input, and what only moves it
  std::map<TensorId, TensorId> tied_;     // to another with the same scale
  std::map<TensorId, size_t> scale_of_tied_;
  std::map<TensorId, at::Tensor> constants_;  // codes
  std::vector<Scale> scales_;
  std::map<TensorId, size_t> scale_of_;  // by integer activation
  std::vector<Step> steps_;
  std::vector<Parameter> parameters_;
};

}  // namespace durward
