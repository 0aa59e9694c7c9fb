#include "support/folders.h"

namespace durward {

std::filesystem::path source_folder() { return DURWARD_SOURCE_DIR; }
std::filesystem::path fetched_folder() { return DURWARD_DEPS_DIR; }

}  // namespace durward
