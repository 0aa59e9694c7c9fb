#include "runtimes/reference.h"

#include <chrono>
#include <cstring>
#include <map>
#include <optional>

#include "compile/interpreter.h"
#include "runtimes/ports.h"

namespace durward {
namespace {

using Clock = std::chrono::steady_clock;

// A port of the source model and how it lies in the IR.
struct PortPlan {
  std::vector<PortInfo> ports;
  std::vector<bool> channels_first;               // the source has NCHW where the IR has NHWC
  std::vector<std::vector<std::byte>> converted;  // the IR's side of those ports; else empty

  void add(const Graph& graph, const Port& port) {
    const Tensor& tensor = graph.tensor(port.tensor);
    PortInfo info;
    info.name = port.name;
    info.type = tensor.type;
    info.shape = tensor.shape;
    if (tensor.quant && !tensor.quant->per_axis()) info.quant = tensor.quant;
    const bool first = port.layout == PortLayout::kNchw && tensor.shape.size() > 2;
    if (first) {
      info.shape.insert(info.shape.begin() + 1, info.shape.back());
      info.shape.pop_back();
    }
    converted.emplace_back(first ? byte_size(info) : 0);
    channels_first.push_back(first);
    ports.push_back(std::move(info));
  }
};

// Copies `rows` x `columns` elements per batch item into their transpose: between [N, C, HW] and
// [N, HW, C], either way.
void transpose(std::span<const std::byte> from, std::span<std::byte> to, int64_t batch,
               int64_t rows, int64_t columns, size_t size) {
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column)
        std::memcpy(&to[static_cast<size_t>((n * columns + column) * rows + row) * size],
                    &from[static_cast<size_t>((n * rows + row) * columns + column) * size], size);
}

void to_channels_last(const PortInfo& port, std::span<const std::byte> from,
                      std::span<std::byte> to) {
  const int64_t batch = port.shape[0], channels = port.shape[1];
  if (from.empty()) return;
  transpose(from, to, batch, channels, elements(port.shape) / (batch * channels),
            static_cast<size_t>(size_of(port.type)));
}

void to_channels_first(const PortInfo& port, std::span<const std::byte> from,
                       std::span<std::byte> to) {
  const int64_t batch = port.shape[0], channels = port.shape[1];
  if (from.empty()) return;
  transpose(from, to, batch, elements(port.shape) / (batch * channels), channels,
            static_cast<size_t>(size_of(port.type)));
}

class ReferenceModel final : public RuntimeModel {
 public:
  ReferenceModel(const Graph& graph, Interpreter interpreter, const RuntimeOptions& options)
      : interpreter_(std::move(interpreter)) {
    for (const Port& port : graph.inputs) inputs_.add(graph, port);
    for (const Port& port : graph.outputs) outputs_.add(graph, port);
    if (options.profile) prepare_profile(graph);
  }

  [[nodiscard]] RuntimeKind kind() const override { return RuntimeKind::kReference; }
  [[nodiscard]] const std::vector<PortInfo>& inputs() const override { return inputs_.ports; }
  [[nodiscard]] const std::vector<PortInfo>& outputs() const override { return outputs_.ports; }

  [[nodiscard]] absl::Status run(std::span<const std::span<const std::byte>> inputs,
                                 std::span<const std::span<std::byte>> outputs) override {
    DURWARD_RETURN_IF_ERROR(check_buffers(*this, inputs, outputs));
    std::vector<std::span<const std::byte>> in(inputs.begin(), inputs.end());
    std::vector<std::span<std::byte>> out(outputs.begin(), outputs.end());
    for (size_t i = 0; i < in.size(); ++i)
      if (inputs_.channels_first[i]) {
        to_channels_last(inputs_.ports[i], in[i], inputs_.converted[i]);
        in[i] = inputs_.converted[i];
      }
    for (size_t i = 0; i < out.size(); ++i)
      if (outputs_.channels_first[i]) out[i] = outputs_.converted[i];
    DURWARD_RETURN_IF_ERROR(run_nodes(in, out));
    for (size_t i = 0; i < out.size(); ++i)
      if (outputs_.channels_first[i]) to_channels_first(outputs_.ports[i], out[i], outputs[i]);
    return absl::OkStatus();
  }

  [[nodiscard]] absl::StatusOr<std::vector<OpRecord>> profile() override {
    if (!records_) return not_profiled();
    std::vector<OpRecord> means = *records_;
    for (OpRecord& record : means) record.microseconds /= static_cast<double>(std::max(runs_, 1));
    return means;
  }

 private:
  void prepare_profile(const Graph& graph) {
    records_.emplace();
    for (const NodeId id : graph.topological_order()) {
      const Node& node = graph.node(id);
      OpRecord record;
      record.name = node.name;
      record.op = op_name(node.op);
      record.device = "cpu";
      const TensorId typed = std::holds_alternative<Quantize>(node.op) || node.outputs.empty()
                                 ? node.inputs.front()
                                 : node.outputs.front();
      record.precision = to_string(graph.tensor(typed).type);
      for (const TensorId output : node.outputs) record_of_[output] = records_->size();
      records_->push_back(std::move(record));
    }
  }

  absl::Status run_nodes(std::span<const std::span<const std::byte>> inputs,
                         std::span<const std::span<std::byte>> outputs) {
    if (!records_) return interpreter_.run(inputs, outputs);
    // The nodes run one after another, so a node took the time since the one before was observed.
    Clock::time_point last = Clock::now();
    ++runs_;
    return interpreter_.run(inputs, outputs, [&](TensorId tensor, std::span<const std::byte>) {
      const Clock::time_point now = Clock::now();
      if (const auto record = record_of_.find(tensor); record != record_of_.end())
        (*records_)[record->second].microseconds +=
            std::chrono::duration<double, std::micro>(now - last).count();
      last = now;
    });
  }

  Interpreter interpreter_;
  PortPlan inputs_, outputs_;
  std::optional<std::vector<OpRecord>> records_;  // total times
  std::map<TensorId, size_t> record_of_;
  int runs_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RuntimeModel>> make_reference_model(const Graph& graph,
                                                                   const RuntimeOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(Interpreter interpreter, Interpreter::create(graph));
  return std::make_unique<ReferenceModel>(graph, std::move(interpreter), options);
}

}  // namespace durward
