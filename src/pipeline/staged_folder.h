// Results that appear together or not at all.
#pragma once

#include <filesystem>
#include <string>

#include "base/status.h"

namespace durward {

// A folder inside the output folder in which files are made; publish() moves them out. What was not
// published when the object goes away is removed.
class StagedFolder {
 public:
  // Makes `output` too where it is missing. Errors name the folder: PermissionDenied, Unavailable.
  [[nodiscard]] static absl::StatusOr<StagedFolder> create(const std::filesystem::path& output);
  StagedFolder(StagedFolder&& other) noexcept;
  StagedFolder& operator=(StagedFolder&&) = delete;
  ~StagedFolder();

  [[nodiscard]] std::filesystem::path file(const std::string& name) const {
    return staging_ / name;
  }
  // Moves the file of this name to the output folder, over an older one, after flushing it to disk.
  [[nodiscard]] absl::Status publish(const std::string& name);

 private:
  StagedFolder(std::filesystem::path output, std::filesystem::path staging)
      : output_(std::move(output)), staging_(std::move(staging)) {}
  std::filesystem::path output_, staging_;
};

}  // namespace durward
