#include "formats/onnx/writer.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>

#include "formats/onnx/exporter.h"

namespace durward {
namespace {

constexpr int kOldestWrittenOpset = 13, kNewestWrittenOpset = 21;

// The IR version that each opset came with (ONNX, docs/Versioning.md).
int64_t ir_version(int opset) {
  if (opset <= 14) return 7;
  if (opset <= 18) return 8;
  if (opset <= 20) return 9;
  return 10;
}

absl::Status check(const Graph& graph, const OnnxWriteOptions& options) {
  DURWARD_RETURN_IF_ERROR(verify(graph));
  for (const std::vector<Port>* ports : {&graph.inputs, &graph.outputs}) {
    for (const Port& port : *ports) {
      if (port.layout == PortLayout::kNchw && graph.tensor(port.tensor).shape.size() != 4) {
        return absl::InvalidArgumentError(
            absl::StrCat("port '", port.name, "' is NCHW but has not 4 dimensions"));
      }
    }
  }
  if (options.opset < kOldestWrittenOpset || options.opset > kNewestWrittenOpset) {
    return absl::InvalidArgumentError(absl::StrCat("cannot write ONNX opset ", options.opset, ": ",
                                                   kOldestWrittenOpset, " to ", kNewestWrittenOpset,
                                                   " are supported"));
  }
  for (const TensorId id : graph.tensor_ids()) {
    const Tensor& tensor = graph.tensor(id);
    if (tensor.quant && tensor.type == DataType::kInt16 && options.opset < 21) {
      return absl::InvalidArgumentError(absl::StrCat(
          "tensor '", tensor.name, "' is quantised to int16: ONNX has that since opset 21"));
    }
  }
  for (const TensorId id : options.extra_outputs) {
    if (!id.valid() || static_cast<size_t>(id.index) >= graph.tensor_count()) {
      return absl::InvalidArgumentError(
          absl::StrCat("extra output ", id.index, " is no tensor of the graph"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> serialized(const onnx::ModelProto& model) {
  if (model.ByteSizeLong() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::ResourceExhaustedError("the ONNX model would have more than 2 GiB");
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!model.SerializeToCodedStream(&coded)) {
      return absl::InternalError("the ONNX model could not be serialised");
    }
  }
  return bytes;
}

}  // namespace

absl::StatusOr<OnnxExport> export_onnx(const Graph& graph, const OnnxWriteOptions& options) {
  DURWARD_RETURN_IF_ERROR(check(graph, options));
  onnx::ModelProto model;
  model.set_ir_version(ir_version(options.opset));
  model.set_producer_name("durward");
  model.add_opset_import()->set_version(options.opset);
  onnx::GraphProto& target = *model.mutable_graph();
  target.set_name(graph.name.empty() ? "model" : graph.name);

  Exporter exporter(graph, options, target);
  DURWARD_RETURN_IF_ERROR(exporter.add_inputs());
  for (const NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    DURWARD_RETURN_IF_ERROR(
        std::visit([&](const auto& op) { return export_op(exporter, node, op); }, node.op));
  }
  OnnxExport result;
  DURWARD_ASSIGN_OR_RETURN(result.outputs, exporter.add_outputs());
  DURWARD_ASSIGN_OR_RETURN(result.model, serialized(model));
  return result;
}

absl::StatusOr<std::string> write_onnx(const Graph& graph, const OnnxWriteOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(OnnxExport result, export_onnx(graph, options));
  return std::move(result.model);
}

}  // namespace durward
