// Durward's own engine, on the plan of a bundle.
#include <absl/strings/str_cat.h>

#include <chrono>
#include <optional>

#include "bundle/bundle.h"
#include "runtimes/backends.h"
#include "runtimes/engine_status.h"
#include "runtimes/ports.h"

namespace durward {
namespace {

using Clock = std::chrono::steady_clock;

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

// The time of each call of the plan, over several runs: asked between two steps, what has passed
// belongs to the step before. With several threads it is the calling one's, and where that waits
// for the others it is the last step before.
class CallTimes {
 public:
  explicit CallTimes(const Plan& plan) : plan_(plan), microseconds_(plan.calls.size(), 0.0) {}

  void start_run() {
    step_ = 0;
    ++runs_;
    last_ = Clock::now();
  }
  void end_step() {
    const Clock::time_point now = Clock::now();
    const PlanStep& step = plan_.steps[step_++];
    // The rows that slide belong to the call that makes them next.
    if (step.kind == PlanStep::Kind::kSlide) {
      waiting_ += now - last_;
    } else {
      microseconds_[step.index] +=
          std::chrono::duration<double, std::micro>(now - last_ + waiting_).count();
      waiting_ = {};
    }
    last_ = now;
  }
  [[nodiscard]] double mean(size_t call) const {
    return microseconds_[call] / static_cast<double>(std::max<int64_t>(runs_, 1));
  }

  // A StopSignal that never stops.
  static bool at_step(void* context) noexcept {
    auto* times = static_cast<CallTimes*>(context);
    if (times->started_) times->end_step();
    times->started_ = true;
    return false;
  }
  void end_run() {
    if (started_) end_step();
    started_ = false;
  }

 private:
  const Plan& plan_;
  std::vector<double> microseconds_;
  Clock::time_point last_;
  Clock::duration waiting_{};
  size_t step_ = 0;
  int64_t runs_ = 0;
  bool started_ = false;
};

class EngineModel final : public RuntimeModel {
 public:
  EngineModel(Bundle bundle, std::unique_ptr<Session> session, bool profile)
      : bundle_(std::move(bundle)), session_(std::move(session)) {
    for (size_t i = 0; i < session_->input_count(); ++i) {
      inputs_.push_back(port_info(session_->input(i)));
    }
    for (size_t i = 0; i < session_->output_count(); ++i) {
      outputs_.push_back(port_info(session_->output(i)));
    }
    if (profile) times_.emplace(session_->plan());
  }

  [[nodiscard]] RuntimeKind kind() const override { return RuntimeKind::kEngine; }
  [[nodiscard]] const std::vector<PortInfo>& inputs() const override { return inputs_; }
  [[nodiscard]] const std::vector<PortInfo>& outputs() const override { return outputs_; }

  [[nodiscard]] absl::Status run(std::span<const std::span<const std::byte>> inputs,
                                 std::span<const std::span<std::byte>> outputs) override {
    DURWARD_RETURN_IF_ERROR(check_buffers(*this, inputs, outputs));
    StopSignal signal;
    if (times_) {
      signal = {CallTimes::at_step, &*times_};
      times_->start_run();
    }
    const EngineCode code = session_->run(inputs, outputs, signal);
    if (times_) times_->end_run();
    if (code == EngineCode::kOk) return absl::OkStatus();
    return absl::InvalidArgumentError("a buffer is not aligned to its element type");
  }

  [[nodiscard]] absl::StatusOr<std::vector<OpRecord>> profile() override {
    if (!times_) return not_profiled();
    const Plan& plan = session_->plan();
    std::vector<OpRecord> records;
    for (size_t i = 0; i < plan.calls.size(); ++i) {
      const PlanCall& call = plan.calls[i];
      const auto& computed = plan.tensors[static_cast<size_t>(call.inputs.front())];
      records.push_back({call.name, name(call.call), name(session_->isa_of_call(i)),
                         std::string(to_string(data_type(computed.type))), times_->mean(i)});
    }
    return records;
  }

 private:
  Bundle bundle_;  // the session uses its memory
  std::unique_ptr<Session> session_;
  std::vector<PortInfo> inputs_, outputs_;
  std::optional<CallTimes> times_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_engine(const std::filesystem::path& path,
                                                               const RuntimeOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(Bundle bundle, Bundle::open(path));
  std::unique_ptr<Session> session;
  SessionOptions session_options;
  session_options.threads = static_cast<uint64_t>(options.threads);
  DURWARD_RETURN_IF_ERROR(engine_status(Session::create(bundle.plan(), session_options, session)));
  return std::make_unique<EngineModel>(std::move(bundle), std::move(session), options.profile);
}

}  // namespace durward
