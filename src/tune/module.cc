// The one function that the application looks up in this module.
#include "tune/tune.h"

extern "C" void durward_distill(const durward::TuneJob* job,
                                absl::StatusOr<durward::TuneOutcome>* outcome) {
  *outcome = durward::distill(*job);
}
