#include "biometrics/gate.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_format.h>
#include <absl/strings/strip.h>

#include <algorithm>

namespace durward {
namespace {

std::string points(double rate) { return absl::StrFormat("%.3f", rate * 100); }

// The number that stands alone in `text`; absl::SimpleAtod would take "nan" and "inf" too, which
// the range refuses.
std::optional<double> number(std::string_view text, double least, double most) {
  double value = 0;
  if (!absl::SimpleAtod(absl::string_view(text.data(), text.size()), &value)) return std::nullopt;
  if (!(value >= least && value <= most)) return std::nullopt;
  return value;
}

}  // namespace

absl::StatusOr<Gate> parse_gate(std::string_view text) {
  Gate gate{.text = std::string(text)};
  absl::string_view rest(text.data(), text.size());
  gate.point_estimate = absl::ConsumeSuffix(&rest, ":point");
  const size_t at = rest.find('@');
  std::optional<double> loss, far;
  if (at != absl::string_view::npos) {
    loss = number({rest.data(), at}, 0, 1);
    far = number({rest.data() + at + 1, rest.size() - at - 1}, 0, 1);
  }
  if (!loss || !far || *far == 0 || *far == 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(text),
                     "\" is no gate; write LOSS@FAR, e.g. 0.01@1e-3: at FAR 1e-3 the TAR may fall "
                     "by at most 0.01 (LOSS from 0 to 1, FAR between 0 and 1)"));
  }
  gate.max_tar_loss = *loss;
  gate.far = *far;
  return gate;
}

void add_gate_fars(std::span<const Gate> gates, std::vector<double>& fars) {
  for (const Gate& gate : gates) {
    if (std::find(fars.begin(), fars.end(), gate.far) == fars.end()) fars.push_back(gate.far);
  }
}

std::string_view to_string(GateVerdict verdict) {
  switch (verdict) {
    case GateVerdict::kPassed:
      return "passed";
    case GateVerdict::kFailed:
      return "failed";
    case GateVerdict::kUnproven:
      return "unproven";
  }
  return "unproven";
}

GateResult judge(const Gate& gate, std::span<const TarLoss> losses) {
  GateResult result;
  result.gate = gate;
  const auto measured = std::find_if(losses.begin(), losses.end(), [&](const TarLoss& loss) {
    return std::abs(loss.far / gate.far - 1) < 1e-9;
  });
  if (measured == losses.end()) {
    result.reason =
        absl::StrFormat("no TAR was measured at FAR %g; that takes at least %d impostor trials",
                        gate.far, impostor_trials_needed(gate.far));
    return result;
  }
  result.loss = *measured;
  const std::string found =
      absl::StrFormat("at FAR %g the TAR falls by %s points", gate.far, points(measured->loss));
  const std::string allowed = absl::StrFormat("%s are allowed", points(gate.max_tar_loss));
  if (measured->loss > gate.max_tar_loss) {
    result.verdict = GateVerdict::kFailed;
    result.reason = absl::StrFormat("%s, and %s", found, allowed);
  } else if (gate.point_estimate) {
    result.verdict = GateVerdict::kPassed;
    result.reason =
        absl::StrFormat("%s, where %s (judged by the measured loss alone)", found, allowed);
  } else if (!measured->upper_bound) {
    result.reason = absl::StrFormat(
        "%s, where %s, but there is no upper bound of the loss: too few people", found, allowed);
  } else {
    const bool passed = *measured->upper_bound <= gate.max_tar_loss;
    result.verdict = passed ? GateVerdict::kPassed : GateVerdict::kUnproven;
    result.reason =
        absl::StrFormat("%s, at most by %s with 95 %% confidence, %s %s", found,
                        points(*measured->upper_bound), passed ? "where" : "but", allowed);
  }
  return result;
}

}  // namespace durward
