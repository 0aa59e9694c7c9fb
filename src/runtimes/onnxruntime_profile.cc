#include "runtimes/onnxruntime_profile.h"

#include <absl/strings/match.h>
#include <absl/strings/strip.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "runtimes/mean.h"

namespace durward {
namespace {

// The element type of the first tensor in a list such as [{"float":[1,64,56,56]}], or "".
std::string first_type(const nlohmann::json& args, const char* key) {
  const auto list = args.find(key);
  if (list == args.end() || !list->is_array() || list->empty()) return "";
  const nlohmann::json& first = list->front();
  return first.is_object() && !first.empty() ? first.begin().key() : "";
}

std::string canonical(const std::string& type) {
  if (type == "float") return "float32";
  if (type == "uint8") return "int8";  // one arithmetic, two ways to hold it
  return type;
}

// ORT's integer kernels carry it in their names; other nodes compute in what they are given. A
// QuantizeLinear or DequantizeLinear works in float, whichever side is integer.
std::string precision_of(const std::string& op, const nlohmann::json& args) {
  if (op == "QuantizeLinear" || op == "DequantizeLinear") return "float32";
  if (absl::StartsWith(op, "QLinear") || absl::StrContains(op, "Integer") || op == "QGemm" ||
      op == "DynamicQuantizeMatMul")
    return "int8";
  const std::string input = first_type(args, "input_type_shape");
  return canonical(input.empty() ? first_type(args, "output_type_shape") : input);
}

std::string device_of(const std::string& provider) {
  return provider == "CPUExecutionProvider" ? "cpu" : provider;
}

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto field = object.find(key);
  return field != object.end() && field->is_string() ? field->get<std::string>() : "";
}

}  // namespace

absl::StatusOr<std::vector<OpRecord>> parse_onnxruntime_profile(std::string_view json) {
  const nlohmann::json events = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!events.is_array())
    return absl::InvalidArgumentError("ONNX Runtime's profile is not a JSON array of events");

  std::vector<OpRecord> records;
  std::map<std::string, size_t> by_node;  // a node's index is unique; its name may be empty
  for (const nlohmann::json& event : events) {
    if (!event.is_object() || !event.contains("args") || !event["args"].is_object()) continue;
    const std::string name = text_of(event, "name");
    if (!absl::EndsWith(name, "_kernel_time")) continue;
    const auto duration = event.find("dur");
    if (duration == event.end() || !duration->is_number()) continue;
    const nlohmann::json& args = event["args"];
    const auto [entry, added] =
        by_node.try_emplace(name + "#" + text_of(args, "node_index"), records.size());
    if (added) {
      const std::string op = text_of(args, "op_name");
      records.push_back({.name = std::string(absl::StripSuffix(name, "_kernel_time")),
                         .op = op,
                         .device = device_of(text_of(args, "provider")),
                         .precision = precision_of(op, args)});
    }
    records[entry->second].runs.push_back(duration->get<double>());
  }
  for (OpRecord& record : records) record.microseconds = mean(record.runs);
  return records;
}

}  // namespace durward
