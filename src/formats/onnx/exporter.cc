#include "formats/onnx/exporter.h"

#include <algorithm>
#include <cmath>

#include "formats/onnx/proto_tensor.h"

namespace durward {
namespace {

bool is_activation_integer(const Tensor& tensor) {
  return tensor.quant && (tensor.type == DataType::kInt8 || tensor.type == DataType::kUInt8 ||
                          tensor.type == DataType::kInt16);
}

// int8 stored as uint8: q + 128, which flips the top bit.
Buffer unsigned_bytes(const Buffer& bytes) {
  std::vector<std::byte> result(*bytes);
  for (std::byte& byte : result) byte ^= std::byte{0x80};
  return std::make_shared<const std::vector<std::byte>>(std::move(result));
}

template <typename T>
Tensor constant_of(const std::string& name, DataType type, Shape shape,
                   const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return Tensor{name, type, std::move(shape), std::nullopt,
                std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end())};
}

Tensor zero_point_constant(const std::string& name, DataType type, const Shape& shape,
                           const std::vector<int32_t>& zero_points, bool shift) {
  std::vector<std::byte> bytes;
  for (const int32_t zero_point : zero_points) {
    const auto stored = static_cast<uint32_t>(zero_point + (shift ? 128 : 0));
    bytes.push_back(static_cast<std::byte>(stored));
    if (type == DataType::kInt16) bytes.push_back(static_cast<std::byte>(stored >> 8));
  }
  return Tensor{name, type, shape, std::nullopt,
                std::make_shared<const std::vector<std::byte>>(std::move(bytes))};
}

}  // namespace

Exporter::Exporter(const Graph& graph, const OnnxWriteOptions& options, onnx::GraphProto& target)
    : graph_(graph), options_(options), target_(target) {
  for (const Port& port : graph.inputs) names_.emplace(port.name, 0);
  for (const Port& port : graph.outputs) names_.emplace(port.name, 0);
}

std::string Exporter::value(TensorId id, const Permutation& order, ConstantRole role) {
  if (const TensorId source = constant_source(id); source.valid()) {
    return constant_value(source, shape(source), order, permuted(shape(source), order), role);
  }
  const ExportedValue& known = values_.at(id);
  return in_order(known.name, shape(id), known.order, order);
}

std::string Exporter::quantized_value(TensorId id, const Permutation& order) {
  const ExportedValue& known = values_.at(id);
  return in_order(known.quantized, shape(id), known.order, order);
}

std::string Exporter::operand(TensorId id, const Permutation& order, bool may_drop_dimensions) {
  Shape padded = shape(id);
  const TensorId source = constant_source(id);
  if (source.valid() && may_drop_dimensions && elements(padded) == 1) {
    return constant_value(source, {}, {}, {}, ConstantRole::kActivation);
  }
  padded.insert(padded.begin(), order.size() - padded.size(), 1);
  if (!source.valid()) {
    const ExportedValue full = reshaped(id, padded);
    return in_order(full.name, padded, full.order, order);
  }
  const Shape stored = permuted(padded, order);
  // Leading dimensions of size 1 say nothing: [1,C,1,1] is written [C,1,1].
  auto first = stored.begin();
  while (may_drop_dimensions && first != stored.end() && *first == 1) ++first;
  return constant_value(source, padded, order, {first, stored.end()}, ConstantRole::kActivation);
}

ExportedValue Exporter::reshaped(TensorId id, const Shape& target) {
  const Shape& from = shape(id);
  const Permutation stored = constant(id) ? identity_permutation(from.size()) : order(id);
  if (from == target) return {value(id, stored), "", stored};
  const ReshapePlan plan = plan_reshape(from, stored, target, kNchwOrder);
  const std::string source = value(id, plan.input);
  const Shape wanted = permuted(target, plan.output);
  if (wanted == permuted(from, plan.input)) return {source, "", plan.output};
  const std::string dimensions = integers(absl::StrCat(tensor(id).name, "_shape"), wanted);
  return {add("Reshape", absl::StrCat(tensor(id).name, "_reshaped"), {source, dimensions}), "",
          plan.output};
}

