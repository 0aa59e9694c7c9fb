#include "pipeline/staged_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/errno_status.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

absl::Status flush(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno_status(errno, "cannot open", path);
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  return result == 0 ? absl::OkStatus() : errno_status(error, "cannot write", path);
}

// Where an older file waits until all new ones are in place.
std::string backup_of(const std::string& name) { return name + ".old"; }

}  // namespace

absl::StatusOr<StagedFolder> StagedFolder::create(const fs::path& output) {
  StagedFolder folder;
  folder.output_ = output;
  std::error_code error;
  for (fs::path path = output; !path.empty() && !fs::exists(path, error);
       path = path.parent_path()) {
    folder.made_.insert(folder.made_.begin(), path);
  }
  for (const fs::path& path : folder.made_) {
    fs::create_directory(path, error);
    if (error) return errno_status(error.value(), "cannot make the folder", output);
  }
  std::string staging = (output / ".durward-XXXXXX").string();
  if (::mkdtemp(staging.data()) == nullptr) return errno_status(errno, "cannot write to", output);
  folder.staging_ = staging;
  return folder;
}

StagedFolder::StagedFolder(StagedFolder&& other) noexcept
    : output_(std::move(other.output_)),
      staging_(std::exchange(other.staging_, {})),
      made_(std::exchange(other.made_, {})) {}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  if (!staging_.empty()) fs::remove_all(staging_, ignored);
  // Removes empty folders only.
  for (auto made = made_.rbegin(); made != made_.rend(); ++made) ::rmdir(made->c_str());
}

absl::Status StagedFolder::make_folder_of(const std::string& name) const {
  const fs::path folder = file(name).parent_path();
  std::error_code error;
  fs::create_directories(folder, error);
  return error ? errno_status(error.value(), "cannot make the folder", folder) : absl::OkStatus();
}

// Names have one folder at most.
absl::Status StagedFolder::make_output_folder_of(const std::string& name) {
  const fs::path folder = (output_ / name).parent_path();
  std::error_code error;
  if (fs::create_directory(folder, error)) made_.push_back(folder);
  return error ? errno_status(error.value(), "cannot make the folder", folder) : absl::OkStatus();
}

absl::Status StagedFolder::publish(std::span<const std::string> names) {
  for (const std::string& name : names) {
    std::error_code ignored;
    if (fs::is_directory(output_ / name, ignored)) {
      return absl::AlreadyExistsError(
          absl::StrCat("cannot write ", (output_ / name).string(), ": a folder has that name"));
    }
    DURWARD_RETURN_IF_ERROR(flush(file(name)));
    DURWARD_RETURN_IF_ERROR(make_output_folder_of(name));
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (absl::Status status = replace(names[i]); !status.ok()) {
      for (size_t done = 0; done <= i; ++done) put_back(names[done]);
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status StagedFolder::replace(const std::string& name) {
  const fs::path target = output_ / name;
  const fs::path backup = file(backup_of(name));
  // A second name rather than another, where the file system has such: then the target is never
  // missing.
  if (::link(target.c_str(), backup.c_str()) != 0 && errno != ENOENT &&
      ::rename(target.c_str(), backup.c_str()) != 0) {
    return errno_status(errno, "cannot replace", target);
  }
  if (::rename(file(name).c_str(), target.c_str()) != 0)
    return errno_status(errno, "cannot create", target);
  return absl::OkStatus();
}

// The newer file is lost, the older one, if there was one, is in its place again.
void StagedFolder::put_back(const std::string& name) {
  const fs::path target = output_ / name, older = file(backup_of(name));
  std::error_code ignored;
  const bool was_moved = !fs::exists(file(name), ignored);
  if (fs::exists(older, ignored)) {
    ::rename(older.c_str(), target.c_str());
  } else if (was_moved) {
    ::unlink(target.c_str());
  }
}

}  // namespace durward
