#include "vault/new_database.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/file_descriptor.h"

namespace durward {
namespace {

absl::Status sync_folder(const std::filesystem::path& folder) {
  const FileDescriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.get() < 0 || ::fsync(file.get()) != 0) return errno_status(errno, "cannot sync", folder);
  return absl::OkStatus();
}

}  // namespace

absl::Status make_database(const std::filesystem::path& path,
                           const std::function<absl::Status(Database&)>& fill) {
  if (sodium_init() < 0) return absl::UnavailableError("the system gives no random numbers");
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const std::filesystem::path unfinished =
      folder / absl::StrCat(".", path.filename().string(), ".", randombytes_random());
  absl::Status status;
  {
    absl::StatusOr<Database> database = Database::open(unfinished, Database::Mode::kNew);
    status = database.ok() ? fill(*database) : database.status();
  }
  if (status.ok() &&
      ::renameat2(AT_FDCWD, unfinished.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    status = errno_status(errno, "cannot make", path);
  }
  if (status.ok()) return sync_folder(folder);
  ::unlink(unfinished.c_str());
  ::unlink((unfinished.string() + "-journal").c_str());
  return status;
}

}  // namespace durward
