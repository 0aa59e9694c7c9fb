// ONNX Runtime, CPU execution provider.
#include <onnxruntime_cxx_api.h>
#include <stdlib.h>

#include <optional>

#include "base/file.h"
#include "runtimes/backends.h"
#include "runtimes/onnxruntime_profile.h"
#include "runtimes/ports.h"

namespace durward {
namespace {

absl::StatusOr<DataType> data_type(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
      return DataType::kFloat32;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
      return DataType::kFloat16;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
      return DataType::kInt8;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
      return DataType::kUInt8;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16:
      return DataType::kInt16;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return DataType::kInt32;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
      return DataType::kInt64;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
      return DataType::kBool;
    default:
      return absl::InvalidArgumentError(absl::StrCat("a port has the ONNX element type ",
                                                     static_cast<int>(type),
                                                     ", which this program does not pass on"));
  }
}

ONNXTensorElementDataType onnx_type(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    case DataType::kFloat16:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16;
    case DataType::kInt8:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8;
    case DataType::kUInt8:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
    case DataType::kInt16:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16;
    case DataType::kInt32:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
    case DataType::kInt64:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
    case DataType::kBool:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL;
  }
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

absl::StatusOr<PortInfo> port_info(std::string name, const Ort::TypeInfo& type) {
  if (type.GetONNXType() != ONNX_TYPE_TENSOR)
    return absl::InvalidArgumentError(absl::StrCat("port '", name, "' is not a tensor"));
  const auto tensor = type.GetTensorTypeAndShapeInfo();
  PortInfo port;
  DURWARD_ASSIGN_OR_RETURN(port.type, data_type(tensor.GetElementType()));
  port.shape = tensor.GetShape();
  for (int64_t& dim : port.shape)
    if (dim < 0) dim = 1;
  DURWARD_RETURN_IF_ERROR(with_context(element_count(port.shape).status(), name));
  port.name = std::move(name);
  return port;
}

// A folder for the profile, which ONNX Runtime only writes to a file; removed with its contents.
class TemporaryFolder {
 public:
  static absl::StatusOr<TemporaryFolder> create() {
    std::error_code error;
    const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
    std::string pattern = (parent / "durward-profile-XXXXXX").string();
    if (error || mkdtemp(pattern.data()) == nullptr)
      return absl::UnavailableError(
          "profiling needs a writable temporary folder; set TMPDIR to one");
    return TemporaryFolder(pattern);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

class OnnxRuntimeModel final : public RuntimeModel {
 public:
  // `source` is a path or the bytes of a model. May throw Ort::Exception.
  template <typename Source>
  static absl::StatusOr<std::unique_ptr<RuntimeModel>> create(const Source& source,
                                                              const RuntimeOptions& options) {
    auto model = std::unique_ptr<OnnxRuntimeModel>(new OnnxRuntimeModel);
    Ort::SessionOptions settings;
    settings.SetIntraOpNumThreads(options.threads);
    settings.SetInterOpNumThreads(1);
    settings.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
    if (options.unplanned_memory) settings.DisableMemPattern();
    // It sees for itself whether the processor needs it.
    if (options.exact) settings.AddConfigEntry("session.x64quantprecision", "1");
    if (options.profile) {
      DURWARD_ASSIGN_OR_RETURN(auto folder, TemporaryFolder::create());
      settings.EnableProfiling((folder.path() / "run").c_str());
      model->profile_folder_.emplace(std::move(folder));
    }
    model->session_ = model->open(source, settings);
    DURWARD_RETURN_IF_ERROR(model->read_ports());
    return model;
  }

  [[nodiscard]] RuntimeKind kind() const override { return RuntimeKind::kOnnxRuntime; }
  [[nodiscard]] const std::vector<PortInfo>& inputs() const override { return inputs_; }
  [[nodiscard]] const std::vector<PortInfo>& outputs() const override { return outputs_; }

  [[nodiscard]] absl::Status run(std::span<const std::span<const std::byte>> inputs,
                                 std::span<const std::span<std::byte>> outputs) override {
    DURWARD_RETURN_IF_ERROR(check_buffers(*this, inputs, outputs));
    try {
      std::vector<Ort::Value> in, out;
      for (size_t i = 0; i < inputs.size(); ++i)
        in.push_back(wrap(inputs_[i], const_cast<std::byte*>(inputs[i].data())));
      for (size_t i = 0; i < outputs.size(); ++i)
        out.push_back(wrap(outputs_[i], outputs[i].data()));
      session_.Run(Ort::RunOptions{nullptr}, input_names_.data(), in.data(), in.size(),
                   output_names_.data(), out.data(), out.size());
    } catch (const std::exception& error) {
      return absl::InternalError(absl::StrCat("ONNX Runtime could not run it: ", error.what()));
    }
    return absl::OkStatus();
  }

  [[nodiscard]] absl::StatusOr<std::vector<OpRecord>> profile() override {
    if (!profile_folder_) return not_profiled();
    if (records_) return *records_;
    std::filesystem::path path;
    try {
      Ort::AllocatorWithDefaultOptions allocator;
      path = session_.EndProfilingAllocated(allocator).get();
    } catch (const std::exception& error) {
      return absl::InternalError(
          absl::StrCat("ONNX Runtime could not end its profile: ", error.what()));
    }
    DURWARD_ASSIGN_OR_RETURN(const std::string text, read_text_file(path));
    DURWARD_ASSIGN_OR_RETURN(records_, parse_onnxruntime_profile(text));
    return *records_;
  }

 private:
  OnnxRuntimeModel() = default;

  Ort::Session open(const std::filesystem::path& path, const Ort::SessionOptions& settings) {
    return Ort::Session(environment_, path.c_str(), settings);
  }
  Ort::Session open(std::span<const std::byte> bytes, const Ort::SessionOptions& settings) {
    return Ort::Session(environment_, bytes.data(), bytes.size(), settings);
  }

  absl::Status read_ports() {
    Ort::AllocatorWithDefaultOptions allocator;
    for (size_t i = 0; i < session_.GetInputCount(); ++i) {
      DURWARD_ASSIGN_OR_RETURN(PortInfo port,
                               port_info(session_.GetInputNameAllocated(i, allocator).get(),
                                         session_.GetInputTypeInfo(i)));
      inputs_.push_back(std::move(port));
    }
    for (size_t i = 0; i < session_.GetOutputCount(); ++i) {
      DURWARD_ASSIGN_OR_RETURN(PortInfo port,
                               port_info(session_.GetOutputNameAllocated(i, allocator).get(),
                                         session_.GetOutputTypeInfo(i)));
      outputs_.push_back(std::move(port));
    }
    for (const PortInfo& port : inputs_) input_names_.push_back(port.name.c_str());
    for (const PortInfo& port : outputs_) output_names_.push_back(port.name.c_str());
    return absl::OkStatus();
  }

  Ort::Value wrap(const PortInfo& port, void* data) const {
    return Ort::Value::CreateTensor(memory_, data, byte_size(port), port.shape.data(),
                                    port.shape.size(), onnx_type(port.type));
  }

  // Environments share one, counted, inside ONNX Runtime. Only fatal conditions are logged: what
  // goes wrong is returned.
  Ort::Env environment_{ORT_LOGGING_LEVEL_FATAL, "durward"};
  std::optional<TemporaryFolder> profile_folder_;  // outlives the session, which writes there
  Ort::Session session_{nullptr};
  Ort::MemoryInfo memory_ = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  std::vector<PortInfo> inputs_, outputs_;
  std::vector<const char*> input_names_, output_names_;
  std::optional<std::vector<OpRecord>> records_;
};

template <typename Source>
absl::StatusOr<std::unique_ptr<RuntimeModel>> load(const Source& source,
                                                   const RuntimeOptions& options) {
  try {
    return OnnxRuntimeModel::create(source, options);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("ONNX Runtime refuses the model: ", error.what()));
  }
}

}  // namespace

bool onnxruntime_available() { return true; }

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_onnxruntime(
    const std::filesystem::path& path, const RuntimeOptions& options) {
  return load(path, options);
}

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_onnxruntime(
    std::span<const std::byte> model, const RuntimeOptions& options) {
  return load(model, options);
}

}  // namespace durward
