// LiteRT (TensorFlow Lite) with its XNNPACK delegate, on the CPU.
#include <cstdlib>
#include <cstring>
#include <optional>

#include "runtimes/backends.h"
#include "runtimes/litert_api.h"
#include "runtimes/litert_profile.h"
#include "runtimes/ports.h"

namespace durward {
namespace {

using litert::Handle;

constexpr int kCpu = 1;
constexpr int kHostMemory = 1;
constexpr int kLockForRead = 0;
constexpr int kLockForWrite = 1;

absl::Status check(litert::Status status, std::string_view step,
                   absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
  if (status == 0) return absl::OkStatus();
  return absl::Status(
      code, absl::StrCat("LiteRT: ", std::string(step), " failed with its status ", status));
}

// An owned handle.
class Owned {
 public:
  Owned() = default;
  Owned(Handle handle, void (*destroy)(Handle)) : handle_(handle), destroy_(destroy) {}
  Owned(Owned&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), destroy_(other.destroy_) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(destroy_, other.destroy_);
    return *this;
  }
  ~Owned() {
    if (handle_ != nullptr) destroy_(handle_);
  }
  [[nodiscard]] Handle get() const { return handle_; }

 private:
  Handle handle_ = nullptr;
  void (*destroy_)(Handle) = nullptr;
};

absl::StatusOr<DataType> data_type(int32_t type) {
  switch (type) {
    case litert::kFloat32:
      return DataType::kFloat32;
    case litert::kFloat16:
      return DataType::kFloat16;
    case litert::kInt8:
      return DataType::kInt8;
    case litert::kUInt8:
      return DataType::kUInt8;
    case litert::kInt16:
      return DataType::kInt16;
    case litert::kInt32:
      return DataType::kInt32;
    case litert::kInt64:
      return DataType::kInt64;
    case litert::kBool:
      return DataType::kBool;
    default:
      return absl::InvalidArgumentError(absl::StrCat("a port has LiteRT's element type ", type,
                                                     ", which this program does not pass on"));
  }
}

class LiteRtModel final : public RuntimeModel {
 public:
  explicit LiteRtModel(const litert::Api& api) : api_(api) {}

  absl::Status load(const std::filesystem::path& path, const RuntimeOptions& options) {
    DURWARD_RETURN_IF_ERROR(create_environment());
    Handle handle = nullptr;
    DURWARD_RETURN_IF_ERROR(
        check(api_.CreateModelFromFile(environment_.get(), path.c_str(), &handle),
              "reading the model (is it a .tflite file?)"));
    model_ = Owned(handle, api_.DestroyModel);
    DURWARD_RETURN_IF_ERROR(compile(options));
    DURWARD_RETURN_IF_ERROR(read_ports());
    if (options.profile) {
      DURWARD_RETURN_IF_ERROR(
          check(api_.CompiledModelGetProfiler(compiled_.get(), &profiler_), "profiling"));
      DURWARD_RETURN_IF_ERROR(check(api_.StartProfiler(profiler_), "starting the profiler"));
    }
    return absl::OkStatus();
  }

  [[nodiscard]] RuntimeKind kind() const override { return RuntimeKind::kLiteRt; }
  [[nodiscard]] const std::vector<PortInfo>& inputs() const override { return inputs_; }
  [[nodiscard]] const std::vector<PortInfo>& outputs() const override { return outputs_; }

  [[nodiscard]] absl::Status run(std::span<const std::span<const std::byte>> inputs,
                                 std::span<const std::span<std::byte>> outputs) override {
    DURWARD_RETURN_IF_ERROR(check_buffers(*this, inputs, outputs));
    constexpr auto kInternal = absl::StatusCode::kInternal;
    void* memory = nullptr;
    for (size_t i = 0; i < inputs.size(); ++i) {
      DURWARD_RETURN_IF_ERROR(check(
          api_.LockTensorBuffer(input_handles_[i], &memory, kLockForWrite), "input", kInternal));
      std::memcpy(memory, inputs[i].data(), inputs[i].size());
      DURWARD_RETURN_IF_ERROR(
          check(api_.UnlockTensorBuffer(input_handles_[i]), "input", kInternal));
    }
    DURWARD_RETURN_IF_ERROR(check(
        api_.RunCompiledModel(compiled_.get(), 0, input_handles_.size(), input_handles_.data(),
                              output_handles_.size(), output_handles_.data()),
        "running the model", kInternal));
    ++runs_;
    for (size_t i = 0; i < outputs.size(); ++i) {
      DURWARD_RETURN_IF_ERROR(check(
          api_.LockTensorBuffer(output_handles_[i], &memory, kLockForRead), "output", kInternal));
      std::memcpy(outputs[i].data(), memory, outputs[i].size());
      DURWARD_RETURN_IF_ERROR(
          check(api_.UnlockTensorBuffer(output_handles_[i]), "output", kInternal));
    }
    return absl::OkStatus();
  }

