#include "formats/onnx/reader.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <limits>
#include <queue>

#include "base/file.h"
#include "formats/onnx/import_ops.h"
#include "formats/onnx/importer.h"
#include "formats/onnx/proto_tensor.h"

namespace durward {
namespace {

constexpr int kOldestReadOpset = 9, kNewestReadOpset = 21;
// Branches in branches; each takes a part of the stack.
constexpr int kMaxBranchDepth = 16;

absl::StatusOr<onnx::ModelProto> parse(std::span<const std::byte> bytes) {
  onnx::ModelProto model;
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::ResourceExhaustedError(
        "the model has more than 2 GiB: store its weights as external data");
  }
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage() ||
      !model.has_graph()) {
    return absl::InvalidArgumentError(
        "not an ONNX model, or a damaged one (it may be cut off): its protobuf cannot be read");
  }
  return model;
}

absl::StatusOr<int> opset_of(const onnx::ModelProto& model) {
  int64_t opset = model.opset_import_size() == 0 ? 1 : 0;
  for (const onnx::OperatorSetIdProto& import : model.opset_import()) {
    if (import.domain().empty() || import.domain() == "ai.onnx") {
      opset = std::max(opset, import.version());
    }
  }
  if (opset < kOldestReadOpset || opset > kNewestReadOpset) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the model uses ONNX opset ", opset, "; opsets ", kOldestReadOpset, " to ",
        kNewestReadOpset, " are supported: export it again with one of them, 17 for example"));
  }
  return static_cast<int>(opset);
}

std::string describe_shape(const onnx::TensorShapeProto& shape) {
  std::string text;
  for (const onnx::TensorShapeProto::Dimension& dimension : shape.dim()) {
    absl::StrAppend(&text, text.empty() ? "" : "x",
                    dimension.has_dim_value()       ? absl::StrCat(dimension.dim_value())
                    : dimension.dim_param().empty() ? "?"
                                                    : dimension.dim_param());
  }
  return text.empty() ? "scalar" : text;
}

// One import: the model's parts in order, and a list of what is not supported.
class Reader {
 public:
  Reader(onnx::ModelProto model, int opset, const OnnxReadOptions& options)
      : model_(std::move(model)),
        opset_(opset),
        options_(options),
        importer_(options.external_data_folder) {}

  absl::StatusOr<Graph> read() {
    const onnx::GraphProto& graph = model_.graph();
    importer_.graph().name = graph.name();
    if (graph.sparse_initializer_size() != 0) {
      return absl::UnimplementedError(absl::StrCat("the model has sparse constants ('",
                                                   graph.sparse_initializer(0).values().name(),
                                                   "'): store them dense"));
    }
    if (graph.output_size() == 0) {
      return absl::InvalidArgumentError("the model has no output");
    }
    DURWARD_RETURN_IF_ERROR(read_initializers());
    DURWARD_RETURN_IF_ERROR(read_inputs());
    DURWARD_RETURN_IF_ERROR(read_nodes(graph));
    DURWARD_RETURN_IF_ERROR(refuse_unsupported());
    DURWARD_RETURN_IF_ERROR(read_outputs());
    Graph& result = importer_.graph();
    result.remove_dead_nodes();
    result.compact();
    DURWARD_RETURN_IF_ERROR(verify(result));
    return std::move(result);
  }

 private:
  absl::Status read_initializers() {
    for (onnx::TensorProto& proto : *model_.mutable_graph()->mutable_initializer()) {
      if (proto.name().empty()) return absl::InvalidArgumentError("a constant has no name");
      DURWARD_RETURN_IF_ERROR(importer_.add_initializer(proto));
      // The graph has the data now; the model need not keep them too.
      onnx::TensorProto().Swap(&proto);
    }
    return absl::OkStatus();
  }

