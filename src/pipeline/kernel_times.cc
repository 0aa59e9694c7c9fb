#include "pipeline/kernel_times.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/random.h"
#include "pipeline/profile_file.h"
#include "report/json_view.h"
#include "runtimes/compiled_graph.h"

namespace durward {
namespace {

using nlohmann::json;

constexpr int kRuns = 31;  // the first are slower, which a median does not mind

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Every call's name, op, precision and time, on made-up numbers.
absl::StatusOr<std::vector<OpRecord>> profile_graph(const Graph& graph, int64_t arena_bytes) {
  DURWARD_ASSIGN_OR_RETURN(const CompiledGraph compiled, CompiledGraph::create(graph, arena_bytes));
  DURWARD_ASSIGN_OR_RETURN(const std::unique_ptr<RuntimeModel> model,
                           compiled.load({.profile = true}));
  std::vector<std::vector<float>> in;
  std::vector<std::vector<std::byte>> out;
  Random random(1);
  for (const PortInfo& port : model->inputs()) {
    in.emplace_back(static_cast<size_t>(elements(port.shape)));
    for (float& value : in.back()) value = static_cast<float>(random.uniform() * 2 - 1);
  }
  for (const PortInfo& port : model->outputs()) {
    out.emplace_back(static_cast<size_t>(elements(port.shape) * size_of(port.type)));
  }
  std::vector<std::span<const std::byte>> inputs;
  for (const std::vector<float>& values : in) inputs.push_back(std::as_bytes(std::span(values)));
  const std::vector<std::span<std::byte>> outputs(out.begin(), out.end());
  for (int i = 0; i < kRuns; ++i) DURWARD_RETURN_IF_ERROR(model->run(inputs, outputs));
  return model->profile();
}

bool is_conversion(const OpRecord& record) {
  return record.op == "Dequantize" || record.op == "QuantizeInt8";
}

void add_times(const std::vector<OpRecord>& records, KernelTimes& times) {
  for (const OpRecord& record : records) {
    if (is_conversion(record)) continue;
    const Precision precision =
        record.precision == "float32" ? Precision::kFloat32 : Precision::kInt8;
    times.us[{record.name, precision}] += median(record.runs);
  }
}

// Microseconds for each element of all the graph's conversions of one kind.
double conversion_rate(const std::vector<OpRecord>& records, const Graph& graph,
                       std::string_view op) {
  std::map<std::string, double> elements_of;
  for (const NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    elements_of[node.name] = static_cast<double>(elements(graph.tensor(node.outputs[0]).shape));
  }
  double us = 0, all = 0;
  for (const OpRecord& record : records) {
    if (record.op != op) continue;
    us += median(record.runs);
    all += elements_of[record.name];
  }
  return all > 0 ? us / all : 0;
}

}  // namespace

absl::StatusOr<KernelTimes> measure_kernel_times(const Graph& int8, const Graph& floats,
                                                 const Graph& mixture, int64_t arena_bytes) {
  KernelTimes times;
  DURWARD_ASSIGN_OR_RETURN(const std::vector<OpRecord> in_int8, profile_graph(int8, arena_bytes));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<OpRecord> in_float,
                           profile_graph(floats, arena_bytes));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<OpRecord> mixed, profile_graph(mixture, arena_bytes));
  add_times(in_int8, times);
  // A node without an integer kernel is in the int8 graph too, in float.
  std::erase_if(times.us,
                [](const auto& entry) { return entry.first.second == Precision::kFloat32; });
  add_times(in_float, times);
  times.quantize_us = conversion_rate(mixed, mixture, "QuantizeInt8");
  times.dequantize_us = conversion_rate(mixed, mixture, "Dequantize");
  return times;
}

