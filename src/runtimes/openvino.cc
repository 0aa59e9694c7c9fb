// OpenVINO, CPU plugin, always computing in float32 where the model does not say int8: its default
// on recent processors is bfloat16, which changes the embeddings.
#include <openvino/openvino.hpp>
#include <string>
#include <string_view>
#include <unordered_set>

#include "runtimes/backends.h"
#include "runtimes/machine.h"
#include "runtimes/ports.h"

namespace durward {
namespace {

absl::StatusOr<DataType> data_type(const ov::element::Type& type) {
  if (type == ov::element::f32) return DataType::kFloat32;
  if (type == ov::element::f16) return DataType::kFloat16;
  if (type == ov::element::i8) return DataType::kInt8;
  if (type == ov::element::u8) return DataType::kUInt8;
  if (type == ov::element::i16) return DataType::kInt16;
  if (type == ov::element::i32) return DataType::kInt32;
  if (type == ov::element::i64) return DataType::kInt64;
  if (type == ov::element::boolean) return DataType::kBool;
  return absl::InvalidArgumentError(absl::StrCat("a port has the element type ",
                                                 type.get_type_name(),
                                                 ", which this program does not pass on"));
}

// OpenVINO knows a tensor by all the names that fusions left it; the node of a model's output is
// called after the one that the model file gave the output.
std::string port_name(const ov::Output<const ov::Node>& output) {
  constexpr std::string_view kSink = "/sink_port_";
  std::string node = output.get_node()->get_friendly_name();
  node = node.substr(0, node.rfind(kSink));
  const std::unordered_set<std::string>& names = output.get_names();
  return names.empty() || names.contains(node) ? node : output.get_any_name();
}

absl::StatusOr<PortInfo> port_info(const ov::Output<const ov::Node>& output) {
  PortInfo port;
  port.name = port_name(output);
  DURWARD_ASSIGN_OR_RETURN(port.type, data_type(output.get_element_type()));
  if (output.get_partial_shape().is_dynamic())
    return absl::InvalidArgumentError(absl::StrCat(
        "port '", port.name, "' has no fixed shape: ", output.get_partial_shape().to_string(),
        "; fix it in the model file"));
  for (const size_t dim : output.get_shape()) port.shape.push_back(static_cast<int64_t>(dim));
  DURWARD_RETURN_IF_ERROR(with_context(element_count(port.shape).status(), port.name));
  return port;
}

// Gives every dynamic dimension of the inputs the size 1.
void fix_dynamic_dimensions(ov::Model& model) {
  if (!model.is_dynamic()) return;
  std::map<ov::Output<ov::Node>, ov::PartialShape> shapes;
  for (const ov::Output<ov::Node>& input : model.inputs()) {
    ov::PartialShape shape = input.get_partial_shape();
    if (shape.rank().is_dynamic()) continue;
    for (ov::Dimension& dim : shape)
      if (dim.is_dynamic()) dim = 1;
    shapes.emplace(input, shape);
  }
  model.reshape(shapes);
}

// The plugin names a kernel "brgconv_avx512_1x1_i8": the last part is the type it computes in.
std::string precision_of(const std::string& exec_type) {
  std::string type = exec_type.substr(exec_type.rfind('_') + 1);
  if (type == "f32" || type == "FP32") return "float32";
  if (type == "i8" || type == "I8" || type == "u8" || type == "U8") return "int8";
  if (type == "i32" || type == "I32") return "int32";
  if (type == "i64" || type == "I64") return "int64";
  return type;
}

class OpenVinoModel final : public RuntimeModel {
 public:
  // May throw ov::Exception.
  static absl::StatusOr<std::unique_ptr<RuntimeModel>> create(const std::filesystem::path& path,
                                                              const RuntimeOptions& options) {
    auto model = std::unique_ptr<OpenVinoModel>(new OpenVinoModel);
    const std::shared_ptr<ov::Model> graph = model->core_.read_model(path);
    fix_dynamic_dimensions(*graph);
    ov::AnyMap settings = {ov::inference_num_threads(options.threads), ov::num_streams(1),
                           ov::hint::inference_precision(ov::element::f32),
                           ov::enable_profiling(options.profile)};
    // Quantised values then stay floats, whose products have room.
    if (options.exact && saturates_int8_sums(this_machine())) {
      settings.emplace("LP_TRANSFORMS_MODE", "NO");
    }
    model->compiled_ = model->core_.compile_model(graph, "CPU", settings);
    for (const auto& input : model->compiled_.inputs()) {
      DURWARD_ASSIGN_OR_RETURN(PortInfo port, port_info(input));
      model->inputs_.push_back(std::move(port));
      model->input_types_.push_back(input.get_element_type());
    }
    for (const auto& output : model->compiled_.outputs()) {
      DURWARD_ASSIGN_OR_RETURN(PortInfo port, port_info(output));
      model->outputs_.push_back(std::move(port));
      model->output_types_.push_back(output.get_element_type());
    }
    model->request_ = model->compiled_.create_infer_request();
    model->profiled_ = options.profile;
    return model;
  }

