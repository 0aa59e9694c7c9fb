#include "pipeline/staged_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace durward {
namespace {

namespace fs = std::filesystem;

absl::Status cannot(std::string_view what, const fs::path& path, int error) {
  const std::string message =
      absl::StrCat("cannot ", std::string(what), " ", path.string(), ": ", std::strerror(error));
  if (error == EACCES || error == EPERM || error == EROFS)
    return absl::PermissionDeniedError(message);
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  return absl::UnavailableError(message);
}

absl::Status flush(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot("open", path, errno);
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  return result == 0 ? absl::OkStatus() : cannot("write", path, error);
}

}  // namespace

absl::StatusOr<StagedFolder> StagedFolder::create(const fs::path& output) {
  std::error_code error;
  fs::create_directories(output, error);
  if (error) return cannot("make the folder", output, error.value());
  std::string staging = (output / ".durward-XXXXXX").string();
  if (::mkdtemp(staging.data()) == nullptr) return cannot("write to", output, errno);
  return StagedFolder(output, staging);
}

StagedFolder::StagedFolder(StagedFolder&& other) noexcept
    : output_(std::move(other.output_)), staging_(std::exchange(other.staging_, {})) {}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  if (!staging_.empty()) fs::remove_all(staging_, ignored);
}

absl::Status StagedFolder::publish(const std::string& name) {
  DURWARD_RETURN_IF_ERROR(flush(file(name)));
  if (::rename(file(name).c_str(), (output_ / name).c_str()) != 0)
    return cannot("create", output_ / name, errno);
  return absl::OkStatus();
}

}  // namespace durward