  // The dimension that the caller fixed for an open one; NotFound where there is none.
  absl::StatusOr<int64_t> fixed_dimension(const onnx::ValueInfoProto& input,
                                          const onnx::TensorShapeProto::Dimension& dimension,
                                          int index) const {
    // Some exporters write -1 for an open dimension.
    if (dimension.has_dim_value() && dimension.dim_value() != -1) return dimension.dim_value();
    const auto numbered = options_.dimensions.find(absl::StrCat(input.name(), "[", index, "]"));
    if (numbered != options_.dimensions.end()) return numbered->second;
    const auto named = options_.dimensions.find(dimension.dim_param());
    if (!dimension.dim_param().empty() && named != options_.dimensions.end()) return named->second;
    if (index == 0) return options_.batch;
    return absl::NotFoundError("open");
  }

  absl::StatusOr<Shape> input_shape(const onnx::ValueInfoProto& input) const {
    const onnx::TensorShapeProto& proto = input.type().tensor_type().shape();
    if (!input.type().tensor_type().has_shape() ||
        static_cast<size_t>(proto.dim_size()) > kMaxRank) {
      return absl::InvalidArgumentError(absl::StrCat(
          "input '", input.name(), "' has no shape, or one of more than 8 dimensions"));
    }
    Shape shape;
    for (int i = 0; i < proto.dim_size(); ++i) {
      const auto dimension = fixed_dimension(input, proto.dim(i), i);
      if (!dimension.ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat("input '", input.name(), "' (", describe_shape(proto), "): dimension ", i,
                         " ('", proto.dim(i).dim_param(),
                         "') is open: give its value by name, or as ", input.name(), "[", i, "]"));
      }
      if (*dimension < 1) {
        return absl::InvalidArgumentError(absl::StrCat("input '", input.name(), "': dimension ", i,
                                                       " is ", *dimension, ", must be at least 1"));
      }
      shape.push_back(*dimension);
    }
    if (const auto count = element_count(shape); !count.ok()) {
      return with_context(count.status(), absl::StrCat("input '", input.name(), "'"));
    }
    return shape;
  }

  // The inputs that the model itself takes in NHWC: every use is a Transpose from there to NCHW.
  absl::flat_hash_set<std::string> nhwc_inputs() const {
    absl::flat_hash_set<std::string> transposed, other;
    for (const onnx::NodeProto& node : model_.graph().node()) {
      const bool to_nchw =
          node.op_type() == "Transpose" &&
          NodeView(node, opset_).get_ints("perm") == std::vector<int64_t>{0, 3, 1, 2};
      for (const std::string& input : node.input()) (to_nchw ? transposed : other).insert(input);
    }
    for (const std::string& input : other) transposed.erase(input);
    return transposed;
  }

  absl::Status read_inputs() {
    Graph& graph = importer_.graph();
    const absl::flat_hash_set<std::string> nhwc = nhwc_inputs();
    for (const onnx::ValueInfoProto& input : model_.graph().input()) {
      const ImportedValue* known = importer_.find(input.name());
      // Before IR version 4 constants were listed as inputs too.
      if (known != nullptr && importer_.constant(*known)) continue;
      const int element_type = input.type().tensor_type().elem_type();
      const std::optional<DataType> type = data_type_of(element_type);
      if (!type || !input.type().has_tensor_type()) {
        return absl::InvalidArgumentError(absl::StrCat("input '", input.name(), "': element type ",
                                                       element_type_name(element_type),
                                                       " is not supported"));
      }
      DURWARD_ASSIGN_OR_RETURN(const Shape shape, input_shape(input));
      if (options_.fixed_inputs.contains(input.name())) {
        DURWARD_RETURN_IF_ERROR(fix_input(input.name(), *type, shape));
        continue;
      }
      const bool nchw = shape.size() == 4 && !nhwc.contains(input.name());
      const Permutation order = nchw ? kImageOrder : identity_permutation(shape.size());
      const TensorId id =
          graph.add_tensor(importer_.unique_name(input.name()), *type, permuted(shape, order));
      graph.inputs.push_back({id, input.name(), nchw ? PortLayout::kNchw : PortLayout::kAsIs});
      DURWARD_RETURN_IF_ERROR(importer_.define(input.name(), {id, order}));
    }
    for (const auto& [name, value] : options_.fixed_inputs) {
      if (importer_.find(name) != nullptr) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("the model has no input '", name, "', which should always be ", value));
    }
    return absl::OkStatus();
  }

  // The input is a constant from here on.
  absl::Status fix_input(const std::string& name, DataType type, const Shape& shape) {
    const int64_t value = options_.fixed_inputs.at(name);
    const auto narrow = static_cast<int32_t>(value);
    const bool wide = type == DataType::kInt64;
    if (elements(shape) != 1 || (!wide && (type != DataType::kInt32 || narrow != value))) {
      return absl::InvalidArgumentError(
          absl::StrCat("input '", name, "', ", std::string(to_string(type)), " of shape ",
                       to_string(shape), ", cannot be fixed to ", value,
                       ": only an int32 or int64 of one element can, to a value that it can have"));
    }
    Graph& graph = importer_.graph();
    const std::string unique = importer_.unique_name(name);
    const TensorId id = wide ? graph.add_constant<int64_t>(unique, shape, std::span(&value, 1))
                             : graph.add_constant<int32_t>(unique, shape, std::span(&narrow, 1));
    return importer_.define(name, {id, identity_permutation(shape.size())});
  }

  // The nodes, each after those it takes values from. The standard asks models for that order; a
  // model without it is sorted, one with a cycle refused.
  absl::StatusOr<std::vector<int>> sorted_nodes(const onnx::GraphProto& graph) const {
    const auto& nodes = graph.node();
    absl::flat_hash_map<std::string, int> producer;
    for (int i = 0; i < nodes.size(); ++i) {
      for (const std::string& output : nodes[i].output()) {
        if (output.empty()) continue;
        if (!producer.try_emplace(output, i).second) {
          return absl::InvalidArgumentError(
              absl::StrCat("value '", output, "' is the output of two nodes"));
        }
      }
    }
    std::vector<std::vector<int>> consumers(static_cast<size_t>(nodes.size()));
    std::vector<int> missing(static_cast<size_t>(nodes.size()), 0);
    std::priority_queue<int, std::vector<int>, std::greater<>> ready;
    for (int i = 0; i < nodes.size(); ++i) {
      for (const std::string& input : nodes[i].input()) {
        const auto from = producer.find(input);
        if (input.empty() || from == producer.end()) continue;
        consumers[static_cast<size_t>(from->second)].push_back(i);
        ++missing[static_cast<size_t>(i)];
      }
      if (missing[static_cast<size_t>(i)] == 0) ready.push(i);
    }
    std::vector<int> order;
    while (!ready.empty()) {
      const int index = ready.top();
      ready.pop();
      order.push_back(index);
      for (const int consumer : consumers[static_cast<size_t>(index)]) {
        if (--missing[static_cast<size_t>(consumer)] == 0) ready.push(consumer);
      }
    }
    for (int i = 0; i < nodes.size(); ++i) {
      if (missing[static_cast<size_t>(i)] > 0) {
        return absl::InvalidArgumentError(
            absl::StrCat(NodeView(nodes[i], opset_).where(),
                         ": it depends on its own output (a cycle); the model is broken"));
      }
    }
    return order;
  }

  // What is not supported is listed.
  absl::Status read_nodes(const onnx::GraphProto& graph) {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<int> order, sorted_nodes(graph));
    for (const int index : order) {
      const onnx::NodeProto& proto = graph.node(index);
      const NodeView node(proto, opset_);
      absl::Status status = read_node(node);
      if (!node.status().ok()) status = node.status();
      if (status.ok()) continue;
      if (status.code() != absl::StatusCode::kUnimplemented) return status;
      list_unsupported(node, std::string(status.message()));
    }
    return absl::OkStatus();
  }

  absl::Status refuse_unsupported() const {
    if (unsupported_.empty()) return absl::OkStatus();
    std::string message = absl::StrCat(unsupported_count_, " node(s) are not supported:");
    for (const std::string& line : unsupported_) absl::StrAppend(&message, "\n  ", line);
    return absl::UnimplementedError(message);
  }

  absl::Status read_node(const NodeView& node) {
    const std::string& domain = node.proto().domain();
    const bool standard = domain.empty() || domain == "ai.onnx";
    const OnnxHandler handler = standard ? find_onnx_handler(node.op()) : nullptr;
    const bool is_if = standard && node.op() == "If";
    if (handler == nullptr && !is_if) {
      return node.unimplemented(
          standard ? absl::StrCat("nearest supported: ", std::string(nearest_supported(node.op())))
                   : absl::StrCat("ops of the domain '", domain,
                                  "' are not supported: export the model with standard ops only"));
    }
    // What follows an unsupported node cannot be read, and is not at fault.
    for (const std::string& input : node.proto().input()) {
      if (unknown_.contains(input)) {
        make_unknown(node);
        return absl::OkStatus();
      }
    }
    // A recurrent layer's first output is the sequence, which may be left out.
    const bool recurrent = node.op() == "LSTM" || node.op() == "GRU";
    if (node.proto().output_size() == 0 || (node.proto().output(0).empty() && !recurrent)) {
      return node.invalid("it has no output");
    }
    absl::Status status = is_if ? read_branch(node) : handler(importer_, node);
    if (!status.ok()) {
      if (status.code() == absl::StatusCode::kUnimplemented) return status;
      const bool named = std::string(status.message()).find(node.name()) != std::string::npos;
      return named ? status : with_context(status, node.where());
    }
    return absl::OkStatus();
  }

  // If with a constant condition  =>  the branch that is taken
  absl::Status read_branch(const NodeView& node) {
    DURWARD_ASSIGN_OR_RETURN(const ImportedValue condition, importer_.input(node, 0));
    const Tensor& value = importer_.tensor(condition);
    if (!value.constant()) {
      return node.unimplemented(absl::StrCat(
          "its condition '", node.proto().input(0),
          "' depends on the data; one that depends on shapes, constants and inputs that are fixed "
          "(sr=16000) is folded"));
    }
    if (value.type != DataType::kBool || elements(value.shape) != 1) {
      return node.invalid("its condition is not one truth value");
    }
    const bool taken = value.values<uint8_t>()[0] != 0;
    const onnx::GraphProto* branch = node.get_graph(taken ? "then_branch" : "else_branch");
    if (branch == nullptr) return node.invalid("it lacks a branch");
    if (branch->output_size() != node.proto().output_size()) {
      return node.invalid(absl::StrCat("it has ", node.proto().output_size(),
                                       " outputs, its branch ", branch->output_size()));
    }
    if (depth_ == kMaxBranchDepth) {
      return node.invalid(absl::StrCat("more than ", kMaxBranchDepth, " branches in each other"));
    }
    ++depth_;
    importer_.begin_scope();
    absl::StatusOr<std::vector<ImportedValue>> outputs = branch_outputs(node, *branch);
    importer_.end_scope();
    --depth_;
    DURWARD_RETURN_IF_ERROR(outputs.status());
    for (size_t i = 0; i < outputs->size(); ++i) {
      const std::string& name = node.output(static_cast<int>(i));
      if (!name.empty()) DURWARD_RETURN_IF_ERROR(importer_.define(name, (*outputs)[i]));
    }
    return absl::OkStatus();
  }

  // Reads a branch of `node`. No outputs, and those of the node unknown, where one is unknown.
  absl::StatusOr<std::vector<ImportedValue>> branch_outputs(const NodeView& node,
                                                            const onnx::GraphProto& branch) {
    for (const onnx::TensorProto& proto : branch.initializer()) {
      if (proto.name().empty()) return absl::InvalidArgumentError("a constant has no name");
      DURWARD_RETURN_IF_ERROR(importer_.add_initializer(proto));
    }
    DURWARD_RETURN_IF_ERROR(read_nodes(branch));
    std::vector<ImportedValue> outputs;
    for (const onnx::ValueInfoProto& output : branch.output()) {
      if (unknown_.contains(output.name())) {
        make_unknown(node);
        return std::vector<ImportedValue>();
      }
      const ImportedValue* value = importer_.find(output.name());
      if (value == nullptr) {
        return node.invalid(absl::StrCat("its branch's output '", output.name(),
                                         "' is not the output of any node"));
      }
      outputs.push_back(*value);
    }
    return outputs;
  }

  void make_unknown(const NodeView& node) {
    for (const std::string& output : node.proto().output()) {
      if (!output.empty()) unknown_.insert(output);
    }
  }

  // "conv1: Conv (1x3x8x8, 8x3x3x3): reason"
  void list_unsupported(const NodeView& node, std::string_view reason) {
    constexpr size_t kMaxLines = 200;
    make_unknown(node);
    ++unsupported_count_;
    if (unsupported_.size() == kMaxLines) unsupported_.push_back("... and more");
    if (unsupported_.size() > kMaxLines) return;
    std::string shapes;
    for (const std::string& input : node.proto().input()) {
      absl::StrAppend(&shapes, shapes.empty() ? "" : ", ", shape_text(input));
    }
    unsupported_.push_back(
        absl::StrCat(node.name(), ": ", node.op(), " (", shapes, "): ", std::string(reason)));
  }

  std::string shape_text(const std::string& value) const {
    if (value.empty()) return "none";
    if (const ImportedValue* known = importer_.find(value)) {
      return to_string(importer_.shape(*known));
    }
    for (const onnx::ValueInfoProto& info : model_.graph().value_info()) {
      if (info.name() == value) return describe_shape(info.type().tensor_type().shape());
    }
    return "shape unknown";
  }

  absl::Status read_outputs() {
    Graph& graph = importer_.graph();
    for (const onnx::ValueInfoProto& output : model_.graph().output()) {
      const ImportedValue* value = importer_.find(output.name());
      if (value == nullptr) {
        return absl::InvalidArgumentError(
            absl::StrCat("output '", output.name(), "' is not the output of any node"));
      }
      const bool nchw = value->order == kImageOrder;
      const Permutation order = nchw ? kImageOrder : identity_permutation(value->order.size());
      DURWARD_ASSIGN_OR_RETURN(TensorId id, importer_.in_order(*value, order));
      const bool truth = output.type().tensor_type().elem_type() == onnx::TensorProto::BOOL;
      if (truth && graph.tensor(id).type != DataType::kBool) {
        return absl::UnimplementedError(absl::StrCat(
            "output '", output.name(), "' is a truth value; cast it to a number in the model"));
      }
      if (!graph.producer(id).valid()) {  // an input or a constant
        const std::string name = importer_.unique_name(absl::StrCat(output.name(), "/copy"));
        DURWARD_ASSIGN_OR_RETURN(id, graph.add_op(Identity{}, name, {id}));
      }
      graph.outputs.push_back({id, output.name(), nchw ? PortLayout::kNchw : PortLayout::kAsIs});
    }
    return absl::OkStatus();
  }

  onnx::ModelProto model_;
  int opset_;
  const OnnxReadOptions& options_;
  Importer importer_;
  absl::flat_hash_set<std::string> unknown_;  // outputs of nodes that could not be read
  std::vector<std::string> unsupported_;
  int unsupported_count_ = 0;
  int depth_ = 0;  // of branches being read
};

