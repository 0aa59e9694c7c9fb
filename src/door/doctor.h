// Whether a door can work: everything that can be known before somebody stands in front of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "door/open_door.h"

namespace durward {

enum class Health {
  kGood,
  kWarning,  // it works, but not as well as it should, or for less than its policy promises
  kFailed,   // it does not work
};
[[nodiscard]] std::string_view name_of(Health health);

struct Finding {
  std::string what;  // "store", "face bundle"
  Health health = Health::kGood;
  std::string words;  // what was found and, where it is not good, what to do
};

// In the order in which they matter. Of the sources that are named a sample is taken, for at most
// some seconds each. Nothing is changed.
[[nodiscard]] std::vector<Finding> examine_door(const DoorConfig& config,
                                                const DoorSources& sources,
                                                const DoorSurroundings& around);

// The worst of them.
[[nodiscard]] Health health_of(const std::vector<Finding>& findings);

}  // namespace durward
