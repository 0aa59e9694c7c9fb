#include "pipeline/touch_samples.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "base/sha256.h"
#include "data/touch.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

// What has to be read for the specification's features.
TouchSource source_of(const FeatureSpec& spec) {
  const auto any = [&spec](std::string_view prefix) {
    return std::any_of(spec.names.begin(), spec.names.end(),
                       [prefix](const std::string& name) { return name.starts_with(prefix); });
  };
  if (!any("motion-")) return TouchSource::kTiming;
  return any("timing-") ? TouchSource::kBoth : TouchSource::kMotion;
}

absl::StatusOr<TouchSet> read_features(const fs::path& folder, const FeatureSpec& spec) {
  DURWARD_ASSIGN_OR_RETURN(TouchSet set, read_touch_folder(folder, source_of(spec)));
  if (set.features == spec.names) return set;
  const auto [found, expected] =
      std::mismatch(set.features.begin(), set.features.end(), spec.names.begin(), spec.names.end());
  const auto name = [](auto at, auto end) {
    return at == end ? "none" : absl::StrCat("'", *at, "'");
  };
  return absl::InvalidArgumentError(absl::StrCat(
      folder.string(), ": its features are not the model's: it has ", set.features.size(),
      ", the input specification ", spec.names.size(), "; the first that differs is ",
      name(found, set.features.end()), " for ", name(expected, spec.names.end())));
}

// Normalised rows of the set, in memory.
absl::StatusOr<Samples> normalised(const TouchSet& set, std::span<const size_t> rows,
                                   const FeatureSpec& spec) {
  const size_t features = spec.features();
  auto values = std::make_shared<std::vector<float>>(rows.size() * features);
  for (size_t i = 0; i < rows.size(); ++i) {
    DURWARD_RETURN_IF_ERROR(apply_feature_spec(spec, set.row(rows[i]),
                                               std::span(*values).subspan(i * features, features)));
  }
  return Samples{.shape = {1, static_cast<int64_t>(features)},
                 .count = static_cast<int64_t>(rows.size()),
                 .read = [values, features](int64_t index, std::span<float> sample) {
                   std::copy_n(values->begin() + index * static_cast<int64_t>(features), features,
                               sample.begin());
                   return absl::OkStatus();
                 }};
}

SampleSet sample_set(Samples samples) {
  SampleSet set;
  set.samples = std::move(samples);
  for (int64_t i = 0; i < set.samples.count; ++i) set.file_of_sample.push_back(i);
  return set;
}

std::vector<size_t> all_rows(const TouchSet& set) {
  std::vector<size_t> rows(set.repetitions.size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  return rows;
}

std::string content_digest(const TouchSet& set, std::span<const size_t> rows) {
  Sha256 digest;
  for (const size_t row : rows) digest.update(std::as_bytes(set.row(row)));
  return digest.hex();
}

// What a row is of, in the place of a file's name.
fs::path row_name(const fs::path& folder, const TouchSet& set, const TouchRepetition& first,
                  std::string_view what) {
  return folder / absl::StrCat("person ", first.person, ", ",
                               set.postures[static_cast<size_t>(first.posture)], ", ",
                               std::string(what));
}

class TouchTrials {
 public:
  TouchTrials(const fs::path& folder, const TouchSet& set) : folder_(folder), set_(set) {}

  absl::StatusOr<TrialSet> make(Samples samples) {
    TrialSet trials{.source = folder_, .samples = sample_set(std::move(samples))};
    trials.files = trials.samples.samples.count;
    std::map<std::pair<int32_t, int32_t>, std::vector<int64_t>> samples_by;
    for (size_t i = 0; i < set_.repetitions.size(); ++i) {
      const TouchRepetition& repetition = set_.repetitions[i];
      samples_by[{repetition.posture, repetition.person}].push_back(static_cast<int64_t>(i));
    }
    for (const auto& [key, of_person] : samples_by) {
      const TouchRepetition& first = set_.repetitions[static_cast<size_t>(of_person[0])];
      if (of_person.size() <= static_cast<size_t>(kEnrolledRepetitions)) {
        return absl::InvalidArgumentError(absl::StrCat(
            folder_.string(), ": person ", first.person, " has ", of_person.size(),
            " repetitions in posture ", set_.postures[static_cast<size_t>(first.posture)], "; ",
            kEnrolledRepetitions, " are enrolled and at least one more is the probe"));
      }
      const auto probes = of_person.begin() + kEnrolledRepetitions;
      template_[key] = add_row(trials, {of_person.begin(), probes}, first, "enrolled");
      for (auto sample = probes; sample != of_person.end(); ++sample) {
        const auto number = sample - of_person.begin() + 1;
        probes_[key].push_back(
            add_row(trials, {*sample}, first, absl::StrCat("repetition ", number)));
      }
    }
    add_conditions(trials);
    return trials;
  }

 private:
  int32_t add_row(TrialSet& trials, std::vector<int64_t> row_samples, const TouchRepetition& first,
                  std::string_view what) const {
    const std::vector<size_t> content(row_samples.begin(), row_samples.end());
    trials.samples_of_row.push_back(std::move(row_samples));
    trials.path_of_row.push_back(row_name(folder_, set_, first, what));
    trials.content_of_row.push_back(content_digest(set_, content));
    trials.person_of_row.push_back(first.person);
    return static_cast<int32_t>(trials.rows() - 1);
  }

  std::vector<Trial> trials_of(int32_t enrolled_in, int32_t probed_in) const {
    std::vector<Trial> trials;
    for (const auto& [enrolled, row] : template_) {
      if (enrolled.first != enrolled_in) continue;
      for (const auto& [probed, probe_rows] : probes_) {
        if (probed.first != probed_in) continue;
        for (const int32_t probe : probe_rows) {
          trials.push_back({.enrol = row,
                            .probe = probe,
                            .genuine = enrolled.second == probed.second,
                            .enrol_person = enrolled.second,
                            .probe_person = probed.second});
        }
      }
    }
    return trials;
  }

  void add_conditions(TrialSet& trials) const {
    const auto postures = static_cast<int32_t>(set_.postures.size());
    for (int32_t a = 0; a < postures; ++a) {
      for (int32_t b = 0; b < postures; ++b) {
        const std::string& enrolled = set_.postures[static_cast<size_t>(a)];
        std::vector<Trial> listed = trials_of(a, b);
        if (a == b) trials.trials.insert(trials.trials.end(), listed.begin(), listed.end());
        trials.conditions.push_back(
            {.name = a == b ? enrolled
                            : absl::StrCat(enrolled, " to ", set_.postures[static_cast<size_t>(b)]),
             .group = a == b ? "same posture" : "another posture",
             .trials = std::move(listed)});
      }
    }
  }

  const fs::path& folder_;
  const TouchSet& set_;
  // Rows of embeddings by posture and person.
  std::map<std::pair<int32_t, int32_t>, int32_t> template_;
  std::map<std::pair<int32_t, int32_t>, std::vector<int32_t>> probes_;
};

}  // namespace

