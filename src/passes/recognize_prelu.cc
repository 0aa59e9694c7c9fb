// relu(x) - a * relu(-x) | relu(x) + a * (x - |x|) * 0.5 | max(x, 0) + a * min(x, 0) | max(x, a *
// x)
//   | any other sum, difference, maximum or minimum of such terms  =>  PRelu(x, a)
//
// All these are positively homogeneous in x: a factor p where x >= 0 and another, n, where x < 0.
// Working out (p, n) per channel from the bottom up recognises every way to write a PRelu: p is 1
// and n the slope.
#include <algorithm>
#include <cmath>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// The most nodes between a PRelu's input and its output; TFLite's form has 6. Visits count a node
// once for each way that leads to it.
constexpr size_t kMostNodes = 12;
constexpr int kMostVisits = 64;

// Per channel: f(x) = positive * x where x >= 0, negative * x where x < 0.
struct Factors {
  std::vector<float> positive, negative;
  bool kinked = false;  // made by an op with a kink at 0, not by a linear one
};

class Recognizer {
 public:
  Recognizer(const Graph& graph, TensorId x)
      : graph_(graph), x_(x), channels_(channels_of(graph, x)) {}

  std::optional<Factors> factors(TensorId id) {
    const auto channels = static_cast<size_t>(channels_);
    if (id == x_) {
      const std::vector<float> ones(channels, 1.0f);
      return Factors{ones, ones, false};
    }
    if (graph_.tensor(id).constant()) {
      if (uniform_value(graph_, id) != 0.0f) return std::nullopt;
      const std::vector<float> zeros(channels, 0.0f);
      return Factors{zeros, zeros, false};
    }
    const NodeId producer = graph_.producer(id);
    if (!producer.valid() || ++visits_ > kMostVisits) return std::nullopt;
    if (shape_of(graph_, id) != shape_of(graph_, x_)) return std::nullopt;
    const Node& node = graph_.node(producer);
    if (const auto* unary = std::get_if<Unary>(&node.op)) {
      return of_unary(unary->kind, node.inputs[0]);
    }
    if (const auto* leaky = std::get_if<LeakyRelu>(&node.op)) {
      return combine(factors(node.inputs[0]), true,
                     [a = leaky->alpha](float x) { return x >= 0 ? x : a * x; });
    }
    if (const auto* clip = std::get_if<Clip>(&node.op)) {
      if (!(clip->min == -kInfinity && clip->max == 0)) return std::nullopt;
      return combine(factors(node.inputs[0]), true, [](float x) { return std::min(x, 0.0f); });
    }
    if (const auto* binary = std::get_if<Binary>(&node.op)) {
      if (binary->activation != Activation::kNone) return std::nullopt;
      return of_binary(binary->kind, node.inputs[0], node.inputs[1]);
    }
    return std::nullopt;
  }

 private:
  // f at 1 and at -1 says all of a homogeneous f.
  template <typename F>
  static std::optional<Factors> combine(std::optional<Factors> a, bool kinked, const F& f) {
    if (!a) return std::nullopt;
    for (float& positive : a->positive) positive = f(positive);
    for (float& negative : a->negative) negative = -f(-negative);
    a->kinked = a->kinked || kinked;
    return a;
  }
  template <typename F>
  static std::optional<Factors> combine(std::optional<Factors> a, const std::optional<Factors>& b,
                                        bool kinked, const F& f) {
    if (!a || !b) return std::nullopt;
    for (size_t c = 0; c < a->positive.size(); ++c) {
      a->positive[c] = f(a->positive[c], b->positive[c]);
      a->negative[c] = -f(-a->negative[c], -b->negative[c]);
    }
    a->kinked = a->kinked || b->kinked || kinked;
    return a;
  }

  std::optional<Factors> of_unary(UnaryKind kind, TensorId input) {
    switch (kind) {
      case UnaryKind::kRelu:
        return combine(factors(input), true, [](float x) { return std::max(x, 0.0f); });
      case UnaryKind::kAbs:
        return combine(factors(input), true, [](float x) { return std::fabs(x); });
      case UnaryKind::kNeg:
        return combine(factors(input), false, [](float x) { return -x; });
      default:
        return std::nullopt;
    }
  }

