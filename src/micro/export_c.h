// A plan as C99 for microcontrollers: no heap, no library, weights in constant arrays, and only the
// kernels that the model needs (docs/microcontrollers.md).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/plan.h"
#include "micro/footprint.h"

namespace durward {

struct CFile {
  std::string name;  // relative to the export's folder: "kernels/conv2d.c"
  std::string text;
};

// Inputs of a model and what it gives for them: raw bytes by port.
struct MicroGolden {
  std::vector<std::vector<std::byte>> inputs, outputs;
};

struct CExport {
  std::vector<CFile> files;
  std::vector<std::string> kernels;  // the kernels' sources in it: "conv2d.c"
  Footprint footprint;
};

// `plan` is one that read_plan and verify_plan accepted and whose golden vectors fit its ports;
// `name` is an identifier of C. Errors, before any text is made of the weights: Unimplemented
// naming a layer whose kernel has no version for microcontrollers; those of check_limits.
[[nodiscard]] absl::StatusOr<CExport> export_c(const Plan& plan, const std::string& name,
                                               const std::vector<MicroGolden>& golden,
                                               const MicroLimits& limits);

// The nearest identifier of C: "mobilefacenet_relu6_112x112".
[[nodiscard]] std::string c_identifier(const std::string& name);

}  // namespace durward
