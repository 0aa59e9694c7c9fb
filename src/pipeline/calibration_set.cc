#include "pipeline/calibration_set.h"

#include <algorithm>

#include "base/sha256.h"
#include "data/image_folder.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> evenly_spaced(const std::vector<fs::path>& paths, int64_t wanted) {
  const auto found = static_cast<int64_t>(paths.size());
  const int64_t count = std::clamp<int64_t>(wanted, 1, found);
  std::vector<fs::path> chosen;
  for (int64_t i = 0; i < count; ++i)
    chosen.push_back(paths[static_cast<size_t>(i * found / count)]);
  return chosen;
}

std::string digest_of(const std::vector<fs::path>& pictures) {
  std::string text;
  for (const fs::path& path : pictures) {
    std::error_code error;
    absl::StrAppend(&text, path.filename().string(), " ", fs::file_size(path, error), "\n");
  }
  return sha256_hex(std::as_bytes(std::span(text)));
}

}  // namespace

absl::StatusOr<CalibrationSet> load_calibration_set(const fs::path& folder, int64_t images,
                                                    const CropOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const ImageFolder listed, list_images(folder));
  std::vector<fs::path> chosen = evenly_spaced(listed.images, images);
  absl::StatusOr<CropSet> crops = collect_crops(chosen, options);
  if (!crops.ok()) return with_context(crops.status(), folder.string());
  std::string digest = digest_of(chosen);
  return CalibrationSet{*std::move(crops), std::move(chosen),
                        static_cast<int64_t>(listed.skipped.size()), std::move(digest)};
}

}  // namespace durward