std::string Exporter::fresh_name(const std::string& wanted) {
  if (names_.try_emplace(wanted, 0).second) return wanted;
  std::string name;
  do {
    name = absl::StrCat(wanted, "_", ++names_[wanted]);
  } while (!names_.try_emplace(name, 0).second);
  return name;
}

std::string Exporter::add(const std::string& op, const std::string& wanted,
                          std::vector<std::string> inputs) {
  onnx::NodeProto& node = *target_.add_node();
  std::string output = fresh_name(wanted);
  node.set_op_type(op);
  node.set_name(absl::StrCat(op, "_", target_.node_size() - 1));
  while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
  for (std::string& input : inputs) node.add_input(std::move(input));
  node.add_output(output);
  return output;
}

void Exporter::attribute(const std::string& name, int64_t value) {
  onnx::AttributeProto& attribute = *target_.mutable_node()->rbegin()->add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void Exporter::attribute(const std::string& name, float value) {
  onnx::AttributeProto& attribute = *target_.mutable_node()->rbegin()->add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
}

void Exporter::attribute(const std::string& name, const std::string& value) {
  onnx::AttributeProto& attribute = *target_.mutable_node()->rbegin()->add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::STRING);
  attribute.set_s(value);
}

void Exporter::attribute(const std::string& name, const std::vector<int64_t>& values) {
  onnx::AttributeProto& attribute = *target_.mutable_node()->rbegin()->add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

std::string Exporter::another_output(const std::string& wanted) {
  std::string name = fresh_name(wanted);
  target_.mutable_node()->rbegin()->add_output(name);
  return name;
}

int64_t Exporter::element_type(DataType type) { return element_type_of(type); }

std::string Exporter::integers(const std::string& wanted, const std::vector<int64_t>& values) {
  return initializer(
      constant_of(wanted, DataType::kInt64, {static_cast<int64_t>(values.size())}, values));
}

std::string Exporter::float_scalar(const std::string& wanted, float value) {
  return initializer(constant_of<float>(wanted, DataType::kFloat32, {}, {value}));
}

std::string Exporter::result_name(TensorId id, Activation activation) const {
  std::string name = tensor(id).name;
  if (is_activation_integer(tensor(id))) name += "_float";
  if (activation != Activation::kNone && !range_implies(id, activation)) name += "_linear";
  return name;
}

absl::Status Exporter::store(const Node& node, std::string name, Permutation order,
                             Activation activation, TensorId slope) {
  const TensorId id = node.outputs[0];
  if (activation != Activation::kNone && !range_implies(id, activation)) {
    const std::string wanted = result_name(id);
    if (activation == Activation::kRelu) {
      name = add("Relu", wanted, {name});
    } else if (activation == Activation::kRelu6) {
      const std::string low = float_scalar(absl::StrCat(wanted, "_min"), 0.0f);
      const std::string high = float_scalar(absl::StrCat(wanted, "_max"), 6.0f);
      name = add("Clip", wanted, {name, low, high});
    } else {
      if (!slope.valid()) {
        return absl::InvalidArgumentError(
            absl::StrCat("node '", node.name, "': its fused PRelu has no slope"));
      }
      name = add("PRelu", wanted, {name, operand(slope, order, true)});
    }
  }
  store(id, std::move(name), std::move(order));
  return absl::OkStatus();
}

void Exporter::store(TensorId id, std::string name, Permutation order) {
  const Tensor& result = tensor(id);
  if (!is_activation_integer(result)) {
    values_[id] = {std::move(name), "", std::move(order)};
    return;
  }
  const DataType type = stored_type(result.type, ConstantRole::kActivation);
  const std::string quantized = quantize("QuantizeLinear", absl::StrCat(result.name, "_quantized"),
                                         name, *result.quant, result.type, type);
  const std::string real =
      quantize("DequantizeLinear", result.name, quantized, *result.quant, result.type, type);
  values_[id] = {real, quantized, std::move(order)};
}

void Exporter::alias(TensorId id, TensorId source, Permutation order) {
  ExportedValue value = values_.at(source);
  value.order = std::move(order);
  values_[id] = std::move(value);
}

absl::Status Exporter::add_inputs() {
  for (const Port& port : graph_.inputs) {
    if (!fixed_.insert(port.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two inputs of the graph are named '", port.name, "'"));
    }
    const Tensor& input = tensor(port.tensor);
    const Permutation order =
        port.layout == PortLayout::kNchw ? kNchwOrder : identity_permutation(input.shape.size());
    TensorId quantized = is_activation_integer(input) ? port.tensor : TensorId{};
    if (!quantized.valid() && input.type == DataType::kFloat32 &&
        options_.ports == OnnxPortType::kQuantized) {
      const std::vector<NodeId>& uses = graph_.consumers(port.tensor);
      if (!graph_.used_once(port.tensor) || graph_.op_as<Quantize>(uses[0]) == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat(
            "input '", port.name, "' is not quantised first: it cannot be given as integers"));
      }
      quantized = graph_.node(uses[0]).outputs[0];
    }
    if (quantized.valid()) {
      DURWARD_RETURN_IF_ERROR(add_quantized_input(port, quantized, order));
      continue;
    }
    declare(target_.add_input(), port.name, input.type, permuted(input.shape, order));
    values_[port.tensor] = {port.name, "", order};
  }
  return absl::OkStatus();
}

absl::Status Exporter::add_quantized_input(const Port& port, TensorId id,
                                           const Permutation& order) {
  const Tensor& integers = tensor(id);
  const DataType type = stored_type(integers.type, ConstantRole::kActivation);
  declare(target_.add_input(), port.name, type, permuted(integers.shape, order));
  const std::string real =
      quantize("DequantizeLinear", integers.name, port.name, *integers.quant, integers.type, type);
  values_[id] = {real, port.name, order};
  return absl::OkStatus();
}

absl::StatusOr<std::vector<OnnxOutput>> Exporter::add_outputs() {
  std::vector<OnnxOutput> outputs;
  absl::flat_hash_set<int32_t> done;
  for (const Port& port : graph_.outputs) {
    if (fixed_.contains(port.name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("two inputs or outputs of the graph are named '", port.name, "'"));
    }
    const Permutation order = port.layout == PortLayout::kNchw
                                  ? kNchwOrder
                                  : identity_permutation(shape(port.tensor).size());
    TensorId id = port.tensor;
    bool quantized = is_activation_integer(tensor(id));
    if (!quantized && options_.ports == OnnxPortType::kQuantized &&
        tensor(id).type == DataType::kFloat32) {
      if (graph_.producer_as<Dequantize>(id) == nullptr || constant(id)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "output '", port.name, "' is not dequantised last: it cannot be given as integers"));
      }
      id = graph_.node(graph_.producer(id)).inputs[0];
      quantized = true;
    }
    DURWARD_ASSIGN_OR_RETURN(OnnxOutput output, add_output(id, port.name, order, quantized));
    output.tensor = port.tensor;
    outputs.push_back(std::move(output));
    done.insert(port.tensor.index);
  }
  for (const TensorId id : graph_.tensor_ids()) {
    if (!extra_output(id) || done.contains(id.index)) continue;
    const auto known = values_.find(id);
    if (known == values_.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "tensor '", tensor(id).name, "' cannot be an output: it is constant or left out"));
    }
    const bool nchw = known->second.order == kNchwOrder;
    const Permutation order = nchw ? kNchwOrder : identity_permutation(shape(id).size());
    DURWARD_ASSIGN_OR_RETURN(OnnxOutput output,
                             add_output(id, value(id, order), order, /*quantized=*/false));
    outputs.push_back(std::move(output));
  }
  return outputs;
}

