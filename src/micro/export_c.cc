#include "micro/export_c.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <set>

#include "micro/call_writer.h"
#include "micro/constants.h"
#include "micro/model_files.h"
#include "micro/needed_kernels.h"

namespace durward {
namespace {

// Code, from above: what the kernels of Cortex-M3, which are the largest with the functions that
// compute floats, take at -O2 (docs/microcontrollers.md).
constexpr int64_t kBytesPerKernelSource = 600;
constexpr int64_t kBytesPerStep = 64;
constexpr int64_t kBytesOfModel = 4096;

constexpr int64_t kScratchAlignment = 8;

int64_t bytes_of_ports(const Plan& plan, const std::vector<int32_t>& ports) {
  int64_t bytes = 0;
  for (const int32_t port : ports) bytes += port_bytes(plan.tensors[static_cast<size_t>(port)]);
  return bytes;
}

absl::Status check_addresses(const Plan& plan) {
  if (plan.arena_bytes > INT32_MAX || plan.constants.size() > INT32_MAX) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the model is too large for any microcontroller: its arena has ",
                     plan.arena_bytes, " bytes, its constants ", plan.constants.size()));
  }
  return absl::OkStatus();
}

// Each layer once, as a comment before the first of its steps.
std::string layer_comment(const Plan& plan, const PlanStep& step, std::set<uint32_t>& seen) {
  if (step.kind == PlanStep::Kind::kSlide || !seen.insert(step.index).second) return {};
  std::string name;
  for (const char c : plan.calls[step.index].name) {
    name += absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' ? c : '_';
  }
  return absl::StrCat("  /* ", name, " */\n");
}

}  // namespace

std::string c_identifier(const std::string& name) {
  std::string result;
  for (const char c : name) {
    result += absl::ascii_isalnum(static_cast<unsigned char>(c))
                  ? absl::ascii_tolower(static_cast<unsigned char>(c))
                  : '_';
  }
  if (result.empty() || absl::ascii_isdigit(static_cast<unsigned char>(result[0]))) {
    result = "model_" + result;
  }
  return result;
}

absl::StatusOr<CExport> export_c(const Plan& plan, const std::string& name,
                                 const std::vector<MicroGolden>& golden,
                                 const MicroLimits& limits) {
  DURWARD_RETURN_IF_ERROR(check_addresses(plan));
  CModel model{.name = name,
               .plan = &plan,
               .constants = {},
               .parameters = {},
               .statements = {},
               .headers = {},
               .footprint = {}};
  CallWriter writer(plan, model.constants);
  std::set<uint32_t> seen;
  for (const PlanStep& step : plan.steps) {
    DURWARD_ASSIGN_OR_RETURN(const std::string statements, writer.write(step));
    absl::StrAppend(&model.statements, layer_comment(plan, step, seen), statements);
  }
  model.parameters = writer.parameters(upper(name) + "_FLASH ");

  CExport result;
  std::set<std::string> sources = writer.sources();
  sources.insert("runtime_check.c");
  std::vector<std::string> source_names;
  for (const EmbeddedFile& file : files_for(sources)) {
    const std::string file_name(file.name);
    result.files.push_back({"kernels/" + file_name, std::string(file.text)});
    if (file_name.ends_with(".c")) {
      source_names.push_back(file_name);
    } else {
      // Of those of other instruction sets, only their sources include them.
      const bool variant = file_name.find("_dsp") != std::string::npos ||
                           file_name.find("_mve") != std::string::npos ||
                           file_name.find("_c.h") != std::string::npos;
      if (!variant) model.headers.push_back(file_name);
    }
  }
  Footprint& f = model.footprint;
  f.arena_bytes = static_cast<int64_t>(plan.arena_bytes + kScratchAlignment - 1) /
                  kScratchAlignment * kScratchAlignment;
  f.scratch_bytes = writer.scratch_bytes();
  f.input_bytes = bytes_of_ports(plan, plan.inputs);
  f.output_bytes = bytes_of_ports(plan, plan.outputs);
  f.constant_bytes = model.constants.bytes() + writer.parameter_bytes();
  f.code_bytes = kBytesOfModel + kBytesPerKernelSource * static_cast<int64_t>(source_names.size()) +
                 kBytesPerStep * static_cast<int64_t>(plan.steps.size());
  f.layer_wise_bytes = layer_wise_minimum(plan);
  f.multiply_accumulates = multiply_accumulates(plan);
  DURWARD_RETURN_IF_ERROR(check_limits(f, limits));

  for (auto files :
       {model_files(model), self_test_files(model, golden), build_files(model, source_names)}) {
    for (CFile& file : files) result.files.push_back(std::move(file));
  }
  result.kernels = std::move(source_names);
  result.footprint = f;
  return result;
}

}  // namespace durward
