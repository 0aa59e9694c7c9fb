#include "data/folder.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <system_error>

namespace durward {
namespace {

namespace fs = std::filesystem;

absl::Status file_system_error(const std::error_code& error, const fs::path& path) {
  const std::string message = absl::StrCat("cannot list ", path.string(), ": ", error.message());
  if (error == std::errc::no_such_file_or_directory) return absl::NotFoundError(message);
  if (error == std::errc::permission_denied) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

bool begins_like(const FileKind& kind, const fs::path& path) {
  std::vector<char> start(kind.signature_bytes);
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  return kind.accepts(std::as_bytes(std::span(start).first(static_cast<size_t>(file.gcount()))));
}

void sort_by_bytes(std::vector<fs::path>& paths) {
  std::sort(paths.begin(), paths.end(),
            [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
}

}  // namespace

absl::StatusOr<FolderFiles> list_files(const fs::path& folder, const FileKind& kind) {
  std::error_code error;
  if (const fs::file_status status = fs::status(folder, error); !fs::is_directory(status)) {
    if (error) return file_system_error(error, folder);
    return absl::InvalidArgumentError(absl::StrCat(
        folder.string(), " is not a folder; expected a folder of ", std::string(kind.name)));
  }
  FolderFiles found;
  std::set<fs::path> visited;  // by canonical path: a link may lead back or across
  std::vector<fs::path> waiting{folder};
  while (!waiting.empty()) {
    const fs::path current = std::move(waiting.back());
    waiting.pop_back();
    const fs::path canonical = fs::canonical(current, error);
    if (error) return file_system_error(error, current);
    if (!visited.insert(canonical).second) continue;
    std::vector<fs::path> subfolders;
    fs::directory_iterator entry(current, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      std::error_code unreadable;  // a dangling link is skipped like any other file
      if (entry->is_directory(unreadable)) {
        subfolders.push_back(entry->path());
      } else if (entry->is_regular_file(unreadable) && begins_like(kind, entry->path())) {
        found.files.push_back(entry->path());
      } else {
        found.skipped.push_back(entry->path());
      }
    }
    if (error) return file_system_error(error, current);
    // The alphabetically first of two links to one folder is the one that is followed, whatever
    // order the file system lists them in.
    sort_by_bytes(subfolders);
    waiting.insert(waiting.end(), subfolders.rbegin(), subfolders.rend());
  }
  sort_by_bytes(found.files);
  sort_by_bytes(found.skipped);
  if (found.files.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no ", std::string(kind.name), " in ", folder.string(), ": expected ",
        std::string(kind.formats), " files there or in its subfolders, found ",
        found.skipped.size(), " other files",
        found.skipped.empty() ? "" : absl::StrCat(", the first ", found.skipped[0].string())));
  }
  return found;
}

}  // namespace durward
