// What a new door needs on the disk besides its configuration: a key, a template store, a state.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "door/door_config.h"
#include "vault/template_store.h"

namespace durward {

// Makes the key, where it is a key file, the store and the state, as far as they are not there, and
// says what it made. AlreadyExists where there is a store and no state: what was counted would be
// forgotten. Errors: the key source's and those of creating each; what was made stays.
[[nodiscard]] absl::StatusOr<std::vector<std::filesystem::path>> set_up_door(
    const DoorConfig& config);

// The store, opened with the configuration's key source.
[[nodiscard]] absl::StatusOr<TemplateStore> open_door_store(const DoorConfig& config);

// Puts a backup in the place of the store; no process may have it open. Errors: restore_store's.
[[nodiscard]] absl::Status restore_door_store(const DoorConfig& config,
                                              const std::filesystem::path& backup);

}  // namespace durward