absl::StatusOr<OnnxOutput> Exporter::add_output(TensorId id, const std::string& name,
                                                const Permutation& order, bool quantized) {
  std::string source = quantized ? quantized_value(id, order) : value(id, order);
  std::string final_name = name;
  if (fixed_.contains(source)) {  // an input, a constant or another output: it has its name
    const std::string copy = add("Identity", absl::StrCat(name, "_copy"), {source});
    source = copy;
    if (fixed_.contains(final_name)) final_name = copy;
  }
  if (source != final_name) rename(source, final_name);
  fixed_.insert(final_name);
  const Tensor& result = tensor(id);
  const DataType type = quantized ? stored_type(result.type, ConstantRole::kActivation)
                        : is_activation_integer(result) ? DataType::kFloat32
                                                        : result.type;
  declare(target_.add_output(), final_name, type, permuted(result.shape, order));
  return OnnxOutput{final_name, id, order == kNchwOrder};
}

bool Exporter::extra_output(TensorId id) const {
  if (std::find(options_.extra_outputs.begin(), options_.extra_outputs.end(), id) !=
      options_.extra_outputs.end()) {
    return true;
  }
  const Tensor& candidate = tensor(id);
  const bool real = candidate.type == DataType::kFloat32 || is_activation_integer(candidate);
  return options_.all_activations && real && graph_.producer(id).valid() && values_.contains(id);
}

