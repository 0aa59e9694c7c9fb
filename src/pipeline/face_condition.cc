#include "pipeline/face_condition.h"

#include <algorithm>
#include <cmath>

namespace durward {
namespace {

constexpr int64_t kMaxPairsToList = int64_t{1} << 24;

// A crop as it was before it was normalised, channels in the model's order. Values of a channel are
// whole numbers of 0 to 255, which float32 holds whatever the mean and the deviation.
Image pixels_of(std::span<const float> values, const InputSpec& spec) {
  Image crop(spec.width, spec.height);
  for (size_t i = 0; i < crop.rgb.size(); ++i) {
    const double value = static_cast<double>(values[i]) * spec.std[i % 3] + spec.mean[i % 3];
    crop.rgb[i] = static_cast<uint8_t>(std::clamp<long>(std::lround(value), 0, 255));
  }
  return crop;
}

absl::Status condition_crop(const InputSpec& spec, const FaceCondition& condition,
                            std::span<float> values) {
  const Image crop = pixels_of(values, spec);
  DURWARD_ASSIGN_OR_RETURN(const Image seen, under_condition(crop, condition));
  if (seen == crop) return absl::OkStatus();
  for (size_t i = 0; i < seen.rgb.size(); ++i) {
    values[i] = static_cast<float>((seen.rgb[i] - spec.mean[i % 3]) / spec.std[i % 3]);
  }
  return absl::OkStatus();
}

void list_all_pairs(TrialSet& set) {
  for (int32_t i = 0; i < static_cast<int32_t>(set.rows()); ++i) {
    for (int32_t j = i + 1; j < static_cast<int32_t>(set.rows()); ++j) {
      const int32_t a = set.person_of_row[static_cast<size_t>(i)];
      const int32_t b = set.person_of_row[static_cast<size_t>(j)];
      set.trials.push_back(
          {.enrol = i, .probe = j, .genuine = a == b, .enrol_person = a, .probe_person = b});
    }
  }
  set.all_pairs = false;
}

// A second row for each, of the samples `samples` further on, which probes instead of the first.
void add_probe_rows(int64_t samples, TrialSet& set) {
  const int64_t rows = set.rows();
  for (int64_t row = 0; row < rows; ++row) {
    const auto of = static_cast<size_t>(row);
    std::vector<int64_t> further = set.samples_of_row[of];
    for (int64_t& sample : further) sample += samples;
    set.samples_of_row.push_back(std::move(further));
    set.path_of_row.push_back(std::filesystem::path(set.path_of_row[of]));
    set.person_of_row.push_back(int32_t{set.person_of_row[of]});
  }
  set.files += rows;
  for (Trial& trial : set.trials) trial.probe += static_cast<int32_t>(rows);
}

}  // namespace

absl::StatusOr<TrialSet> with_face_condition(TrialSet set, const InputSpec& spec,
                                             const FaceCondition& condition, bool probes_only) {
  const Samples plain = set.samples.samples;
  const int64_t first = probes_only ? plain.count : 0;  // that is conditioned
  if (probes_only) {
    if (set.all_pairs) {
      if (set.rows() * (set.rows() - 1) / 2 > kMaxPairsToList) {
        return absl::InvalidArgumentError(
            absl::StrCat(set.source.string(), ": all pairs of ", set.rows(),
                         " pictures are too many to have a condition on one side; list the "
                         "trials"));
      }
      list_all_pairs(set);
    }
    add_probe_rows(plain.count, set);
    const std::vector<int64_t> files = set.samples.file_of_sample;
    set.samples.file_of_sample.insert(set.samples.file_of_sample.end(), files.begin(), files.end());
    if (set.samples.picture) {
      set.samples.picture = [picture = set.samples.picture, count = plain.count](int64_t index) {
        return picture(index % count);
      };
    }
    set.samples.samples.count = 2 * plain.count;
  }
  set.samples.samples.read = [plain, spec, condition, first](
                                 int64_t index, std::span<float> values) -> absl::Status {
    DURWARD_RETURN_IF_ERROR(plain.read(index % plain.count, values));
    return index < first ? absl::OkStatus() : condition_crop(spec, condition, values);
  };
  return set;
}

}  // namespace durward
