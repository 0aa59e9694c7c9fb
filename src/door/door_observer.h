// What a person should see or hear while a door looks and listens.
#pragma once

#include "auth/factor_run.h"

namespace durward {

// Called from the door's threads, one call at a time; what it does delays them.
class DoorObserver : public SessionObserver {
 public:
  // Of an enrolment: so many of the wanted rounds of this modality are done.
  virtual void progress(std::string_view modality, int64_t done, int64_t wanted) = 0;
};

}  // namespace durward