absl::Status take_device_times(const std::filesystem::path& profile, KernelTimes& times) {
  DURWARD_ASSIGN_OR_RETURN(const json document, read_profile(profile));
  std::map<std::pair<std::string, Precision>, double> found;
  for (const JsonView& entry : JsonView(document).items("profiles")) {
    for (const JsonView& op : entry.items("ops")) {
      const std::optional<double> us = op["us"].number("median");
      const Precision precision =
          op.text("precision") == "float32" ? Precision::kFloat32 : Precision::kInt8;
      if (us && *us >= 0) found[{op.text("name"), precision}] += *us;
    }
  }
  double here = 0, there = 0;
  for (const auto& [key, us] : found) {
    const auto known = times.us.find(key);
    if (known == times.us.end()) continue;
    here += known->second;
    there += us;
  }
  if (here <= 0 || there <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(profile.string(), ": none of its ops is a node of this model; profile a ",
                     "bundle of the same model with durward-run"));
  }
  const double factor = there / here;
  times.quantize_us *= factor;
  times.dequantize_us *= factor;
  for (auto& [key, us] : times.us) {
    const auto measured = found.find(key);
    us = measured != found.end() ? measured->second : us * factor;
  }
  times.devices.push_back(profile.filename().string());
  return absl::OkStatus();
}

MixtureCosts::MixtureCosts(const Graph& graph, const std::vector<PrecisionUnit>& units,
                           KernelTimes times)
    : units_(units.size()), times_(std::move(times)), us_(units.size()), bytes_(units.size()) {
  std::map<NodeId, size_t> unit_of;
  for (size_t unit = 0; unit < units.size(); ++unit) {
    for (const NodeId id : units[unit].nodes) {
      unit_of[id] = unit;
      const Node& node = graph.node(id);
      int64_t parameters = 0;
      for (const TensorId input : node.inputs) {
        if (input.valid() && graph.tensor(input).constant())
          parameters += elements(graph.tensor(input).shape);
      }
      const int64_t channels = graph.tensor(node.outputs[0]).shape.empty()
                                   ? 1
                                   : graph.tensor(node.outputs[0]).shape.back();
      for (const Precision precision : units[unit].candidates) {
        const auto known = times_.us.find({node.name, precision});
        us_[unit][precision] += known == times_.us.end() ? 0 : known->second;
        // Integers come with a bias and two multipliers for each channel (docs/plan.md).
        bytes_[unit][precision] +=
            precision == Precision::kFloat32
                ? 4.0 * static_cast<double>(parameters)
                : static_cast<double>(parameters) +
                      (parameters > 0 ? 10.0 * static_cast<double>(channels) : 0.0);
      }
    }
  }
  for (const TensorId id : graph.tensor_ids()) {
    const Tensor& tensor = graph.tensor(id);
    if (tensor.constant() || tensor.type != DataType::kFloat32) continue;
    const NodeId producer = graph.producer(id);
    if (!producer.valid() && !graph.is_input(id)) continue;
    Activation activation{.maker = producer.valid() ? unit_of.at(producer) : units_,
                          .users = {},
                          .elements = static_cast<double>(elements(tensor.shape))};
    for (const NodeId user : graph.consumers(id)) activation.users.push_back(unit_of.at(user));
    if (graph.is_output(id)) activation.users.push_back(units_);
    activations_.push_back(std::move(activation));
  }
}

// Ports are in float.
Precision MixtureCosts::precision_of(size_t unit, const Assignment& assignment) const {
  return unit == units_ ? Precision::kFloat32 : assignment[unit];
}

double MixtureCosts::latency_us(const Assignment& assignment) const {
  double us = 0;
  for (size_t unit = 0; unit < units_; ++unit) us += us_[unit].at(assignment[unit]);
  for (const Activation& activation : activations_) {
    const Precision made = precision_of(activation.maker, assignment);
    std::set<Precision> converted;
    for (const size_t user : activation.users) {
      const Precision wanted = precision_of(user, assignment);
      if (wanted == made || !converted.insert(wanted).second) continue;
      us += activation.elements *
            (made == Precision::kFloat32 ? times_.quantize_us : times_.dequantize_us);
    }
  }
  return us;
}

double MixtureCosts::bytes(const Assignment& assignment) const {
  double bytes = 0;
  for (size_t unit = 0; unit < units_; ++unit) bytes += bytes_[unit].at(assignment[unit]);
  return bytes;
}

}  // namespace durward
