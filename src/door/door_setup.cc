#include "door/door_setup.h"

#include "auth/state_database.h"
#include "vault/key_source_text.h"

namespace durward {
namespace {

constexpr std::string_view kKeyFilePrefix = "file:";

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

absl::StatusOr<std::vector<std::filesystem::path>> set_up_door(const DoorConfig& config) {
  if (is_there(config.store) && !is_there(config.state)) {
    return absl::AlreadyExistsError(
        absl::StrCat(config.store.string(), " is there and ", config.state.string(),
                     " is not: a new state would forget failed attempts; put the old one back"));
  }
  std::vector<std::filesystem::path> made;
  if (config.key.starts_with(kKeyFilePrefix)) {
    const std::filesystem::path key = config.folder / config.key.substr(kKeyFilePrefix.size());
    if (!is_there(key)) {
      DURWARD_RETURN_IF_ERROR(write_new_key_file(key));
      made.push_back(key);
    }
  }
  // Before the store: what is stopped in between can be done again.
  if (!is_there(config.state)) {
    DURWARD_RETURN_IF_ERROR(create_state_database(config.state));
    made.push_back(config.state);
  }
  if (!is_there(config.store)) {
    DURWARD_ASSIGN_OR_RETURN(const std::unique_ptr<KeySource> source,
                             key_source_from(config.key, config.folder));
    DURWARD_RETURN_IF_ERROR(TemplateStore::create(config.store, *source).status());
    made.push_back(config.store);
  }
  return made;
}

absl::StatusOr<TemplateStore> open_door_store(const DoorConfig& config) {
  DURWARD_ASSIGN_OR_RETURN(const std::unique_ptr<KeySource> source,
                           key_source_from(config.key, config.folder));
  return TemplateStore::open(config.store, *source);
}

absl::Status restore_door_store(const DoorConfig& config, const std::filesystem::path& backup) {
  DURWARD_ASSIGN_OR_RETURN(const std::unique_ptr<KeySource> source,
                           key_source_from(config.key, config.folder));
  return restore_store(backup, config.store, *source);
}

}  // namespace durward
