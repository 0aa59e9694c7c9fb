// QuantizeLinear, DequantizeLinear  =>  Quantize, Dequantize and the QuantParams of the tensor
// between them; uint8 becomes int8 with the zero point moved by 128.
#include <cmath>

#include "formats/onnx/import_ops.h"

namespace durward {
namespace {

// A quantised type of ONNX in the IR: unsigned bytes are kept as signed ones.
DataType signed_type(DataType type) { return type == DataType::kUInt8 ? DataType::kInt8 : type; }

std::optional<int32_t> zero_point_at(const Tensor& tensor, size_t index) {
  switch (tensor.type) {
    case DataType::kUInt8:
      return int32_t{tensor.values<uint8_t>()[index]} - 128;
    case DataType::kInt8:
      return tensor.values<int8_t>()[index];
    case DataType::kInt16:
      return tensor.values<int16_t>()[index];
    case DataType::kInt32:
      return tensor.values<int32_t>()[index];
    default:
      return std::nullopt;
  }
}

struct Quantisation {
  DataType type = DataType::kUInt8;  // as in ONNX
  QuantParams params;                // for signed_type(type); the axis is ONNX's
};

absl::StatusOr<Quantisation> read_quantisation(Importer& importer, const NodeView& node,
                                               const Shape& shape, DataType default_type) {
  if (node.get_int("block_size", 0) != 0) {
    return node.unimplemented("quantisation in blocks is not supported; per tensor or axis is");
  }
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue scale, importer.input(node, 1));
  DURWARD_ASSIGN_OR_RETURN(const auto zero_point, importer.optional_input(node, 2));
  Quantisation result;
  result.type = default_type;
  DURWARD_ASSIGN_OR_RETURN(result.params.scales, importer.floats(node, scale));
  const size_t count = result.params.scales.size();
  for (const float value : result.params.scales) {
    if (!(value > 0) || !std::isfinite(value)) {
      return node.invalid(absl::StrCat("scale ", value, " is not a positive number"));
    }
  }
  const int32_t none = default_type == DataType::kUInt8 ? -128 : 0;
  result.params.zero_points.assign(count, none);
  if (zero_point) {
    const Tensor& tensor = importer.tensor(*zero_point);
    if (!tensor.constant()) return node.unimplemented("its zero point must be constant");
    if (elements(tensor.shape) != static_cast<int64_t>(count)) {
      return node.invalid("scale and zero point differ in shape");
    }
    result.type = tensor.type;
    for (size_t i = 0; i < count; ++i) {
      const std::optional<int32_t> value = zero_point_at(tensor, i);
      if (!value) {
        return node.unimplemented(absl::StrCat(
            "quantisation to ", std::string(to_string(tensor.type)), " is not supported"));
      }
      result.params.zero_points[i] = *value;
    }
  }
  const Shape scale_shape = importer.shape(scale);
  if (scale_shape.empty() || (scale_shape.size() == 1 && count == 1)) return result;
  DURWARD_ASSIGN_OR_RETURN(const int axis, front_axis(node, node.get_int("axis", 1), shape.size()));
  if (scale_shape.size() != 1 || static_cast<int64_t>(count) != shape[static_cast<size_t>(axis)]) {
    return node.invalid(absl::StrCat(count, " scales along axis ", axis, " of ", to_string(shape)));
  }
  result.params.axis = axis;
  return result;
}

// The parameters with the axis that storage in `order` has.
QuantParams stored_params(QuantParams params, const Permutation& order) {
  if (params.per_axis()) params.axis = inverse(order)[static_cast<size_t>(params.axis)];
  return params;
}

// The constant with its unsigned bytes moved to signed ones: q - 128 is q with the top bit flipped.
std::shared_ptr<const std::vector<std::byte>> signed_bytes(const Tensor& tensor) {
  if (tensor.type != DataType::kUInt8) return tensor.data;
  std::vector<std::byte> bytes(*tensor.data);
  for (std::byte& byte : bytes) byte ^= std::byte{0x80};
  return std::make_shared<const std::vector<std::byte>>(std::move(bytes));
}

}  // namespace

absl::Status import_quantize_linear(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  DataType type = DataType::kUInt8;
  if (const int64_t wanted = node.get_int("output_dtype", 0); wanted != 0) {
    if (wanted == onnx::TensorProto::INT8) {
      type = DataType::kInt8;
    } else if (wanted == onnx::TensorProto::INT16) {
      type = DataType::kInt16;
    } else if (wanted != onnx::TensorProto::UINT8) {
      return node.unimplemented("quantisation to this output_dtype is not supported");
    }
  }
  DURWARD_ASSIGN_OR_RETURN(const Quantisation quantisation,
                           read_quantisation(importer, node, importer.shape(x), type));
  Graph& graph = importer.graph();
  Tensor output{importer.unique_name(node.output(0)),
                signed_type(quantisation.type),
                importer.tensor(x).shape,
                stored_params(quantisation.params, x.order),
                {}};
  const TensorId id = graph.add_tensor(std::move(output));
  const NodeId added = graph.add_node(Quantize{}, node.name(), {x.tensor}, {id});
  DURWARD_RETURN_IF_ERROR(infer_shapes(graph, added));
  if (importer.constant(x)) {
    // Weights that training keeps as float are stored as the integers they stand for.
    DURWARD_RETURN_IF_ERROR(fold_constant(graph, added).status());
  }
  return importer.define(node.output(0), {id, x.order});
}

absl::Status import_dequantize_linear(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const Tensor source = importer.tensor(x);
  // A tensor that has been quantised already is signed; its ONNX type was told by its zero point.
  const DataType stored = source.type;
  DURWARD_ASSIGN_OR_RETURN(const Quantisation quantisation,
                           read_quantisation(importer, node, importer.shape(x), stored));
  QuantParams params = stored_params(quantisation.params, x.order);
  Graph& graph = importer.graph();
  TensorId id = x.tensor;
  if (source.quant) {
    // Without a zero point it is 0 of the type that QuantizeLinear chose.
    if (!node.has_input(2)) params.zero_points = source.quant->zero_points;
    if (params != *source.quant) {
      return node.unimplemented(
          "its scale or zero point differs from those its input was quantised with");
    }
  } else if (source.constant()) {
    if (node.has_input(2) && quantisation.type != stored) {
      return node.invalid("its zero point and its input differ in type");
    }
    if (stored == DataType::kFloat32 || stored == DataType::kInt64 || stored == DataType::kBool) {
      return node.invalid("its input is not quantised");
    }
    Tensor integers = source;
    integers.type = signed_type(stored);
    integers.data = signed_bytes(source);
    integers.quant = std::move(params);
    // The integers keep the model's name; what they replace is dropped at the end.
    graph.mutable_tensor(x.tensor).name =
        importer.unique_name(absl::StrCat(source.name, "/without_scale"));
    id = graph.add_tensor(std::move(integers));
  } else if (!graph.producer(x.tensor).valid() && signed_type(stored) == DataType::kInt8) {
    // An input that the caller quantises keeps its type, which is part of the model's interface.
    if (stored == DataType::kUInt8) {
      for (int32_t& zero_point : params.zero_points) zero_point += 128;
    }
    graph.mutable_tensor(x.tensor).quant = std::move(params);
  } else {
    return node.unimplemented("its input is neither a constant nor the output of QuantizeLinear");
  }
  return importer.emit(node, Dequantize{}, {id}, x.order);
}

}  // namespace durward
