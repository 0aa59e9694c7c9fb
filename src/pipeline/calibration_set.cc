#include "pipeline/calibration_set.h"

#include <algorithm>

#include "pipeline/picture_digest.h"
#include "pipeline/touch_samples.h"

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

}  // namespace

absl::StatusOr<CalibrationSet> load_calibration_set(const fs::path& folder, int64_t count,
                                                    const SampleOptions& options) {
  if (const auto* features = std::get_if<FeatureSpec>(&options.preprocessing)) {
    return touch_calibration_set(folder, count, *features, options.learners);
  }
  DURWARD_ASSIGN_OR_RETURN(const ListedFiles listed,
                           list_sample_files(folder, options.preprocessing));
  std::vector<fs::path> chosen = evenly_spaced(listed.files, count);
  absl::StatusOr<SampleSet> samples = collect_samples(chosen, options);
  if (!samples.ok()) return with_context(samples.status(), folder.string());
  std::string digest = picture_digest(chosen);
  return CalibrationSet{*std::move(samples), std::move(chosen), listed.others, std::move(digest)};
}

}  // namespace durward
