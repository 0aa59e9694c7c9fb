#include "graph/ops.h"

namespace durward {
namespace {

std::string_view name_of(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kAdd:
      return "Add";
    case BinaryKind::kSub:
      return "Sub";
    case BinaryKind::kMul:
      return "Mul";
    case BinaryKind::kDiv:
      return "Div";
    case BinaryKind::kPow:
      return "Pow";
    case BinaryKind::kMaximum:
      return "Maximum";
    case BinaryKind::kMinimum:
      return "Minimum";
    case BinaryKind::kLess:
      return "Less";
    case BinaryKind::kGreaterOrEqual:
      return "GreaterOrEqual";
  }
  return "Binary";
}

std::string_view name_of(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::kRelu:
      return "Relu";
    case UnaryKind::kRelu6:
      return "Relu6";
    case UnaryKind::kAbs:
      return "Abs";
    case UnaryKind::kNeg:
      return "Neg";
    case UnaryKind::kSqrt:
      return "Sqrt";
    case UnaryKind::kRsqrt:
      return "Rsqrt";
    case UnaryKind::kExp:
      return "Exp";
    case UnaryKind::kLog:
      return "Log";
    case UnaryKind::kSigmoid:
      return "Sigmoid";
    case UnaryKind::kTanh:
      return "Tanh";
    case UnaryKind::kHardSwish:
      return "HardSwish";
    case UnaryKind::kErf:
      return "Erf";
    case UnaryKind::kFloor:
      return "Floor";
    case UnaryKind::kCeil:
      return "Ceil";
  }
  return "Unary";
}

std::string_view name_of(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::kMean:
      return "ReduceMean";
    case ReduceKind::kSum:
      return "ReduceSum";
    case ReduceKind::kMax:
      return "ReduceMax";
    case ReduceKind::kMin:
      return "ReduceMin";
    case ReduceKind::kSumSquare:
      return "ReduceSumSquare";
    case ReduceKind::kL2:
      return "ReduceL2";
  }
  return "Reduce";
}

struct Name {
  std::string_view operator()(const Conv2D&) const { return "Conv2D"; }
  std::string_view operator()(const DepthwiseConv2D&) const { return "DepthwiseConv2D"; }
  std::string_view operator()(const FullyConnected&) const { return "FullyConnected"; }
  std::string_view operator()(const MatMul&) const { return "MatMul"; }
  std::string_view operator()(const Binary& op) const { return name_of(op.kind); }
  std::string_view operator()(const Unary& op) const { return name_of(op.kind); }
  std::string_view operator()(const LeakyRelu&) const { return "LeakyRelu"; }
  std::string_view operator()(const Clip&) const { return "Clip"; }
  std::string_view operator()(const HardSigmoid&) const { return "HardSigmoid"; }
  std::string_view operator()(const PRelu&) const { return "PRelu"; }
  std::string_view operator()(const Softmax&) const { return "Softmax"; }
  std::string_view operator()(const BatchNorm&) const { return "BatchNorm"; }
  std::string_view operator()(const L2Normalize&) const { return "L2Normalize"; }
  std::string_view operator()(const Lstm&) const { return "Lstm"; }
  std::string_view operator()(const Gru&) const { return "Gru"; }
  std::string_view operator()(const Pool2D& op) const {
    return op.kind == PoolKind::kMax ? "MaxPool2D" : "AveragePool2D";
  }
  std::string_view operator()(const Reduce& op) const { return name_of(op.kind); }
  std::string_view operator()(const Pad&) const { return "Pad"; }
  std::string_view operator()(const Concat&) const { return "Concat"; }
  std::string_view operator()(const Reshape&) const { return "Reshape"; }
  std::string_view operator()(const Transpose&) const { return "Transpose"; }
  std::string_view operator()(const Broadcast&) const { return "Broadcast"; }
  std::string_view operator()(const Tile&) const { return "Tile"; }
  std::string_view operator()(const Slice&) const { return "Slice"; }
  std::string_view operator()(const Split&) const { return "Split"; }
  std::string_view operator()(const Gather&) const { return "Gather"; }
  std::string_view operator()(const Cast&) const { return "Cast"; }
  std::string_view operator()(const ShapeOf&) const { return "ShapeOf"; }
  std::string_view operator()(const Identity&) const { return "Identity"; }
  std::string_view operator()(const Quantize&) const { return "Quantize"; }
  std::string_view operator()(const Dequantize&) const { return "Dequantize"; }
  std::string_view operator()(const DepthToSpace&) const { return "DepthToSpace"; }
  std::string_view operator()(const SpaceToDepth&) const { return "SpaceToDepth"; }
  std::string_view operator()(const Resize&) const { return "Resize"; }
};

}  // namespace

std::string_view op_name(const Op& op) { return std::visit(Name{}, op); }

}  // namespace durward
