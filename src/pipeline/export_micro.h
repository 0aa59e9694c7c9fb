// A bundle as C sources for microcontrollers, in a folder.
#pragma once

#include <filesystem>
#include <string>

#include "compile/plan/replan.h"
#include "micro/export_c.h"

namespace durward {

struct MicroExportRequest {
  std::filesystem::path bundle;
  std::filesystem::path output;  // folder; made where it is missing
  std::string name = {};         // of the C functions; empty: the model's
  MicroLimits limits = {};
  ReplanOptions plan = {};  // int8 ports, a smaller arena
};

// Writes the files of export_c with the bundle's golden vectors, and feature_header's where the
// model is of measured features. Where that fails, the folder is as
// it was before. Errors: those of Bundle::open, of the plan, of replan, of export_c, naming the
// bundle.
[[nodiscard]] absl::StatusOr<CExport> export_micro(const MicroExportRequest& request);

}  // namespace durward
