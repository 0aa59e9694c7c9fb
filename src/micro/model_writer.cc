#include <absl/strings/ascii.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include "micro/embedded_files.h"
#include "micro/model_files.h"

namespace durward {
namespace {

const char* c_type(PlanType type) {
  switch (type) {
    case PlanType::kFloat32:
      return "float";
    case PlanType::kInt8:
      return "int8_t";
    case PlanType::kUInt8:
    case PlanType::kBool:
      return "uint8_t";
    case PlanType::kInt16:
      return "int16_t";
    case PlanType::kInt32:
      return "int32_t";
    case PlanType::kInt64:
      return "int64_t";
  }
  return "";
}

const PlanTensor& tensor_of(const Plan& plan, int32_t index) {
  return plan.tensors[static_cast<size_t>(index)];
}

// A comment that a name from a model cannot end.
std::string comment_text(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    safe += c == '*' || c == '/' || c == '\\' || c == '?' || !absl::ascii_isprint(c) ? '_' : c;
  }
  return safe;
}

std::string describe(const PlanTensor& tensor, const std::string& kind, size_t number) {
  std::string text =
      absl::StrCat(" *   ", kind, number, ": ", c_type(tensor.type), " [",
                   absl::StrJoin(tensor.shape, ", "), "], '", comment_text(tensor.name), "'");
  if (tensor.scale > 0) {
    absl::StrAppend(&text, ", real = ", absl::StrFormat("%.9g", tensor.scale), " * (q - ",
                    tensor.zero_point, ")");
  }
  return text + "\n";
}

std::string describe_ports(const Plan& plan) {
  std::string text;
  for (size_t i = 0; i < plan.inputs.size(); ++i) {
    text += describe(tensor_of(plan, plan.inputs[i]), "input", i);
  }
  for (size_t i = 0; i < plan.outputs.size(); ++i) {
    text += describe(tensor_of(plan, plan.outputs[i]), "output", i);
  }
  return text;
}

std::string size_macros(const CModel& model) {
  std::string text;
  const auto add = [&](const char* kind, const std::vector<int32_t>& ports) {
    for (size_t i = 0; i < ports.size(); ++i) {
      const PlanTensor& port = tensor_of(*model.plan, ports[i]);
      absl::StrAppend(&text, "#define ", upper(model.name), "_", kind, i, "_LENGTH ",
                      port_bytes(port) / size_of(port.type), "\n");
    }
  };
  add("INPUT", model.plan->inputs);
  add("OUTPUT", model.plan->outputs);
  return text;
}

std::string checksum_statements(const Constants& constants) {
  std::string text;
  for (const std::string& name : constants.names()) {
    absl::StrAppend(&text, "  sum = dw_checksum(sum, ", name, ", sizeof(", name, "));\n");
  }
  return text;
}

// For inputs that no layer reads.
std::string unused_statements(const Plan& plan) {
  std::string text;
  for (size_t i = 0; i < plan.inputs.size(); ++i) absl::StrAppend(&text, "  (void)input", i, ";\n");
  return text;
}

std::string includes(const std::vector<std::string>& headers) {
  std::string text;
  for (const std::string& header : headers) {
    absl::StrAppend(&text, "#include \"kernels/", header, "\"\n");
  }
  return text;
}

}  // namespace

std::string upper(const std::string& name) { return absl::AsciiStrToUpper(name); }

int64_t port_bytes(const PlanTensor& port) { return static_cast<int64_t>(port.bytes); }

std::string port_parameters(const Plan& plan) {
  std::vector<std::string> parameters;
  for (size_t i = 0; i < plan.inputs.size(); ++i) {
    parameters.push_back(
        absl::StrCat("const ", c_type(tensor_of(plan, plan.inputs[i]).type), "* input", i));
  }
  for (size_t i = 0; i < plan.outputs.size(); ++i) {
    parameters.push_back(
        absl::StrCat(c_type(tensor_of(plan, plan.outputs[i]).type), "* output", i));
  }
  return absl::StrJoin(parameters, ", ");
}

std::vector<CFile> model_files(const CModel& model) {
  const Footprint& f = model.footprint;
  const std::vector<std::pair<std::string, std::string>> values = {
      {"NAME", model.name},
      {"UPPER", upper(model.name)},
      {"PORTS", describe_ports(*model.plan)},
      {"LENGTHS", size_macros(model)},
      {"PORT_PARAMETERS", port_parameters(*model.plan)},
      {"INCLUDES", includes(model.headers)},
      {"PARAMETERS", model.parameters},
      {"ARENA_BYTES", absl::StrCat(f.arena_bytes)},
      {"SCRATCH_BYTES", absl::StrCat(f.scratch_bytes)},
      {"CHECKSUM_STATEMENTS", checksum_statements(model.constants)},
      {"CHECKSUM", absl::StrCat(model.constants.checksum())},
      {"UNUSED", unused_statements(*model.plan)},
      {"STATEMENTS", model.statements}};
  return {{model.name + ".h", fill_template("model.h", values)},
          {model.name + ".c", fill_template("model.c", values)},
          {model.name + "_constants.h",
           absl::StrCat("/* Weights, biases, multipliers and tables of ", model.name,
                        ", for its .c file alone. */\n",
                        model.constants.definitions(upper(model.name) + "_FLASH "))}};
}

}  // namespace durward
