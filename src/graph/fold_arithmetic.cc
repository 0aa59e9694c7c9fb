// Values of elementwise ops and reductions on float32, int32 and int64. Integers are shapes and
// indices: an overflow or a division by zero there is the model's error.
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "graph/constant_folding.h"

namespace durward::graph_detail {
namespace {

// One kind of op on one pair of numbers; nullopt where it overflows or divides by zero.
template <typename T>
std::optional<T> apply(BinaryKind kind, T a, T b) {
  switch (kind) {
    case BinaryKind::kMaximum:
      return std::max(a, b);
    case BinaryKind::kMinimum:
      return std::min(a, b);
    case BinaryKind::kLess:
      return static_cast<T>(a < b);
    case BinaryKind::kGreaterOrEqual:
      return static_cast<T>(a >= b);
    default:
      break;
  }
  if constexpr (std::is_floating_point_v<T>) {
    switch (kind) {
      case BinaryKind::kAdd:
        return a + b;
      case BinaryKind::kSub:
        return a - b;
      case BinaryKind::kMul:
        return a * b;
      case BinaryKind::kDiv:
        return a / b;
      default:
        return std::pow(a, b);
    }
  } else {
    T result;
    switch (kind) {
      case BinaryKind::kAdd:
        return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
      case BinaryKind::kSub:
        return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
      case BinaryKind::kMul:
        return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
      case BinaryKind::kDiv:
        if (b == 0 || (b == -1 && a == std::numeric_limits<T>::min())) return std::nullopt;
        return a / b;
      default:
        return std::nullopt;
    }
  }
}

template <typename T>
T activated(Activation activation, T value) {
  if (activation == Activation::kNone) return value;
  value = std::max(value, T{0});
  return activation == Activation::kRelu6 ? std::min(value, T{6}) : value;
}

template <typename T>
Values binary(const TypedNode& node, const Binary& op) {
  const Shape& shape = node.output(0).shape;
  const auto a = node.input(0).values<T>();
  const auto b = node.input(1).values<T>();
  std::vector<T> out;
  out.reserve(static_cast<size_t>(elements(shape)));
  bool defined = true;
  for_each_index(shape, broadcast_strides(node.shape(0), shape),
                 broadcast_strides(node.shape(1), shape), [&](int64_t i, int64_t j) {
                   const std::optional<T> value =
                       apply(op.kind, a[static_cast<size_t>(i)], b[static_cast<size_t>(j)]);
                   defined = defined && value.has_value();
                   out.push_back(activated(op.activation, value.value_or(T{0})));
                 });
  if (!defined) return node.error("overflows or divides by zero");
  return one(bytes_of(out));
}

float apply(UnaryKind kind, float x) {
  switch (kind) {
    case UnaryKind::kRelu:
      return std::max(x, 0.0f);
    case UnaryKind::kRelu6:
      return std::min(std::max(x, 0.0f), 6.0f);
    case UnaryKind::kAbs:
      return std::fabs(x);
    case UnaryKind::kNeg:
      return -x;
    case UnaryKind::kSqrt:
      return std::sqrt(x);
    case UnaryKind::kRsqrt:
      return 1.0f / std::sqrt(x);
    case UnaryKind::kExp:
      return std::exp(x);
    case UnaryKind::kLog:
      return std::log(x);
    case UnaryKind::kSigmoid:
      return 1.0f / (1.0f + std::exp(-x));
    case UnaryKind::kTanh:
      return std::tanh(x);
    case UnaryKind::kHardSwish:
      return x * std::min(std::max(x + 3.0f, 0.0f), 6.0f) / 6.0f;
    case UnaryKind::kErf:
      return std::erf(x);
    case UnaryKind::kFloor:
      return std::floor(x);
    case UnaryKind::kCeil:
      return std::ceil(x);
  }
  return x;
}

template <typename F>
Values map_floats(const TypedNode& node, const F& f) {
  if (node.type() != DataType::kFloat32) return std::nullopt;
  std::vector<float> out;
  const auto values = node.input(0).values<float>();
  out.reserve(values.size());
  for (const float x : values) out.push_back(f(x));
  return one(bytes_of(out));
}

template <typename T>
Values negated(const TypedNode& node, bool only_negative) {
  std::vector<T> out;
  for (const T x : node.input(0).values<T>()) {
    if (x == std::numeric_limits<T>::min()) return node.error("overflows");
    out.push_back(only_negative && x >= 0 ? x : -x);
  }
  return one(bytes_of(out));
}

// A reduction in progress. Integers stay integers; float32 is accumulated in double.
template <typename T>
struct Accumulator {
  using Sum = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;
  Sum sum = 0;
  T largest = std::numeric_limits<T>::lowest(), smallest = std::numeric_limits<T>::max();
  bool overflow = false;

