#include <absl/strings/str_join.h>

#include "graph/graph.h"

namespace durward {
namespace {

std::string_view name_of(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return "";
    case Activation::kRelu:
      return "Relu";
    case Activation::kRelu6:
      return "Relu6";
    case Activation::kPRelu:
      return "PRelu";
  }
  return "";
}

std::string then(Activation activation) {
  return activation == Activation::kNone
             ? ""
             : absl::StrCat(", then ", std::string(name_of(activation)));
}

std::string list(const auto& values) { return absl::StrCat("[", absl::StrJoin(values, ","), "]"); }

// An op's parameters, without those at which it does nothing special.
struct Parameters {
  std::string operator()(const Conv2D& op) const {
    return absl::StrCat(window(op), op.groups != 1 ? absl::StrCat(", groups ", op.groups) : "",
                        then(op.activation));
  }
  std::string operator()(const DepthwiseConv2D& op) const {
    return absl::StrCat(window(op), then(op.activation));
  }
  std::string operator()(const FullyConnected& op) const { return then(op.activation); }
  std::string operator()(const Binary& op) const { return then(op.activation); }
  std::string operator()(const LeakyRelu& op) const { return absl::StrCat(", alpha ", op.alpha); }
  std::string operator()(const Clip& op) const { return absl::StrCat(", ", op.min, "..", op.max); }
  std::string operator()(const HardSigmoid& op) const {
    return absl::StrCat(", alpha ", op.alpha, ", beta ", op.beta);
  }
  std::string operator()(const Softmax& op) const { return axis(op.axis); }
  std::string operator()(const BatchNorm& op) const {
    return absl::StrCat(axis(op.axis), ", epsilon ", op.epsilon);
  }
  std::string operator()(const L2Normalize& op) const {
    return absl::StrCat(axis(op.axis), ", epsilon ", op.epsilon);
  }
  std::string operator()(const Lstm& op) const { return recurrent(op); }
  std::string operator()(const Gru& op) const {
    return absl::StrCat(recurrent(op), op.linear_before_reset ? ", linear before reset" : "");
  }
  std::string operator()(const Pool2D& op) const {
    return absl::StrCat(", kernel ", op.kernel_h, "x", op.kernel_w, ", stride ", op.stride_h, "x",
                        op.stride_w, padding(op.padding), op.count_padding ? ", counted" : "");
  }
  std::string operator()(const Reduce& op) const {
    return absl::StrCat(", axes ", list(op.axes), op.keep_dims ? ", kept" : "");
  }
  std::string operator()(const Pad& op) const {
    return absl::StrCat(", before ", list(op.before), ", after ", list(op.after), ", value ",
                        op.value);
  }
  std::string operator()(const Concat& op) const { return axis(op.axis); }
  std::string operator()(const Transpose& op) const {
    return absl::StrCat(", perm ", list(op.perm));
  }
  std::string operator()(const Tile& op) const {
    return absl::StrCat(", repeats ", list(op.repeats));
  }
  std::string operator()(const Slice& op) const {
    return absl::StrCat(", begin ", list(op.begin), ", end ", list(op.end), ", step ",
                        list(op.step));
  }
  std::string operator()(const Split& op) const {
    return absl::StrCat(axis(op.axis), ", sizes ", list(op.sizes));
  }
  std::string operator()(const Gather& op) const { return axis(op.axis); }
  std::string operator()(const DepthToSpace& op) const {
    return absl::StrCat(", block ", op.block, op.crd ? ", CRD" : "");
  }
  std::string operator()(const SpaceToDepth& op) const {
    return absl::StrCat(", block ", op.block);
  }
  std::string operator()(const Resize& op) const {
    constexpr const char* kCoordinates[] = {"half pixel", "align corners", "asymmetric"};
    return absl::StrCat(op.mode == ResizeMode::kLinear ? ", linear, "
                        : op.round_floor               ? ", nearest (floor), "
                                                       : ", nearest (round), ",
                        kCoordinates[static_cast<size_t>(op.coordinates)]);
  }
  template <typename T>  // the others are told by their name and output shape
  std::string operator()(const T&) const {
    return "";
  }

 private:
  static std::string axis(int axis) { return absl::StrCat(", axis ", axis); }
  static std::string recurrent(const auto& op) {
    return absl::StrCat(", hidden ", op.hidden, op.reverse ? ", reverse" : "");
  }
  static std::string padding(const Padding& p) {
    if (p == Padding{}) return "";
    return absl::StrCat(", padding ", list(std::vector<int64_t>{p.top, p.bottom, p.left, p.right}));
  }
  static std::string window(const auto& op) {
    std::string text = absl::StrCat(", stride ", op.stride_h, "x", op.stride_w);
    if (op.dilation_h != 1 || op.dilation_w != 1) {
      absl::StrAppend(&text, ", dilation ", op.dilation_h, "x", op.dilation_w);
    }
    return text + padding(op.padding);
  }
};

std::string typed(const Tensor& tensor) {
  std::string text =
      absl::StrCat(std::string(to_string(tensor.type)), "[", to_string(tensor.shape), "]");
  if (tensor.quant) {
    const QuantParams& quant = *tensor.quant;
    if (quant.per_axis()) {
      absl::StrAppend(&text, " (", quant.scales.size(), " scales, axis ", quant.axis, ")");
    } else if (!quant.scales.empty() && !quant.zero_points.empty()) {
      absl::StrAppend(&text, " (scale ", quant.scales[0], ", zero point ", quant.zero_points[0],
                      ")");
    }
  }
  return text;
}

std::string argument(const Graph& graph, TensorId id) {
  if (!id.valid()) return "none";
  const Tensor& tensor = graph.tensor(id);
  return tensor.constant() ? absl::StrCat(tensor.name, ": ", typed(tensor)) : tensor.name;
}

}  // namespace

std::string to_string(const Graph& graph) {
  std::string text = absl::StrCat("graph ", graph.name, "\n");
  for (const Port& port : graph.inputs) {
    absl::StrAppend(&text, "  input ", port.name, " = ", graph.tensor(port.tensor).name, ": ",
                    typed(graph.tensor(port.tensor)),
                    port.layout == PortLayout::kNchw ? " (NCHW in the source)\n" : "\n");
  }
  for (const NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    const auto outputs =
        absl::StrJoin(node.outputs, ", ", [&graph](std::string* out, TensorId output) {
          absl::StrAppend(out, graph.tensor(output).name, ": ", typed(graph.tensor(output)));
        });
    const auto inputs =
        absl::StrJoin(node.inputs, ", ", [&graph](std::string* out, TensorId input) {
          absl::StrAppend(out, argument(graph, input));
        });
    absl::StrAppend(&text, "  ", outputs, " = ", std::string(op_name(node.op)), "(", inputs, ")",
                    std::visit(Parameters{}, node.op), "\n");
  }
  for (const Port& port : graph.outputs) {
    absl::StrAppend(&text, "  output ", port.name, " = ", graph.tensor(port.tensor).name,
                    port.layout == PortLayout::kNchw ? " (NCHW in the source)\n" : "\n");
  }
  return text;
}

}  // namespace durward
