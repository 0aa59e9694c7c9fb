#include "report/profile_trace.h"

#include <optional>
#include <string>
#include <vector>

#include "report/json_view.h"

namespace durward {
namespace {

using nlohmann::json;

json metadata(int process, const char* what, const std::string& name) {
  return {{"name", what}, {"ph", "M"}, {"pid", process}, {"tid", 1}, {"args", {{"name", name}}}};
}

json slice(int process, const std::string& name, double start_us, double us, json arguments) {
  return {{"name", name},   {"ph", "X"}, {"ts", start_us}, {"dur", us},
          {"pid", process}, {"tid", 1},  {"cat", "op"},    {"args", std::move(arguments)}};
}

json arguments_of(const JsonView& op) {
  json arguments = {{"op", op.text("op")}, {"precision", op.text("precision")}};
  if (const std::string kernel = op.text("kernel"); !kernel.empty()) arguments["kernel"] = kernel;
  for (const char* key : {"macs", "bytes"}) {
    if (const auto number = op.number(key)) arguments[key] = *number;
  }
  return arguments;
}

// The bytes of tensors that live at each step.
std::vector<double> bytes_in_use(const JsonView& profile, size_t steps) {
  std::vector<double> bytes(steps, 0.0);
  for (const JsonView& tensor : profile.items("arena")) {
    const double first = tensor.number("first_step").value_or(0);
    const double last = tensor.number("last_step").value_or(-1);
    for (size_t i = 0; i < steps; ++i) {
      const auto step = static_cast<double>(i);
      if (step >= first && step <= last) bytes[i] += tensor.number("bytes").value_or(0);
    }
  }
  return bytes;
}

void add_steps(const JsonView& profile, int process, json& events) {
  const std::vector<JsonView> ops = profile.items("ops"), steps = profile.items("steps");
  const std::vector<double> bytes = bytes_in_use(profile, steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    const double start = steps[i].number("start_us").value_or(0);
    const auto op = static_cast<size_t>(std::max(steps[i].number("op").value_or(1e9), 0.0));
    std::string name = "slide rows";
    json arguments = json::object();
    if (op < ops.size()) {
      name = ops[op].text("name");
      arguments = arguments_of(ops[op]);
    }
    if (const auto rows = steps[i].number("rows")) arguments["rows"] = *rows;
    events.push_back(
        slice(process, name, start, steps[i].number("us").value_or(0), std::move(arguments)));
    events.push_back({{"name", "arena in use"},
                      {"ph", "C"},
                      {"ts", start},
                      {"pid", process},
                      {"args", {{"bytes", bytes[i]}}}});
  }
}

void add_ops(const JsonView& profile, int process, json& events) {
  double start = 0;
  for (const JsonView& op : profile.items("ops")) {
    const JsonView time = op["us"];
    const double us = time.number("median").value_or(time.number("mean").value_or(0));
    events.push_back(slice(process, op.text("name"), start, us, arguments_of(op)));
    start += us;
  }
}

}  // namespace

json chrome_trace(const json& document) {
  json events = json::array();
  int process = 0;
  for (const JsonView& profile : JsonView(document).items("profiles")) {
    ++process;
    const std::string runtime = profile.text("runtime");
    events.push_back(metadata(process, "process_name", runtime + ": " + profile.text("file")));
    const bool steps = !profile.items("steps").empty();
    events.push_back(metadata(process, "thread_name",
                              steps ? "steps of the median run" : "ops, one behind the other"));
    steps ? add_steps(profile, process, events) : add_ops(profile, process, events);
  }
  return {{"traceEvents", std::move(events)}, {"displayTimeUnit", "ms"}};
}

}  // namespace durward