absl::StatusOr<SampleSet> touch_samples(const fs::path& folder, const FeatureSpec& spec) {
  DURWARD_ASSIGN_OR_RETURN(const TouchSet set, read_features(folder, spec));
  DURWARD_ASSIGN_OR_RETURN(Samples samples, normalised(set, all_rows(set), spec));
  SampleSet all = sample_set(std::move(samples));
  std::fill(all.file_of_sample.begin(), all.file_of_sample.end(), 0);
  return all;
}

absl::StatusOr<CalibrationSet> touch_calibration_set(const fs::path& folder, int64_t count,
                                                     const FeatureSpec& spec,
                                                     const std::optional<PersonRange>& learners) {
  DURWARD_ASSIGN_OR_RETURN(const TouchSet everybody, read_features(folder, spec));
  const TouchSet set = select_people(
      everybody, [&](int32_t person) { return !learners || learners->contains(person); });
  if (set.repetitions.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(folder.string(), ": no person is numbered ",
                                                   learners->lowest, " to ", learners->highest));
  }
  const auto found = static_cast<int64_t>(set.repetitions.size());
  const int64_t wanted = std::clamp<int64_t>(count, 1, found);
  std::vector<size_t> rows;
  std::vector<fs::path> names;
  std::vector<int32_t> people;
  for (int64_t i = 0; i < wanted; ++i) {
    rows.push_back(static_cast<size_t>(i * found / wanted));
    const TouchRepetition& repetition = set.repetitions[rows.back()];
    people.push_back(repetition.person);
    names.push_back(
        row_name(folder, set, repetition, absl::StrCat("repetition ", repetition.repetition + 1)));
  }
  DURWARD_ASSIGN_OR_RETURN(Samples samples, normalised(set, rows, spec));
  return CalibrationSet{sample_set(std::move(samples)), std::move(names), 0,
                        content_digest(set, rows), std::move(people)};
}

absl::StatusOr<TrialSet> touch_trials(const fs::path& folder, const TouchSet& set,
                                      const FeatureSpec& spec) {
  if (people_of(set).size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        folder.string(), ": trials need two people or more besides those who were learnt from"));
  }
  DURWARD_ASSIGN_OR_RETURN(Samples samples, normalised(set, all_rows(set), spec));
  return TouchTrials(folder, set).make(std::move(samples));
}

absl::StatusOr<TrialSet> touch_trial_set(const fs::path& folder, const FeatureSpec& spec,
                                         const std::optional<PersonRange>& learners) {
  DURWARD_ASSIGN_OR_RETURN(const TouchSet everybody, read_features(folder, spec));
  const TouchSet set = select_people(
      everybody, [&](int32_t person) { return !learners || !learners->contains(person); });
  return touch_trials(folder, set, spec);
}

}  // namespace durward
