#include "runtimes/golden.h"

#include "device/golden_check.h"
#include "runtimes/engine_status.h"

namespace durward {

absl::StatusOr<GoldenResult> check_golden(const Bundle& bundle, const std::optional<Isa>& isa) {
  std::unique_ptr<Session> session;
  DURWARD_RETURN_IF_ERROR(engine_status(Session::create(bundle.plan(), {isa}, session)));
  absl::Status damaged;  // the first member that is
  const auto find = [&](const std::string& path) -> std::optional<std::span<const std::byte>> {
    const absl::StatusOr<std::span<const std::byte>> bytes = bundle.member(path);
    if (bytes.ok()) return *bytes;
    if (!absl::IsNotFound(bytes.status())) damaged.Update(bytes.status());
    return std::nullopt;
  };
  const device::GoldenOutcome outcome = device::check_golden(*session, find);
  DURWARD_RETURN_IF_ERROR(damaged);
  if (!outcome.problem.empty()) return absl::DataLossError(outcome.problem);
  return GoldenResult{outcome.vectors, outcome.bytes};
}

}  // namespace durward