  [[nodiscard]] absl::StatusOr<std::vector<OpRecord>> profile() override;

 private:
  absl::Status create_environment() {
    // Quiet (errors only), and without the search for GPUs and NPUs.
    constexpr int32_t kIntValue = 2, kRegisterAccelerators = 24, kMinLogSeverity = 25;
    constexpr int64_t kErrorsOnly = 3;
    const litert::EnvironmentOption settings[] = {
        {.tag = kMinLogSeverity, .type = kIntValue, .value = kErrorsOnly},
        {.tag = kRegisterAccelerators, .type = kIntValue, .value = kCpu}};
    Handle handle = nullptr;
    DURWARD_RETURN_IF_ERROR(
        check(api_.CreateEnvironment(2, settings, &handle), "creating the environment"));
    environment_ = Owned(handle, api_.DestroyEnvironment);
    return absl::OkStatus();
  }

  // Options that the C API takes as text: LiteRT copies nothing, so the text is given away.
  absl::Status add_text_option(Handle options, const char* id, const std::string& toml) {
    Handle opaque = nullptr;
    DURWARD_RETURN_IF_ERROR(
        check(api_.CreateOpaqueOptions(id, strdup(toml.c_str()), std::free, &opaque), id));
    return check(api_.AddOpaqueOptions(options, opaque), id);
  }

  absl::Status compile(const RuntimeOptions& options) {
    Handle handle = nullptr;
    DURWARD_RETURN_IF_ERROR(check(api_.CreateOptions(&handle), "creating the options"));
    const Owned settings(handle, api_.DestroyOptions);
    DURWARD_RETURN_IF_ERROR(
        check(api_.SetOptionsHardwareAccelerators(settings.get(), kCpu), "choosing the CPU"));
    DURWARD_RETURN_IF_ERROR(add_text_option(settings.get(), "xnnpack",
                                            absl::StrCat("num_threads = ", options.threads, "\n")));
    if (options.profile)
      DURWARD_RETURN_IF_ERROR(
          add_text_option(settings.get(), "runtime_options_string", "enable_profiling = true\n"));
    DURWARD_RETURN_IF_ERROR(
        check(api_.CreateCompiledModel(environment_.get(), model_.get(), settings.get(), &handle),
              "compiling the model"));
    compiled_ = Owned(handle, api_.DestroyCompiledModel);
    return absl::OkStatus();
  }

  absl::Status read_ports() {
    size_t signatures = 0, input_count = 0, output_count = 0;
    DURWARD_RETURN_IF_ERROR(
        check(api_.GetNumModelSignatures(model_.get(), &signatures), "counting signatures"));
    if (signatures == 0) return absl::InvalidArgumentError("LiteRT: the model has no signature");
    Handle signature = nullptr;
    DURWARD_RETURN_IF_ERROR(
        check(api_.GetModelSignature(model_.get(), 0, &signature), "reading the signature"));
    DURWARD_RETURN_IF_ERROR(
        check(api_.GetNumSignatureInputs(signature, &input_count), "counting inputs"));
    DURWARD_RETURN_IF_ERROR(
        check(api_.GetNumSignatureOutputs(signature, &output_count), "counting outputs"));
    const Side in{api_.GetSignatureInputName, api_.GetSignatureInputTensorByIndex,
                  api_.GetCompiledModelInputBufferRequirements};
    const Side out{api_.GetSignatureOutputName, api_.GetSignatureOutputTensorByIndex,
                   api_.GetCompiledModelOutputBufferRequirements};
    for (size_t i = 0; i < input_count; ++i)
      DURWARD_RETURN_IF_ERROR(add_port(signature, in, i, inputs_, input_handles_));
    for (size_t i = 0; i < output_count; ++i)
      DURWARD_RETURN_IF_ERROR(add_port(signature, out, i, outputs_, output_handles_));
    return absl::OkStatus();
  }

  // The functions of the API that differ between inputs and outputs.
  struct Side {
    litert::Status (*name)(Handle, size_t, const char**);
    litert::Status (*tensor)(Handle, size_t, Handle*);
    litert::Status (*requirements)(Handle, size_t, size_t, Handle*);
  };