Shape Exporter::flattened_image(TensorId id) const {
  const NodeId reshape = graph_.producer(id);
  if (!reshape.valid() || graph_.op_as<Reshape>(reshape) == nullptr || graph_.is_output(id)) {
    return {};
  }
  const bool wanted = options_.all_activations ||
                      std::find(options_.extra_outputs.begin(), options_.extra_outputs.end(), id) !=
                          options_.extra_outputs.end();
  if (wanted) return {};
  const TensorId source = graph_.node(reshape).inputs[0];
  const auto stored = values_.find(source);
  const Shape& image = shape(source);
  if (stored == values_.end() || stored->second.order != kNchwOrder ||
      keeps_order(image, kNchwOrder) || shape(id).size() != 2 || shape(id)[0] != image[0]) {
    return {};
  }
  for (const NodeId use : graph_.consumers(id)) {
    const Node& node = graph_.node(use);
    if (!std::holds_alternative<FullyConnected>(node.op) || node.inputs[0] != id ||
        !constant(node.inputs[1])) {
      return {};
    }
  }
  return {image.begin() + 1, image.end()};
}

std::string Exporter::weights_in_nchw(TensorId weights, const Shape& image) {
  const TensorId source = constant_source(weights);
  const Shape flat = shape(source);
  return constant_value(source, {flat[0], image[0], image[1], image[2]}, kNchwOrder, flat,
                        ConstantRole::kWeight);
}

const Tensor* Exporter::constant_tensor(TensorId id) const {
  const TensorId source = constant_source(id);
  return source.valid() ? &tensor(source) : nullptr;
}

TensorId Exporter::constant_source(TensorId id) const {
  if (tensor(id).constant()) return id;
  if (graph_.producer_as<Dequantize>(id) == nullptr) return {};
  const TensorId source = graph_.node(graph_.producer(id)).inputs[0];
  return tensor(source).constant() ? source : TensorId{};
}

std::string Exporter::constant_value(TensorId id, const Shape& shape, const Permutation& order,
                                     const Shape& final_shape, ConstantRole role) {
  const auto key = std::make_tuple(id, order, shape, final_shape, role);
  if (const auto known = constants_.find(key); known != constants_.end()) return known->second;
  const Tensor& original = tensor(id);
  Tensor stored{original.name, original.type, final_shape, original.quant, original.data};
  if (!keeps_order(shape, order)) {
    stored.data = std::make_shared<const std::vector<std::byte>>(
        transposed_bytes(*original.data, shape, order, size_of(original.type)));
  }
  if (original.quant && original.quant->per_axis()) {
    const int viewed = axis_after_reshape(original.shape, original.quant->axis, shape).value_or(0);
    const int moved = inverse(order)[static_cast<size_t>(viewed)];
    stored.quant->axis = axis_after_reshape(permuted(shape, order), moved, final_shape).value_or(0);
  }
  std::string name = add_constant(std::move(stored), role);
  constants_.emplace(key, name);
  return name;
}

std::string Exporter::add_constant(Tensor constant, ConstantRole role) {
  if (!constant.quant) return initializer(std::move(constant));
  const QuantParams params = *std::exchange(constant.quant, std::nullopt);
  const std::string wanted = constant.name;
  const DataType original = constant.type, type = stored_type(original, role);
  if (type != original) constant.data = unsigned_bytes(constant.data);
  constant.type = type;
  constant.name = absl::StrCat(wanted, "_quantized");
  return quantize("DequantizeLinear", wanted, initializer(std::move(constant)), params, original,
                  type);
}