absl::StatusOr<Graph> import_model(absl::StatusOr<onnx::ModelProto> model,
                                   const OnnxReadOptions& options) {
  if (!model.ok()) return model.status();
  if (options.batch < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the batch must be at least 1, not ", options.batch));
  }
  DURWARD_ASSIGN_OR_RETURN(const int opset, opset_of(*model));
  return Reader(*std::move(model), opset, options).read();
}

// Parses a file and lets go of its bytes: a large model is held once, not twice.
absl::StatusOr<onnx::ModelProto> parse_file(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_file(path));
  return parse(bytes);
}

}  // namespace

absl::StatusOr<Graph> read_onnx(const std::filesystem::path& path, const OnnxReadOptions& options) {
  OnnxReadOptions with_folder = options;
  if (with_folder.external_data_folder.empty()) {
    with_folder.external_data_folder = path.has_parent_path() ? path.parent_path() : ".";
  }
  auto graph = import_model(parse_file(path), with_folder);
  const bool named = std::string(graph.status().message()).find(path.string()) != std::string::npos;
  if (!graph.ok() && !named) return with_context(graph.status(), path.string());
  return graph;
}

absl::StatusOr<Graph> read_onnx(std::span<const std::byte> model, const OnnxReadOptions& options) {
  return import_model(parse(model), options);
}

}  // namespace durward
