#include "load_tuner.h"

#include <dlfcn.h>

#include <cstdlib>

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
  void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    return absl::UnavailableError(absl::StrCat(
        "the module for fine-tuning cannot be loaded: ", dlerror(), "; run scripts/build again"));
  }
  using Distill = void(const TuneJob*, absl::StatusOr<TuneOutcome>*);
  auto* distill_function = reinterpret_cast<Distill*>(dlsym(module, "durward_distill"));
  if (distill_function == nullptr) {
    return absl::UnavailableError(
        absl::StrCat(path, " is of another version; run scripts/build again"));
  }
  return Tuner([distill_function](const TuneJob& job) {
    absl::StatusOr<TuneOutcome> outcome;
    distill_function(&job, &outcome);
    return outcome;
  });
}

}  // namespace durward
