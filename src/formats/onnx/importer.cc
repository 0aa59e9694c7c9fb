#include "formats/onnx/importer.h"

#include <algorithm>

#include "formats/onnx/proto_tensor.h"

namespace durward {
namespace {

// Parameters (axes, pads, shapes) have a handful of elements.
constexpr int64_t kMaxParameterElements = 1 << 16;

}  // namespace

const ImportedValue* Importer::find(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

absl::Status Importer::define(const std::string& name, const ImportedValue& value) {
  if (!values_.try_emplace(name, value).second) {
    return absl::InvalidArgumentError(absl::StrCat("value '", name, "' is defined twice"));
  }
  if (!scopes_.empty()) scopes_.back().push_back(name);
  return absl::OkStatus();
}

void Importer::end_scope() {
  for (const std::string& name : scopes_.back()) values_.erase(name);
  scopes_.pop_back();
}

absl::StatusOr<ImportedValue> Importer::input(const NodeView& node, int index) const {
  DURWARD_ASSIGN_OR_RETURN(std::optional<ImportedValue> value, optional_input(node, index));
  if (!value) return node.invalid(absl::StrCat("input ", index, " is missing"));
  return *std::move(value);
}

absl::StatusOr<std::optional<ImportedValue>> Importer::optional_input(const NodeView& node,
                                                                      int index) const {
  if (!node.has_input(index)) return std::optional<ImportedValue>();
  const ImportedValue* value = find(node.proto().input(index));
  if (value == nullptr) {
    return node.invalid(absl::StrCat("input '", node.proto().input(index),
                                     "' is neither a graph input, a constant nor a node's output"));
  }
  return std::optional<ImportedValue>(*value);
}

std::string Importer::unique_name(const std::string& wanted) {
  if (names_.try_emplace(wanted, 0).second) return wanted;
  std::string name;
  do {
    name = absl::StrCat(wanted, "_", ++names_[wanted]);
  } while (!names_.try_emplace(name, 0).second);
  return name;
}

Shape Importer::shape(const ImportedValue& value) const {
  return unpermuted(tensor(value).shape, value.order);
}

bool Importer::constant_weight(const ImportedValue& value) const {
  return constant(value) || dequantized_constant(value.tensor).valid();
}

absl::StatusOr<std::vector<int64_t>> Importer::integers(const NodeView& node,
                                                        const ImportedValue& value) {
  if (!constant(value)) {
    return node.unimplemented(
        absl::StrCat("'", tensor(value).name, "' must be constant (it is computed from the data)"));
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId id, plain(value));
  const Tensor& constant = graph_.tensor(id);
  if (elements(constant.shape) > kMaxParameterElements) {
    return node.invalid(absl::StrCat("'", constant.name, "' is too large for a parameter"));
  }
  if (constant.type == DataType::kInt64) {
    return std::vector<int64_t>(constant.values<int64_t>().begin(),
                                constant.values<int64_t>().end());
  }
  if (constant.type == DataType::kInt32) {
    return std::vector<int64_t>(constant.values<int32_t>().begin(),
                                constant.values<int32_t>().end());
  }
  return node.invalid(absl::StrCat("'", constant.name, "' should hold integers"));
}

absl::StatusOr<std::vector<float>> Importer::floats(const NodeView& node,
                                                    const ImportedValue& value) {
  if (!constant(value)) {
    return node.unimplemented(
        absl::StrCat("'", tensor(value).name, "' must be constant (it is computed from the data)"));
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId id, plain(value));
  const Tensor& constant = graph_.tensor(id);
  if (constant.type != DataType::kFloat32) {
    return node.invalid(absl::StrCat("'", constant.name, "' should hold floating-point numbers"));
  }
  return std::vector<float>(constant.values<float>().begin(), constant.values<float>().end());
}

absl::StatusOr<std::vector<int64_t>> Importer::integers_from(const NodeView& node,
                                                             std::string_view attribute,
                                                             int input_index) {
  if (node.has(attribute)) return node.get_ints(attribute);
  DURWARD_ASSIGN_OR_RETURN(const std::optional<ImportedValue> value,
                           optional_input(node, input_index));
  if (!value) return std::vector<int64_t>();
  return integers(node, *value);
}

absl::StatusOr<TensorId> Importer::in_order(const ImportedValue& value, const Permutation& order) {
  const Permutation perm = transposition(value.order, order);
  if (is_identity(perm)) return value.tensor;
  const auto key = std::make_pair(value.tensor, perm);
  if (const auto known = reordered_.find(key); known != reordered_.end()) return known->second;

  TensorId result;
  if (constant(value)) {
    result = permuted_constant(value.tensor, perm);
  } else if (const TensorId source = dequantized_constant(value.tensor); source.valid()) {
    DURWARD_ASSIGN_OR_RETURN(result, dequantized(value.tensor, permuted_constant(source, perm)));
  } else {
    const Shape& from = tensor(value).shape;
    Op op = keeps_order(from, perm) ? Op(Reshape{permuted(from, perm)}) : Op(Transpose{perm});
    const std::string name = unique_name(absl::StrCat(tensor(value).name, "/reordered"));
    DURWARD_ASSIGN_OR_RETURN(result, graph_.add_op(std::move(op), name, {value.tensor}));
  }
  reordered_.emplace(key, result);
  return result;
}

absl::StatusOr<TensorId> Importer::plain(const ImportedValue& value) {
  return in_order(value, identity_permutation(value.order.size()));
}

absl::StatusOr<ImportedValue> Importer::reshape(const ImportedValue& value, const Shape& target,
                                                const std::string& name) {
  const Shape from = shape(value);
  if (from == target) return value;
  const ReshapePlan plan = plan_reshape(from, value.order, target, kImageOrder);
  DURWARD_ASSIGN_OR_RETURN(TensorId source, in_order(value, plan.input));
  const Shape stored = permuted(target, plan.output);
  if (graph_.tensor(source).shape == stored) return ImportedValue{source, plan.output};
  if (graph_.tensor(source).constant()) {
    return ImportedValue{reshaped_constant(source, stored), plan.output};
  }
  if (const TensorId integers = dequantized_constant(source); integers.valid()) {
    const std::optional<QuantParams>& quant = graph_.tensor(integers).quant;
    const std::optional<int> axis =
        quant->per_axis() ? axis_after_reshape(graph_.tensor(integers).shape, quant->axis, stored)
                          : -1;
    if (axis) {
      const TensorId reshaped = reshaped_constant(integers, stored);
      graph_.mutable_tensor(reshaped).quant->axis = *axis;
      DURWARD_ASSIGN_OR_RETURN(source, dequantized(source, reshaped));
      return ImportedValue{source, plan.output};
    }
  }
  // A Reshape of a Reshape is one Reshape.
  const NodeId producer = graph_.producer(source);
  if (producer.valid() && graph_.op_as<Reshape>(producer) != nullptr) {
    source = graph_.node(producer).inputs[0];
  }
  const std::string wanted = name.empty() ? absl::StrCat(tensor(value).name, "/reshaped") : name;
  DURWARD_ASSIGN_OR_RETURN(const TensorId result,
                           graph_.add_op(Reshape{stored}, unique_name(wanted), {source}));
  return ImportedValue{result, plan.output};
}

absl::StatusOr<TensorId> Importer::operand(const ImportedValue& value, const Permutation& order) {
  Shape padded = shape(value);
  if (padded.empty() && order.empty()) return value.tensor;
  const bool is_constant = constant(value);
  if (is_constant && elements(padded) == 1) return reshaped_constant(value.tensor, {});
  if (padded.size() > order.size()) {
    return absl::InvalidArgumentError(absl::StrCat("'", tensor(value).name, "' of shape ",
                                                   to_string(padded), " cannot be broadcast to ",
                                                   order.size(), " dimensions"));
  }
  padded.insert(padded.begin(), order.size() - padded.size(), 1);
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue full, reshape(value, padded));
  DURWARD_ASSIGN_OR_RETURN(const TensorId result, in_order(full, order));
  if (!is_constant) return result;
  // [1,1,1,C] broadcasts as [C] does, and [C] is what the rewrites look for.
  const Shape& shape = graph_.tensor(result).shape;
  const auto first = std::find_if(shape.begin(), shape.end(), [](int64_t d) { return d != 1; });
  return reshaped_constant(result, Shape(first, shape.end()));
}

absl::Status Importer::emit(const NodeView& node, Op op, std::vector<TensorId> inputs,
                            const Permutation& order) {
  std::vector<TensorId> outputs;
  int count = node.proto().output_size();
  while (count > 1 && node.output(count - 1).empty()) --count;  // optional outputs, left out
  for (int i = 0; i < count; ++i) {
    const std::string& output = node.output(i);
    const std::string wanted = output.empty() ? absl::StrCat(node.name(), "/unused") : output;
    outputs.push_back(graph_.add_tensor(unique_name(wanted), DataType::kFloat32, {}));
    if (!output.empty()) DURWARD_RETURN_IF_ERROR(define(output, {outputs.back(), order}));
  }
  const NodeId id = graph_.add_node(std::move(op), node.name(), std::move(inputs), outputs);
  DURWARD_RETURN_IF_ERROR(infer_shapes(graph_, id));
  return fold(id);
}

absl::StatusOr<TensorId> Importer::step(const NodeView& node, std::string_view suffix, Op op,
                                        std::vector<TensorId> inputs) {
  const std::string name = unique_name(absl::StrCat(node.output(0), "/", std::string(suffix)));
  DURWARD_ASSIGN_OR_RETURN(const TensorId result,
                           graph_.add_op(std::move(op), name, std::move(inputs)));
  DURWARD_RETURN_IF_ERROR(fold(graph_.producer(result)));
  return result;
}

absl::Status Importer::alias(const NodeView& node, ImportedValue value) {
  return define(node.output(0), std::move(value));
}

absl::Status Importer::define_constant(const NodeView& node, Tensor constant) {
  constant.name = unique_name(node.output(0));
  const Permutation order = identity_permutation(constant.shape.size());
  return define(node.output(0), {graph_.add_tensor(std::move(constant)), order});
}

absl::Status Importer::add_initializer(const onnx::TensorProto& proto) {
  DURWARD_ASSIGN_OR_RETURN(Tensor tensor, decode(proto));
  tensor.name = unique_name(proto.name());
  const Permutation order = identity_permutation(tensor.shape.size());
  return define(proto.name(), {graph_.add_tensor(std::move(tensor)), order});
}

absl::StatusOr<Tensor> Importer::decode(const onnx::TensorProto& proto) const {
  return tensor_from_proto(proto, external_data_folder_);
}

absl::Status Importer::fold(NodeId id) {
  const Node& node = graph_.node(id);
  const bool foldable = !std::holds_alternative<Quantize>(node.op) &&
                        !std::holds_alternative<Dequantize>(node.op) &&
                        std::all_of(node.inputs.begin(), node.inputs.end(), [&](TensorId input) {
                          return !input.valid() || graph_.tensor(input).constant();
                        });
  if (!foldable) return absl::OkStatus();
  int64_t size = 0;
  for (const TensorId output : node.outputs) size += elements(graph_.tensor(output).shape);
  if (size > fold_budget_) return absl::OkStatus();
  DURWARD_ASSIGN_OR_RETURN(const bool folded, fold_constant(graph_, id, fold_budget_));
  if (folded) charge_fold(size);
  return absl::OkStatus();
}

TensorId Importer::permuted_constant(TensorId id, const Permutation& perm) {
  Tensor& original = graph_.mutable_tensor(id);
  Tensor copy{original.name, original.type, permuted(original.shape, perm), original.quant, {}};
  copy.data = std::make_shared<const std::vector<std::byte>>(
      transposed_bytes(*original.data, original.shape, perm, size_of(original.type)));
  if (copy.quant && copy.quant->per_axis()) {
    copy.quant->axis = inverse(perm)[static_cast<size_t>(copy.quant->axis)];
  }
  // The form in use keeps the model's name; the other one is dropped at the end, as a rule.
  original.name = unique_name(absl::StrCat(copy.name, "/onnx_order"));
  return graph_.add_tensor(std::move(copy));
}

TensorId Importer::reshaped_constant(TensorId id, const Shape& target) {
  if (graph_.tensor(id).shape == target) return id;
  Tensor& original = graph_.mutable_tensor(id);
  Tensor copy{original.name, original.type, target, original.quant, original.data};
  original.name = unique_name(absl::StrCat(copy.name, "/onnx_shape"));
  return graph_.add_tensor(std::move(copy));
}

absl::StatusOr<TensorId> Importer::dequantized(TensorId original, TensorId integers) {
  const NodeId producer = graph_.producer(original);
  const std::string name = unique_name(absl::StrCat(graph_.tensor(original).name, "/reordered"));
  return graph_.add_op(graph_.node(producer).op, name, {integers});
}

TensorId Importer::dequantized_constant(TensorId id) const {
  if (graph_.producer_as<Dequantize>(id) == nullptr) return {};
  const TensorId source = graph_.node(graph_.producer(id)).inputs[0];
  return graph_.tensor(source).constant() ? source : TensorId{};
}

}  // namespace durward
