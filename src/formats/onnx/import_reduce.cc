// ReduceMean, ReduceSum, ... and ReduceL1  =>  Reduce
#include <algorithm>
#include <array>

#include "formats/onnx/import_ops.h"

namespace durward {
namespace {

struct ReduceName {
  std::string_view op;
  ReduceKind kind;
};
constexpr std::array<ReduceName, 7> kReductions = {{{"ReduceMean", ReduceKind::kMean},
                                                    {"ReduceSum", ReduceKind::kSum},
                                                    {"ReduceMax", ReduceKind::kMax},
                                                    {"ReduceMin", ReduceKind::kMin},
                                                    {"ReduceSumSquare", ReduceKind::kSumSquare},
                                                    {"ReduceL2", ReduceKind::kL2},
                                                    {"ReduceL1", ReduceKind::kSum}}};

}  // namespace

absl::Status import_reduce(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  // An attribute at first; an input of ReduceSum since opset 13, of the others since 18.
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int64_t> listed,
                           importer.integers_from(node, "axes", 1));
  const size_t rank = x.order.size();
  DURWARD_ASSIGN_OR_RETURN(std::vector<int> axes, front_axes(node, listed, rank));
  if (axes.empty()) {
    if (node.get_int("noop_with_empty_axes", 0) != 0) return importer.alias(node, x);
    axes = identity_permutation(rank);
  }
  const bool keep = node.get_int("keepdims", 1) != 0;
  std::vector<int> stored;
  for (const int axis : axes) stored.push_back(stored_axis(x, axis));
  std::sort(stored.begin(), stored.end());

  Permutation order;  // without the reduced dimensions, counted anew
  for (const int dimension : x.order) {
    const auto below = std::lower_bound(axes.begin(), axes.end(), dimension);
    if (!keep && below != axes.end() && *below == dimension) continue;
    order.push_back(keep ? dimension : dimension - static_cast<int>(below - axes.begin()));
  }
  const auto* entry = std::find_if(kReductions.begin(), kReductions.end(),
                                   [&](const ReduceName& name) { return name.op == node.op(); });
  TensorId source = x.tensor;
  if (node.op() == "ReduceL1") {
    DURWARD_ASSIGN_OR_RETURN(source,
                             importer.step(node, "absolute", Unary{UnaryKind::kAbs}, {source}));
  }
  return importer.emit(node, Reduce{entry->kind, std::move(stored), keep}, {source}, order);
}

}  // namespace durward
