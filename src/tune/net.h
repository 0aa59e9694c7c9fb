// A quantised graph as a differentiable function of its weights, biases, slopes and scales, whose
// integers are at every moment those that the exported model would compute.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/layers.h"
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
  // Called with the codes of each int8 activation of the quantised graph, [N,H,W,C] or [N,C].
  using Observer = std::function<void(TensorId tensor, const at::Tensor& codes)>;

  // `quantised` is quantize() of `prepared`, from which the fractions of weights come that rounding
  // cut off. Both must outlive the net. Errors: Unimplemented with every node that cannot be
  // trained; InvalidArgument where the model does not make one vector of one picture.
  [[nodiscard]] static absl::StatusOr<TrainableNet> create(const Graph& prepared,
                                                           const Graph& quantised);

  // In an order that depends on the graph alone.
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
  [[nodiscard]] const Shape& input_shape() const;  // [1,H,W,C]
  [[nodiscard]] int64_t dimensions() const;        // of the embedding

  // Inputs [N,H,W,C] as the model takes them to embeddings [N, dimensions].
  [[nodiscard]] at::Tensor embed(const at::Tensor& inputs,
                                 const Observer& observer = nullptr) const;

  // `prepared` with the present parameters: weights that are whole multiples of their scales, and
  // all scales as Tensor::trained.
  [[nodiscard]] Graph trained_graph() const;

 private:
  // Of one or more activations: one that is only moved keeps its scale.
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
  struct AddStep {
    TensorId a, b, output;
    Activation activation = Activation::kNone;
  };
  struct MoveStep {
    NodeId node;  // Reshape or Pad
    TensorId input, output;
  };
  using Step = std::variant<LayerStep, AddStep, MoveStep>;
  using Values = std::map<TensorId, at::Tensor>;
  struct Integers {
    at::Tensor weights;  // in the IR's order
    at::Tensor bias;
    at::Tensor scales;  // of the weights
  };

  TrainableNet(const Graph& prepared, const Graph& quantised);

  // ---- building: net.cc ----
  [[nodiscard]] absl::Status check_ports() const;
  bool add_step(NodeId id);  // false where the node cannot be trained
  bool add_layer(NodeId id);
  bool add_sum(NodeId id);
  bool add_move(NodeId id);
  void add_scale(TensorId tensor, TensorId prepared, bool trained);
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
  [[nodiscard]] at::Tensor run(const AddStep& step, const Values& values) const;
  [[nodiscard]] at::Tensor run(const MoveStep& step, const Values& values) const;
  void store(const LayerStep& step, Graph& graph) const;

  const Graph* prepared_;
  const Graph* quantised_;
  std::map<std::string, TensorId> prepared_by_name_;
  TensorId input_, output_;  // the int8 activations at the ports
  std::vector<Scale> scales_;
  std::map<TensorId, size_t> scale_of_;  // by int8 activation
  std::vector<Step> steps_;
  std::vector<Parameter> parameters_;
};

}  // namespace durward
