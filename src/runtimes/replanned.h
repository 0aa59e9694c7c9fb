// The plan of a bundle made over for a small device, and golden vectors for it.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/status.h"
#include "bundle/bundle.h"
#include "compile/plan/replan.h"
#include "engine/program.h"
#include "engine/session.h"

namespace durward {

struct ReplannedVector {
  std::vector<std::vector<std::byte>> inputs, outputs;  // by port
};

struct ReplannedModel {
  AlignedMemory plan;  // serialised; the session's
  std::unique_ptr<Session> session;
  std::vector<ReplannedVector> vectors;
};

// Each of the bundle's golden vectors is run by the new plan, and what that gives is what the
// bundle says: where a port became int8, after conversion. Errors: DataLoss where it is not, or
// where there are none or not whole; those of Session::create and replan.
[[nodiscard]] absl::StatusOr<ReplannedModel> replan_bundle(const Bundle& bundle,
                                                           const ReplanOptions& options);

}  // namespace durward
