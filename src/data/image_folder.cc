#include "data/image_folder.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <system_error>

#include "data/image_header.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

absl::Status file_system_error(const std::error_code& error, const fs::path& path) {
  const std::string message = absl::StrCat("cannot list ", path.string(), ": ", error.message());
  if (error == std::errc::no_such_file_or_directory) return absl::NotFoundError(message);
  if (error == std::errc::permission_denied) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

bool begins_like_an_image(const fs::path& path) {
  std::array<char, kImageSignatureBytes> start{};
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), start.size());
  return image_format(std::as_bytes(std::span(start).first(static_cast<size_t>(file.gcount()))))
      .has_value();
}

void sort_by_bytes(std::vector<fs::path>& paths) {
  std::sort(paths.begin(), paths.end(),
            [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
}

}  // namespace

absl::StatusOr<ImageFolder> list_images(const fs::path& folder) {
  std::error_code error;
  if (const fs::file_status status = fs::status(folder, error); !fs::is_directory(status)) {
    if (error) return file_system_error(error, folder);
    return absl::InvalidArgumentError(
        absl::StrCat(folder.string(), " is not a folder; expected a folder of pictures"));
  }
  ImageFolder found;
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
      std::error_code unreadable;  // a dangling link is skipped like any other non-picture
      if (entry->is_directory(unreadable)) {
        subfolders.push_back(entry->path());
      } else if (entry->is_regular_file(unreadable) && begins_like_an_image(entry->path())) {
        found.images.push_back(entry->path());
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
  sort_by_bytes(found.images);
  sort_by_bytes(found.skipped);
  if (found.images.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no pictures in ", folder.string(),
        ": expected JPEG, PNG, BMP or WebP files there or in its subfolders, found ",
        found.skipped.size(), " other files",
        found.skipped.empty() ? "" : absl::StrCat(", the first ", found.skipped[0].string())));
  }
  return found;
}

}  // namespace durward
