#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "micro/embedded_files.h"
#include "micro/model_files.h"

namespace durward {
namespace {

std::string in_kernels(const std::vector<std::string>& sources, const std::string& between) {
  std::vector<std::string> paths;
  for (const std::string& source : sources) paths.push_back("kernels/" + source);
  return absl::StrJoin(paths, between);
}

std::string arguments(const Plan& plan) {
  std::vector<std::string> names;
  for (size_t i = 0; i < plan.inputs.size(); ++i) names.push_back(absl::StrCat("input", i));
  for (size_t i = 0; i < plan.outputs.size(); ++i) names.push_back(absl::StrCat("output", i));
  return absl::StrJoin(names, ", ");
}

}  // namespace

std::vector<CFile> build_files(const CModel& model, const std::vector<std::string>& sources) {
  const Footprint& f = model.footprint;
  std::vector<std::pair<std::string, std::string>> values = {
      {"NAME", model.name},
      {"UPPER", upper(model.name)},
      {"ARGUMENTS", arguments(*model.plan)},
      {"ARENA_BYTES", absl::StrCat(f.arena_bytes)},
      {"SCRATCH_BYTES", absl::StrCat(f.scratch_bytes)},
      {"OWN_BYTES", absl::StrCat(f.arena_bytes + f.scratch_bytes)},
      {"INPUT_BYTES", absl::StrCat(f.input_bytes)},
      {"OUTPUT_BYTES", absl::StrCat(f.output_bytes)},
      {"PORT_BYTES", absl::StrCat(f.input_bytes + f.output_bytes)},
      {"CONSTANT_BYTES", absl::StrCat(f.constant_bytes)},
      {"SOURCES", in_kernels(sources, " \\\n  ")}};
  const std::string makefile = fill_template("Makefile", values);
  values.back().second = in_kernels(sources, "\n  ");
  return {{"Makefile", makefile},
          {"CMakeLists.txt", fill_template("CMakeLists.txt", values)},
          {"README.md", fill_template("README.md", values)}};
}

}  // namespace durward