  [[nodiscard]] RuntimeKind kind() const override { return RuntimeKind::kOpenVino; }
  [[nodiscard]] const std::vector<PortInfo>& inputs() const override { return inputs_; }
  [[nodiscard]] const std::vector<PortInfo>& outputs() const override { return outputs_; }

  [[nodiscard]] absl::Status run(std::span<const std::span<const std::byte>> inputs,
                                 std::span<const std::span<std::byte>> outputs) override {
    DURWARD_RETURN_IF_ERROR(check_buffers(*this, inputs, outputs));
    try {
      for (size_t i = 0; i < inputs.size(); ++i)
        request_.set_input_tensor(
            i, wrap(inputs_[i], input_types_[i], const_cast<std::byte*>(inputs[i].data())));
      for (size_t i = 0; i < outputs.size(); ++i)
        request_.set_output_tensor(i, wrap(outputs_[i], output_types_[i], outputs[i].data()));
      request_.infer();
    } catch (const std::exception& error) {
      return absl::InternalError(absl::StrCat("OpenVINO could not run it: ", error.what()));
    }
    return absl::OkStatus();
  }

  // The plugin averages over the runs itself.
  [[nodiscard]] absl::StatusOr<std::vector<OpRecord>> profile() override {
    if (!profiled_) return not_profiled();
    std::vector<OpRecord> records;
    try {
      for (const ov::ProfilingInfo& info : request_.get_profiling_info()) {
        if (info.status != ov::ProfilingInfo::Status::EXECUTED) continue;
        records.push_back({.name = info.node_name,
                           .op = absl::StrCat(info.node_type, " ", info.exec_type),
                           .device = "cpu",
                           .precision = precision_of(info.exec_type),
                           .microseconds = static_cast<double>(info.real_time.count())});
      }
    } catch (const std::exception& error) {
      return absl::InternalError(absl::StrCat("OpenVINO gave no profile: ", error.what()));
    }
    return records;
  }

 private:
  OpenVinoModel() = default;

  static ov::Tensor wrap(const PortInfo& port, const ov::element::Type& type, void* data) {
    return ov::Tensor(type, ov::Shape(port.shape.begin(), port.shape.end()), data);
  }

  ov::Core core_;  // declared first: the plugin must outlive what it compiled
  ov::CompiledModel compiled_;
  ov::InferRequest request_;
  std::vector<PortInfo> inputs_, outputs_;
  std::vector<ov::element::Type> input_types_, output_types_;
  bool profiled_ = false;
};

}  // namespace

bool openvino_available() { return true; }

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_openvino(const std::filesystem::path& path,
                                                                 const RuntimeOptions& options) {
  try {
    return OpenVinoModel::create(path, options);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("OpenVINO refuses the model: ", error.what()));
  }
}

}  // namespace durward