  void add(Sum value) {
    if constexpr (std::is_floating_point_v<T>) {
      sum += value;
    } else {
      overflow |= __builtin_add_overflow(sum, value, &sum);
    }
  }
  void take(ReduceKind kind, T value) {
    const auto wide = static_cast<Sum>(value);
    switch (kind) {
      case ReduceKind::kMean:
      case ReduceKind::kSum:
        return add(wide);
      case ReduceKind::kMax:
        largest = std::max(largest, value);
        return;
      case ReduceKind::kMin:
        smallest = std::min(smallest, value);
        return;
      case ReduceKind::kSumSquare:
      case ReduceKind::kL2:
        if constexpr (std::is_floating_point_v<T>) {
          return add(wide * wide);
        } else {
          Sum square;
          overflow |= __builtin_mul_overflow(wide, wide, &square);
          return add(square);
        }
    }
  }
  T result(ReduceKind kind, int64_t count) {
    switch (kind) {
      case ReduceKind::kMax:
        return largest;
      case ReduceKind::kMin:
        return smallest;
      case ReduceKind::kMean:
        return narrow(sum / static_cast<Sum>(count));
      case ReduceKind::kL2:
        return narrow(static_cast<Sum>(std::sqrt(static_cast<double>(sum))));
      case ReduceKind::kSum:
      case ReduceKind::kSumSquare:
        return narrow(sum);
    }
    return T{0};
  }
  T narrow(Sum value) {
    if constexpr (std::is_integral_v<T>) {
      overflow |= value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max();
    }
    return static_cast<T>(value);
  }
};

template <typename T>
Values reduce(const TypedNode& node, const Reduce& op) {
  const int64_t inputs = elements(node.shape());
  const int64_t outputs = elements(node.output(0).shape);
  if (inputs == 0) return std::nullopt;
  // The output with its reduced dimensions kept, seen from every input element.
  Shape kept = node.shape();
  for (const int axis : op.axes) kept[static_cast<size_t>(axis)] = 1;
  std::vector<Accumulator<T>> sums(static_cast<size_t>(outputs));
  const auto x = node.input(0).values<T>();
  for_each_index(node.shape(), strides_of(node.shape()), broadcast_strides(kept, node.shape()),
                 [&](int64_t from, int64_t to) {
                   sums[static_cast<size_t>(to)].take(op.kind, x[static_cast<size_t>(from)]);
                 });
  std::vector<T> out;
  bool overflow = false;
  for (Accumulator<T>& sum : sums) {
    out.push_back(sum.result(op.kind, inputs / outputs));
    overflow = overflow || sum.overflow;
  }
  if (overflow) return node.error("overflows");
  return one(bytes_of(out));
}

}  // namespace

Values evaluate(const TypedNode& node, const Binary& op) {
  if (node.type() == DataType::kFloat32) return binary<float>(node, op);
  if (op.kind == BinaryKind::kPow) return std::nullopt;
  if (node.type() == DataType::kInt64) return binary<int64_t>(node, op);
  if (node.type() == DataType::kInt32) return binary<int32_t>(node, op);
  return std::nullopt;
}

Values evaluate(const TypedNode& node, const Unary& op) {
  if (op.kind == UnaryKind::kNeg || op.kind == UnaryKind::kAbs) {
    const bool absolute = op.kind == UnaryKind::kAbs;
    if (node.type() == DataType::kInt64) return negated<int64_t>(node, absolute);
    if (node.type() == DataType::kInt32) return negated<int32_t>(node, absolute);
  }
  return map_floats(node, [kind = op.kind](float x) { return apply(kind, x); });
}

Values evaluate(const TypedNode& node, const LeakyRelu& op) {
  return map_floats(node, [&op](float x) { return x >= 0 ? x : op.alpha * x; });
}

Values evaluate(const TypedNode& node, const Clip& op) {
  return map_floats(node, [&op](float x) { return std::min(std::max(x, op.min), op.max); });
}

Values evaluate(const TypedNode& node, const HardSigmoid& op) {
  return map_floats(
      node, [&op](float x) { return std::max(0.0f, std::min(1.0f, op.alpha * x + op.beta)); });
}

Values evaluate(const TypedNode& node, const PRelu&) {
  if (node.type() != DataType::kFloat32) return std::nullopt;
  const auto x = node.input(0).values<float>();
  const auto slope = node.input(1).values<float>();
  std::vector<float> out;
  for_each_index(node.shape(), strides_of(node.shape()),
                 broadcast_strides(node.shape(1), node.shape()), [&](int64_t i, int64_t j) {
                   const float value = x[static_cast<size_t>(i)];
                   out.push_back(value >= 0 ? value : slope[static_cast<size_t>(j)] * value);
                 });
  return one(bytes_of(out));
}

Values evaluate(const TypedNode& node, const Reduce& op) {
  if (node.type() == DataType::kFloat32) return reduce<float>(node, op);
  if (node.type() == DataType::kInt64) return reduce<int64_t>(node, op);
  if (node.type() == DataType::kInt32) return reduce<int32_t>(node, op);
  return std::nullopt;
}

}  // namespace durward::graph_detail
