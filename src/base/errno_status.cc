#include "base/errno_status.h"

#include <cerrno>
#include <cstring>

namespace durward {

absl::Status errno_status(int error, std::string_view what, const std::filesystem::path& path) {
  const std::string message =
      absl::StrCat(std::string(what), " ", path.string(), ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    case EEXIST:
      return absl::AlreadyExistsError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace durward