std::string Exporter::initializer(Tensor constant) {
  constant.name = fresh_name(constant.name);
  fixed_.insert(constant.name);
  *target_.add_initializer() = proto_from_tensor(constant);
  return constant.name;
}

std::string Exporter::in_order(const std::string& name, const Shape& shape, const Permutation& from,
                               const Permutation& to) {
  const Permutation perm = transposition(from, to);
  if (is_identity(perm)) return name;
  const auto key = std::make_pair(name, perm);
  if (const auto known = reordered_.find(key); known != reordered_.end()) return known->second;
  const std::string wanted = absl::StrCat(name, "_transposed");
  std::string result;
  if (keeps_order(permuted(shape, from), perm)) {
    result =
        add("Reshape", wanted, {name, integers(absl::StrCat(name, "_shape"), permuted(shape, to))});
  } else {
    result = add("Transpose", wanted, {name});
    attribute("perm", std::vector<int64_t>(perm.begin(), perm.end()));
  }
  reordered_.emplace(key, result);
  return result;
}

std::string Exporter::quantize(const std::string& op, const std::string& wanted,
                               const std::string& input, const QuantParams& params,
                               DataType original, DataType type) {
  const Shape per_axis = {static_cast<int64_t>(params.scales.size())};
  const Shape shape = params.per_axis() ? per_axis : Shape{};
  std::vector<std::string> inputs{
      input, initializer(constant_of(absl::StrCat(wanted, "_scale"), DataType::kFloat32, shape,
                                     params.scales))};
  // For int32 the standard knows no zero point.
  if (type != DataType::kInt32) {
    inputs.push_back(initializer(zero_point_constant(absl::StrCat(wanted, "_zero_point"), type,
                                                     shape, params.zero_points, type != original)));
  }
  std::string output = add(op, wanted, std::move(inputs));
  if (params.per_axis()) attribute("axis", int64_t{params.axis});
  return output;
}

DataType Exporter::stored_type(DataType type, ConstantRole role) const {
  const bool as_unsigned = type == DataType::kInt8 && role == ConstantRole::kActivation &&
                           options_.activations == OnnxActivationType::kUInt8;
  return as_unsigned ? DataType::kUInt8 : type;
}

void Exporter::declare(onnx::ValueInfoProto* info, const std::string& name, DataType type,
                       const Shape& shape) {
  info->set_name(name);
  onnx::TypeProto::Tensor& proto = *info->mutable_type()->mutable_tensor_type();
  proto.set_elem_type(element_type_of(type));
  proto.mutable_shape();  // a scalar has a shape too, of no dimensions
  for (const int64_t dimension : shape) proto.mutable_shape()->add_dim()->set_dim_value(dimension);
}

bool Exporter::range_implies(TensorId id, Activation activation) const {
  const Tensor& result = tensor(id);
  if (!result.quant || result.quant->per_axis() || result.type != DataType::kInt8) return false;
  if (result.quant->zero_points[0] != -128) return false;
  if (activation == Activation::kRelu) return true;
  // 6 is quantised to the largest integer, and so is everything above it.
  return activation == Activation::kRelu6 && std::nearbyint(6.0f / result.quant->scales[0]) >= 255;
}

void Exporter::rename(const std::string& from, const std::string& to) {
  const auto replace = [&](std::string& name) {
    if (name == from) name = to;
  };
  for (onnx::NodeProto& node : *target_.mutable_node()) {
    for (std::string& input : *node.mutable_input()) replace(input);
    for (std::string& output : *node.mutable_output()) replace(output);
  }
  for (auto& [id, value] : values_) {
    replace(value.name);
    replace(value.quantized);
  }
  for (auto& [key, name] : reordered_) replace(name);
}

Permutation common_order(const Exporter& exporter, const std::vector<TensorId>& tensors,
                         size_t rank) {
  for (const TensorId id : tensors) {
    if (!exporter.constant(id) && exporter.shape(id).size() == rank) return exporter.order(id);
  }
  return identity_permutation(rank);
}

int onnx_axis(const Permutation& order, int axis) {
  return inverse(order)[static_cast<size_t>(axis)];
}

}  // namespace durward
