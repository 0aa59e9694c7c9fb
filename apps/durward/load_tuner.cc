#include "load_tuner.h"

#include <cstdlib>

#include "base/module.h"

namespace durward {

absl::StatusOr<Tuner> load_tuner() {
  const std::string path = DURWARD_TUNE_MODULE;
  if (path.empty()) {
    return absl::UnavailableError(
        "this build found no libtorch, which fine-tuning needs: install Debian's package "
        "libtorch-dev and run scripts/build again");
  }
  // libtorch's threads spin while they wait, and take the CPU from others; not unless asked to.
  setenv("OMP_WAIT_POLICY", "passive", 0);
  DURWARD_ASSIGN_OR_RETURN(void* const function, module_function(path, "durward_distill"));
  using Distill = void(const TuneJob*, absl::StatusOr<TuneOutcome>*);
  auto* distill_function = reinterpret_cast<Distill*>(function);
  return Tuner([distill_function](const TuneJob& job) {
    absl::StatusOr<TuneOutcome> outcome;
    distill_function(&job, &outcome);
    return outcome;
  });
}

}  // namespace durward
