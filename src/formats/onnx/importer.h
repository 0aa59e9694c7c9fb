// The state of an import: the graph so far, the model's values, and the building blocks from which
// the handlers (import_*.cc) map one ONNX node each.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/onnx/layout.h"
#include "formats/onnx/node_view.h"
#include "graph/graph.h"

namespace durward {

// An ONNX value: IR dimension i of `tensor` is ONNX dimension order[i].
struct ImportedValue {
  TensorId tensor;
  Permutation order;
};

// Where the IR keeps images and 1-D signals of ONNX: N,C,H,W as N,H,W,C and N,C,L as N,L,C.
inline const Permutation kImageOrder = {0, 2, 3, 1};
inline const Permutation kSignalOrder = {0, 2, 1};

class Importer {
 public:
  explicit Importer(std::filesystem::path external_data_folder)
      : external_data_folder_(std::move(external_data_folder)) {}

  [[nodiscard]] Graph& graph() { return graph_; }
  [[nodiscard]] const Tensor& tensor(const ImportedValue& value) const {
    return graph_.tensor(value.tensor);
  }

  // ---- values by name ----
  [[nodiscard]] const ImportedValue* find(const std::string& name) const;
  // InvalidArgument where a value of this name exists already.
  absl::Status define(const std::string& name, const ImportedValue& value);
  // Values defined from begin_scope() on are forgotten by end_scope(): those of a subgraph.
  void begin_scope() { scopes_.emplace_back(); }
  void end_scope();
  // The node's input, which must be there.
  [[nodiscard]] absl::StatusOr<ImportedValue> input(const NodeView& node, int index) const;
  // The same, empty where the node leaves the input out.
  [[nodiscard]] absl::StatusOr<std::optional<ImportedValue>> optional_input(const NodeView& node,
                                                                            int index) const;
  // A tensor name not taken yet: `wanted`, or that with a number.
  [[nodiscard]] std::string unique_name(const std::string& wanted);

  // ---- what is known of a value ----
  [[nodiscard]] Shape shape(const ImportedValue& value) const;  // ONNX's dimensions
  [[nodiscard]] bool constant(const ImportedValue& value) const { return tensor(value).constant(); }
  // Constant, or a Dequantize of a constant: what a weight may be.
  [[nodiscard]] bool constant_weight(const ImportedValue& value) const;
  // The elements of a small constant, in ONNX's order. Unimplemented where it is not constant.
  [[nodiscard]] absl::StatusOr<std::vector<int64_t>> integers(const NodeView& node,
                                                              const ImportedValue& value);
  [[nodiscard]] absl::StatusOr<std::vector<float>> floats(const NodeView& node,
                                                          const ImportedValue& value);
  // A parameter that was an attribute in older opsets and is an input in newer ones.
  [[nodiscard]] absl::StatusOr<std::vector<int64_t>> integers_from(const NodeView& node,
                                                                   std::string_view attribute,
                                                                   int input_index);

  // ---- changing a value's form ----
  // The tensor of `value` stored in `order`: as it is, a permuted constant, or by a Transpose (a
  // Reshape where only dimensions of size 1 move).
  absl::StatusOr<TensorId> in_order(const ImportedValue& value, const Permutation& order);
  absl::StatusOr<TensorId> plain(const ImportedValue& value);
  // ONNX's Reshape to `target`, of equally many elements; a node that it takes is named `name`.
  absl::StatusOr<ImportedValue> reshape(const ImportedValue& value, const Shape& target,
                                        const std::string& name = "");
  // `value` as an operand of an elementwise op whose result has this rank and order.
  absl::StatusOr<TensorId> operand(const ImportedValue& value, const Permutation& order);

  // ---- building ----
  // Adds a node whose outputs are the ONNX node's, all stored in `order`; folds it where all its
  // inputs are constant.
  absl::Status emit(const NodeView& node, Op op, std::vector<TensorId> inputs,
                    const Permutation& order);
  // Adds a node on the way to the ONNX node's output.
  absl::StatusOr<TensorId> step(const NodeView& node, std::string_view suffix, Op op,
                                std::vector<TensorId> inputs);
  // The node's first output is `value` itself, under another name.
  absl::Status alias(const NodeView& node, ImportedValue value);
  // The node's first output is this constant, in ONNX's order.
  absl::Status define_constant(const NodeView& node, Tensor constant);
  // Adds a constant of this name, or one like it.
  template <typename T>
  TensorId constant_tensor(const std::string& name, Shape shape, const std::vector<T>& values) {
    return graph_.add_constant<T>(unique_name(name), std::move(shape), std::span<const T>(values));
  }
  // Adds a constant as a value of the model.
  absl::Status add_initializer(const onnx::TensorProto& proto);
  [[nodiscard]] absl::StatusOr<Tensor> decode(const onnx::TensorProto& proto) const;

  // What may still be computed and stored for folded constants. A model could otherwise ask for
  // any amount of memory in a few bytes.
  [[nodiscard]] int64_t fold_budget() const { return fold_budget_; }
  void charge_fold(int64_t elements) { fold_budget_ -= elements; }

 private:
  absl::Status fold(NodeId id);
  TensorId permuted_constant(TensorId id, const Permutation& perm);
  TensorId reshaped_constant(TensorId id, const Shape& target);
  // A copy of a Dequantize over another form of its constant.
  absl::StatusOr<TensorId> dequantized(TensorId original, TensorId integers);
  // The integer constant whose Dequantize `id` is, invalid if it is not one.
  [[nodiscard]] TensorId dequantized_constant(TensorId id) const;

  Graph graph_;
  std::filesystem::path external_data_folder_;
  absl::flat_hash_map<std::string, ImportedValue> values_;
  std::vector<std::vector<std::string>> scopes_;  // the names defined in each that is open
  absl::flat_hash_map<std::string, int> names_;   // with the last number given to a double
  std::map<std::pair<TensorId, Permutation>, TensorId> reordered_;
  int64_t fold_budget_ = int64_t{1} << 24;
};

}  // namespace durward
