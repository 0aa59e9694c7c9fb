// The parts of the report, each from the whole result. A part whose data are missing says so in a
// sentence.
#pragma once

#include "report/html.h"
#include "report/json_view.h"

namespace durward {

[[nodiscard]] Html summary_section(const JsonView& result);     // the user's four questions
[[nodiscard]] Html gates_section(const JsonView& result);       // gates and warnings
[[nodiscard]] Html accuracy_section(const JsonView& result);    // DET, figures, losses, thresholds
[[nodiscard]] Html attacks_section(const JsonView& result);     // APCER by species, BPCER
[[nodiscard]] Html changes_section(const JsonView& result);     // pairs that changed sides
[[nodiscard]] Html speed_section(const JsonView& result);       // latency, size, trade-offs
[[nodiscard]] Html placement_section(const JsonView& result);   // where each op ran
[[nodiscard]] Html profile_section(const JsonView& result);     // float and INT8 side by side
[[nodiscard]] Html agreement_section(const JsonView& result);   // exports against the reference
[[nodiscard]] Html layers_section(const JsonView& result);      // signal-to-noise by layer
[[nodiscard]] Html precision_section(const JsonView& result);   // ablation, mixed precision
[[nodiscard]] Html tuning_section(const JsonView& result);      // fine-tuning
[[nodiscard]] Html provenance_section(const JsonView& result);  // model, calibration, machine, tool
[[nodiscard]] Html glossary_section();

}  // namespace durward
