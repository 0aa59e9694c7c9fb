// A gate: the loss of TAR at a FAR that a compression may cost at most.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "biometrics/evaluation.h"

namespace durward {

// Written LOSS@FAR, e.g. 0.01@1e-3: at FAR 1e-3 the TAR may fall by at most 0.01 (one point). The
// upper 95 % bound of the loss is held against it, so that a gate cannot be passed for want of
// evidence. LOSS@FAR:point holds the measured loss against it instead, without regard to how few
// people it was measured on.
struct Gate {
  std::string text;  // as it was written
  double max_tar_loss = 0;
  double far = 0;
  bool point_estimate = false;
};

// InvalidArgument names what is wrong and gives an example. LOSS in [0, 1], FAR in (0, 1).
[[nodiscard]] absl::StatusOr<Gate> parse_gate(std::string_view text);

// Adds the gates' FARs to those that are evaluated, where they are not among them.
void add_gate_fars(std::span<const Gate> gates, std::vector<double>& fars);

enum class GateVerdict : uint8_t {
  kPassed,
  kFailed,    // the measured loss is larger than allowed
  kUnproven,  // the measured loss is allowed, but its upper bound is not, or there is none
};

[[nodiscard]] std::string_view to_string(GateVerdict verdict);  // "passed", "failed", "unproven"

struct GateResult {
  Gate gate;
  GateVerdict verdict = GateVerdict::kUnproven;
  std::optional<TarLoss> loss = std::nullopt;  // what was measured at the FAR, where it was
  std::string reason = {};                     // a sentence with the figures
};

// Only kPassed lets a model through.
[[nodiscard]] GateResult judge(const Gate& gate, std::span<const TarLoss> losses);

}  // namespace durward
