// Types and shapes of the ops that keep their input's shape, broadcast it, or reduce along axes.
#include <cmath>

#include "graph/shape_inference.h"

namespace durward::graph_detail {
namespace {

InferredTypes like_input(const TypedNode& node) {
  return std::vector<TensorType>{{node.type(), node.shape()}};
}

bool finite_and_not_negative(float value) { return std::isfinite(value) && value >= 0; }

}  // namespace

InferredTypes infer(const TypedNode& node, const Binary& op) {
  if (node.type() != node.type(1)) return node.error("inputs must be of one type");
  if (op.activation == Activation::kPRelu) return node.error("cannot apply a PRelu");
  auto shape = broadcast_shape(node.shape(), node.shape(1));
  if (!shape) return node.error("shapes do not broadcast");
  return std::vector<TensorType>{{node.type(), *std::move(shape)}};
}

InferredTypes infer(const TypedNode& node, const Unary&) { return like_input(node); }

InferredTypes infer(const TypedNode& node, const LeakyRelu& op) {
  if (!std::isfinite(op.alpha)) return node.error("alpha must be finite");
  return like_input(node);
}

InferredTypes infer(const TypedNode& node, const Clip& op) {
  // Written so that a NaN fails too.
  if (!(op.min <= op.max)) return node.error("min ", op.min, " must not exceed max ", op.max);
  return like_input(node);
}

InferredTypes infer(const TypedNode& node, const HardSigmoid& op) {
  if (!std::isfinite(op.alpha) || !std::isfinite(op.beta)) {
    return node.error("alpha and beta must be finite");
  }
  return like_input(node);
}

InferredTypes infer(const TypedNode& node, const PRelu&) {
  if (!broadcasts_to(node.shape(1), node.shape())) {
    return node.error("slope does not broadcast to the input");
  }
  // The slope of a quantised PRelu may stay float.
  if (node.type(1) != node.type() && node.type(1) != DataType::kFloat32) {
    return node.error("slope must be float32 or of the input's type");
  }
  return like_input(node);
}

InferredTypes infer(const TypedNode& node, const Softmax& op) {
  DURWARD_RETURN_IF_ERROR(node.check_axis(op.axis));
  return like_input(node);
}

InferredTypes infer(const TypedNode& node, const BatchNorm& op) {
  DURWARD_RETURN_IF_ERROR(node.check_axis(op.axis));
  if (!finite_and_not_negative(op.epsilon)) {
    return node.error("epsilon ", op.epsilon, " must be finite and not negative");
  }
  const Shape expected{node.shape()[static_cast<size_t>(op.axis)]};
  for (size_t i = 1; i < 5; ++i) {
    if (node.shape(i) != expected || node.type(i) != node.type()) {
      return node.error("gamma, beta, mean and variance must be ",
                        std::string(to_string(node.type())), " of shape ", to_string(expected));
    }
  }
  return like_input(node);
}

InferredTypes infer(const TypedNode& node, const L2Normalize& op) {
  DURWARD_RETURN_IF_ERROR(node.check_axis(op.axis));
  if (!finite_and_not_negative(op.epsilon)) {
    return node.error("epsilon ", op.epsilon, " must be finite and not negative");
  }
  return like_input(node);
}

InferredTypes infer(const TypedNode& node, const Reduce& op) {
  const Shape& x = node.shape();
  Shape shape;
  size_t next = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (next < op.axes.size() && op.axes[next] == static_cast<int>(i)) {
      if (op.keep_dims) shape.push_back(1);
      ++next;
    } else {
      shape.push_back(x[i]);
    }
  }
  if (next != op.axes.size()) {
    return node.error("axis ", op.axes[next], " is not in 0..", node.rank() - 1,
                      " or not in ascending order");
  }
  return std::vector<TensorType>{{node.type(), std::move(shape)}};
}

InferredTypes infer(const TypedNode& node, const Cast& op) {
  return std::vector<TensorType>{{op.to, node.shape()}};
}

InferredTypes infer(const TypedNode& node, const Identity&) { return like_input(node); }

InferredTypes infer(const TypedNode& node, const Quantize&) {
  if (!is_float(node.type())) return node.error("input must be float");
  if (node.output_count() != 1) return node.error("gives 1 output, has ", node.output_count());
  // The integer type is the output tensor's own, int8 where none was chosen.
  const DataType chosen = node.output(0).type;
  return std::vector<TensorType>{{is_float(chosen) ? DataType::kInt8 : chosen, node.shape()}};
}

InferredTypes infer(const TypedNode& node, const Dequantize&) {
  if (is_float(node.type())) return node.error("input must be quantised");
  return std::vector<TensorType>{{DataType::kFloat32, node.shape()}};
}

}  // namespace durward::graph_detail
