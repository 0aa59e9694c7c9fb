// Where a test finds what it reads.
#pragma once

#include <filesystem>

namespace durward {

[[nodiscard]] std::filesystem::path source_folder();   // of the project
[[nodiscard]] std::filesystem::path fetched_folder();  // where scripts/setup puts what it fetches

}  // namespace durward