  absl::Status add_port(Handle signature, const Side& side, size_t index,
                        std::vector<PortInfo>& ports, std::vector<Handle>& handles) {
    const char* name = nullptr;
    Handle tensor = nullptr, requirements = nullptr, buffer = nullptr;
    litert::RankedType type{};
    size_t bytes = 0;
    DURWARD_RETURN_IF_ERROR(check(side.name(signature, index, &name), "reading a port's name"));
    DURWARD_RETURN_IF_ERROR(check(side.tensor(signature, index, &tensor), name));
    DURWARD_RETURN_IF_ERROR(check(api_.GetRankedTensorType(tensor, &type), name));
    PortInfo port;
    port.name = name;
    DURWARD_ASSIGN_OR_RETURN(port.type, data_type(type.element_type));
    if (type.layout.rank > std::size(type.layout.dimensions))
      return absl::InvalidArgumentError(absl::StrCat("port '", name, "' has more than 8 axes"));
    for (unsigned axis = 0; axis < type.layout.rank; ++axis) {
      int32_t& dim = type.layout.dimensions[axis];
      if (dim < 0) dim = 1;
      port.shape.push_back(dim);
    }
    DURWARD_RETURN_IF_ERROR(with_context(element_count(port.shape).status(), name));
    DURWARD_RETURN_IF_ERROR(read_quantization(tensor, port));

    DURWARD_RETURN_IF_ERROR(
        check(side.requirements(compiled_.get(), 0, index, &requirements), name));
    DURWARD_RETURN_IF_ERROR(
        check(api_.GetTensorBufferRequirementsBufferSize(requirements, &bytes), name));
    // The buffer may be padded beyond the tensor, never smaller.
    bytes = std::max(bytes, byte_size(port));
    DURWARD_RETURN_IF_ERROR(check(
        api_.CreateManagedTensorBuffer(environment_.get(), kHostMemory, &type, bytes, &buffer),
        name));
    buffers_.emplace_back(buffer, api_.DestroyTensorBuffer);
    handles.push_back(buffer);
    ports.push_back(std::move(port));
    return absl::OkStatus();
  }

  absl::Status read_quantization(Handle tensor, PortInfo& port) {
    constexpr int kPerTensor = 1;
    int quantization = 0;
    DURWARD_RETURN_IF_ERROR(check(api_.GetQuantizationTypeId(tensor, &quantization), port.name));
    if (quantization != kPerTensor) return absl::OkStatus();
    litert::PerTensorQuantization params{};
    DURWARD_RETURN_IF_ERROR(check(api_.GetPerTensorQuantization(tensor, &params), port.name));
    port.quant = QuantParams{.scales = {params.scale},
                             .zero_points = {static_cast<int32_t>(params.zero_point)}};
    return absl::OkStatus();
  }

  const litert::Api& api_;
  Owned environment_, model_, compiled_;  // destroyed in the reverse order
  std::vector<Owned> buffers_;
  std::vector<Handle> input_handles_, output_handles_;
  std::vector<PortInfo> inputs_, outputs_;
  size_t runs_ = 0;
  Handle profiler_ = nullptr;  // owned by the compiled model
  std::optional<std::vector<OpRecord>> records_;
};

absl::StatusOr<std::vector<OpRecord>> LiteRtModel::profile() {
  if (profiler_ == nullptr) return not_profiled();
  if (records_) return *records_;
  constexpr auto kInternal = absl::StatusCode::kInternal;
  int count = 0;
  DURWARD_RETURN_IF_ERROR(check(api_.StopProfiler(profiler_), "stopping the profiler", kInternal));
  DURWARD_RETURN_IF_ERROR(
      check(api_.GetNumProfilerEvents(profiler_, &count), "counting events", kInternal));
  std::vector<litert::ProfilerEvent> events(static_cast<size_t>(std::max(count, 0)));
  DURWARD_RETURN_IF_ERROR(
      check(api_.GetProfilerEvents(profiler_, count, events.data()), "reading events", kInternal));
  const std::string input_precision =
      inputs_.empty() ? "float32" : std::string(to_string(inputs_.front().type));
  records_ = litert_op_records(events, runs_, input_precision);
  return *records_;
}

}  // namespace

bool litert_available() { return litert::api().ok(); }

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_litert(const std::filesystem::path& path,
                                                               const RuntimeOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const litert::Api* const api, litert::api());
  auto model = std::make_unique<LiteRtModel>(*api);
  DURWARD_RETURN_IF_ERROR(model->load(path, options));
  return model;
}

}  // namespace durward
