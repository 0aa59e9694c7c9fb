#include "pipeline/calibration_set.h"

#include <algorithm>
#include <iterator>
#include <map>

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

// By the first folder below `folder`; empty where a file lies in none.
std::vector<int32_t> people_by_folder(const fs::path& folder, const std::vector<fs::path>& files,
                                      const SampleSet& samples) {
  std::map<fs::path, int32_t> number;
  std::vector<int32_t> people;
  for (const int64_t file : samples.file_of_sample) {
    const fs::path below = files[static_cast<size_t>(file)].lexically_relative(folder);
    if (std::distance(below.begin(), below.end()) < 2) return {};
    people.push_back(
        number.emplace(*below.begin(), static_cast<int32_t>(number.size())).first->second);
  }
  return people;
}

absl::StatusOr<CalibrationSet> load_some(const fs::path& folder, const ListedFiles& listed,
                                         const std::vector<fs::path>& candidates, int64_t count,
                                         const SampleOptions& options) {
  std::vector<fs::path> chosen = evenly_spaced(candidates, count);
  absl::StatusOr<SampleSet> samples = collect_samples(chosen, options);
  if (!samples.ok()) return with_context(samples.status(), folder.string());
  std::string digest = picture_digest(chosen);
  std::vector<int32_t> people = people_by_folder(folder, chosen, *samples);
  return CalibrationSet{*std::move(samples), std::move(chosen), listed.others, std::move(digest),
                        std::move(people)};
}

}  // namespace

absl::StatusOr<CalibrationSet> load_calibration_set(const fs::path& folder, int64_t count,
                                                    const SampleOptions& options) {
  if (const auto* features = std::get_if<FeatureSpec>(&options.preprocessing)) {
    return touch_calibration_set(folder, count, *features, options.learners);
  }
  DURWARD_ASSIGN_OR_RETURN(const ListedFiles listed,
                           list_sample_files(folder, options.preprocessing));
  return load_some(folder, listed, listed.files, count, options);
}

absl::StatusOr<CalibrationSet> load_held_out_set(const fs::path& folder, const CalibrationSet& used,
                                                 int64_t count, const SampleOptions& options) {
  if (std::holds_alternative<FeatureSpec>(options.preprocessing)) {
    return absl::UnimplementedError(
        "measuring steps and precisions on what was not calibrated on needs pictures or "
        "recordings, a file each; measured features come in tables");
  }
  DURWARD_ASSIGN_OR_RETURN(const ListedFiles listed,
                           list_sample_files(folder, options.preprocessing));
  std::vector<fs::path> others;  // both lists are sorted
  std::set_difference(listed.files.begin(), listed.files.end(), used.files.begin(),
                      used.files.end(), std::back_inserter(others));
  if (others.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder.string(), ": all of its ", listed.files.size(),
        " files are calibrated on, and none is left to judge by; give more, or calibrate on fewer "
        "with --calibration-images"));
  }
  return load_some(folder, listed, others, count, options);
}

}  // namespace durward
