// Durward's own engine, on the plan of a bundle or of a graph.
#include <absl/strings/str_cat.h>

#include <optional>

#include "bundle/bundle.h"
#include "compile/plan/plan_builder.h"
#include "device/call_cost.h"
#include "device/call_profiler.h"
#include "runtimes/aligned_copy.h"
#include "runtimes/backends.h"
#include "runtimes/compiled_graph.h"
#include "runtimes/engine_status.h"
#include "runtimes/mean.h"
#include "runtimes/ports.h"

namespace durward {
namespace {

DataType data_type(PlanType type) {
  switch (type) {
    case PlanType::kFloat32:
      return DataType::kFloat32;
    case PlanType::kInt8:
      return DataType::kInt8;
    case PlanType::kUInt8:
      return DataType::kUInt8;
    case PlanType::kInt16:
      return DataType::kInt16;
    case PlanType::kInt32:
      return DataType::kInt32;
    case PlanType::kInt64:
      return DataType::kInt64;
    case PlanType::kBool:
      break;
  }
  return DataType::kBool;
}

PortInfo port_info(const PlanTensor& tensor) {
  PortInfo port{tensor.name, data_type(tensor.type), tensor.shape, std::nullopt};
  if (tensor.scale > 0) port.quant = QuantParams{{tensor.scale}, {tensor.zero_point}, -1};
  return port;
}

class EngineModel final : public RuntimeModel {
 public:
  // `plan_owner` holds the memory of the session's plan.
  EngineModel(std::shared_ptr<const void> plan_owner, std::unique_ptr<Session> session,
              bool profile)
      : plan_owner_(std::move(plan_owner)), session_(std::move(session)) {
    for (size_t i = 0; i < session_->input_count(); ++i) {
      inputs_.push_back(port_info(session_->input(i)));
    }
    for (size_t i = 0; i < session_->output_count(); ++i) {
      outputs_.push_back(port_info(session_->output(i)));
    }
    if (profile) profiler_.emplace(session_->plan());
  }

  [[nodiscard]] RuntimeKind kind() const override { return RuntimeKind::kEngine; }
  [[nodiscard]] const std::vector<PortInfo>& inputs() const override { return inputs_; }
  [[nodiscard]] const std::vector<PortInfo>& outputs() const override { return outputs_; }

  [[nodiscard]] absl::Status run(std::span<const std::span<const std::byte>> inputs,
                                 std::span<const std::span<std::byte>> outputs) override {
    DURWARD_RETURN_IF_ERROR(check_buffers(*this, inputs, outputs));
    StopSignal signal;
    if (profiler_) {
      signal = profiler_->signal();
      profiler_->begin_run();
    }
    const EngineCode code = session_->run(inputs, outputs, signal);
    if (profiler_) profiler_->end_run();
    if (code == EngineCode::kOk) return absl::OkStatus();
    return absl::InvalidArgumentError("a buffer is not aligned to its element type");
  }

  [[nodiscard]] absl::StatusOr<std::vector<OpRecord>> profile() override {
    if (!profiler_) return not_profiled();
    const Plan& plan = session_->plan();
    const std::vector<device::CallCost> costs = device::call_costs(plan);
    std::vector<OpRecord> records;
    for (size_t i = 0; i < plan.calls.size(); ++i) {
      const PlanCall& call = plan.calls[i];
      const std::vector<double> runs = profiler_->times_of_call(i);
      records.push_back({call.name, name(call.call), name(session_->isa_of_call(i)),
                         costs[i].integer ? "int8" : "float32", mean(runs), runs});
    }
    return records;
  }

 private:
  std::shared_ptr<const void> plan_owner_;
  std::unique_ptr<Session> session_;
  std::vector<PortInfo> inputs_, outputs_;
  std::optional<device::CallProfiler> profiler_;
};

absl::StatusOr<std::unique_ptr<RuntimeModel>> make_model(std::shared_ptr<const void> plan_owner,
                                                         std::span<const std::byte> plan,
                                                         const RuntimeOptions& options) {
  std::unique_ptr<Session> session;
  SessionOptions session_options;
  session_options.threads = static_cast<uint64_t>(options.threads);
  DURWARD_RETURN_IF_ERROR(engine_status(Session::create(plan, session_options, session)));
  return std::make_unique<EngineModel>(std::move(plan_owner), std::move(session), options.profile);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_engine(const std::filesystem::path& path,
                                                               const RuntimeOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(Bundle bundle, Bundle::open(path));
  auto owner = std::make_shared<const Bundle>(std::move(bundle));
  return make_model(owner, owner->plan(), options);
}

absl::StatusOr<CompiledGraph> CompiledGraph::create(const Graph& graph, int64_t arena_bytes) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> plan,
                           build_plan(graph, {.arena_bytes = arena_bytes}));
  CompiledGraph compiled;
  compiled.plan_ = std::make_shared<const AlignedMemory>(aligned_copy(plan));
  compiled.bytes_ = plan.size();
  return compiled;
}

absl::StatusOr<std::unique_ptr<RuntimeModel>> CompiledGraph::load(
    const RuntimeOptions& options) const {
  return make_model(plan_, {plan_->get(), bytes_}, options);
}

}  // namespace durward
