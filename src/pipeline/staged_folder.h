// Results that appear together or not at all.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace durward {

// A folder inside the output folder in which files are made; publish() moves them out. What was not
// published when the object goes away is removed, and so are the folders that were made, if nothing
// is in them then.
class StagedFolder {
 public:
  // Makes `output` too where it is missing, with the folders above it. Errors name the folder:
  // PermissionDenied, ResourceExhausted, Unavailable.
  [[nodiscard]] static absl::StatusOr<StagedFolder> create(const std::filesystem::path& output);
  StagedFolder(StagedFolder&& other) noexcept;
  StagedFolder& operator=(StagedFolder&&) = delete;
  ~StagedFolder();

  [[nodiscard]] std::filesystem::path file(const std::string& name) const {
    return staging_ / name;
  }
  // Makes the folder in which file(name) lies, where the name has one: "kernels/conv2d.c".
  [[nodiscard]] absl::Status make_folder_of(const std::string& name) const;
  // Moves the files of these names to the output folder, over older ones, after flushing them to
  // disk; makes the folders of their names. On an error the output folder is as it was: the older
  // files are back in their place. Errors name the file: AlreadyExists where a folder is in its
  // way, and those of create().
  [[nodiscard]] absl::Status publish(std::span<const std::string> names);

 private:
  StagedFolder() = default;
  [[nodiscard]] absl::Status make_output_folder_of(const std::string& name);
  [[nodiscard]] absl::Status replace(const std::string& name);
  void put_back(const std::string& name);

  std::filesystem::path output_, staging_;
  std::vector<std::filesystem::path> made_;  // the outermost first
};

}  // namespace durward