  std::optional<Factors> of_binary(BinaryKind kind, TensorId a, TensorId b) {
    if (kind == BinaryKind::kMul || kind == BinaryKind::kDiv) {
      const bool swap = kind == BinaryKind::kMul && graph_.tensor(a).constant();
      const auto constant = channel_values(graph_, swap ? a : b, channels_);
      std::optional<Factors> result = factors(swap ? b : a);
      if (!constant || !result) return std::nullopt;
      for (size_t c = 0; c < constant->size(); ++c) {
        const float factor = kind == BinaryKind::kMul ? (*constant)[c] : 1 / (*constant)[c];
        result->positive[c] *= factor;
        result->negative[c] *= factor;
      }
      return result;
    }
    const auto first = factors(a);
    if (!first) return std::nullopt;
    const auto second = factors(b);
    switch (kind) {
      case BinaryKind::kAdd:
        return combine(first, second, false, [](float x, float y) { return x + y; });
      case BinaryKind::kSub:
        return combine(first, second, false, [](float x, float y) { return x - y; });
      case BinaryKind::kMaximum:
        return combine(first, second, true, [](float x, float y) { return std::max(x, y); });
      case BinaryKind::kMinimum:
        return combine(first, second, true, [](float x, float y) { return std::min(x, y); });
      default:
        return std::nullopt;
    }
  }

  const Graph& graph_;
  const TensorId x_;
  const int64_t channels_;
  int visits_ = 0;
};

// The tensors from which `root` may be made by such terms, nearest first.
std::vector<TensorId> candidates(const Graph& graph, TensorId root) {
  std::vector<TensorId> found{root};
  for (size_t i = 0; i < found.size() && found.size() < kMostNodes; ++i) {
    const NodeId producer = graph.producer(found[i]);
    if (!producer.valid()) continue;
    const Node& node = graph.node(producer);
    if (!std::holds_alternative<Binary>(node.op) && !std::holds_alternative<Unary>(node.op) &&
        !std::holds_alternative<LeakyRelu>(node.op) && !std::holds_alternative<Clip>(node.op)) {
      continue;
    }
    for (const TensorId input : node.inputs) {
      const bool known = std::find(found.begin(), found.end(), input) != found.end();
      if (!known && !graph.tensor(input).constant()) found.push_back(input);
    }
  }
  found.erase(found.begin());
  return found;
}

bool is_prelu(const Factors& factors) {
  // Folding constants (0.5 * 2 * a) may leave the last bit.
  constexpr float kTolerance = 1e-6f;
  return factors.kinked &&
         std::all_of(factors.positive.begin(), factors.positive.end(),
                     [](float p) { return std::fabs(p - 1) <= kTolerance; }) &&
         std::all_of(factors.negative.begin(), factors.negative.end(),
                     [](float n) { return std::isfinite(n); });
}

}  // namespace

bool recognize_prelu(Graph& graph) {
  bool changed = false;
  const std::vector<NodeId> order = graph.topological_order();
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const NodeId id = *it;
    if (!graph.has_node(id) || graph.op_as<Binary>(id) == nullptr) continue;
    const TensorId root = output_of(graph, id);
    if (graph.tensor(root).type != DataType::kFloat32 || shape_of(graph, root).empty()) continue;
    for (const TensorId x : candidates(graph, root)) {
      const auto factors = Recognizer(graph, x).factors(root);
      if (!factors || !is_prelu(*factors)) continue;
      const TensorId slope = graph.add_constant<float>(
          graph.unique_name(absl::StrCat(graph.node(id).name, ".slope")),
          {static_cast<int64_t>(factors->negative.size())}, factors->negative);
      become(graph, id, PRelu{}, {x, slope});
      changed = true;
      break;
    }
  }
  return changed;
}

}  // namespace durward
