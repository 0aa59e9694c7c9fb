#include "pipeline/trial_set.h"

#include "base/file.h"
#include "base/sha256.h"
#include "biometrics/all_pairs.h"
#include "data/trials.h"
#include "pipeline/touch_samples.h"

namespace durward {
namespace {

constexpr int32_t kNoRow = -1;

// The list's trials by rows; those that lost a file are only counted.
void add_trials(const TrialList& list, std::span<const int32_t> row_of_image, TrialSet& set) {
  for (const ListedTrial& listed : list.trials) {
    const int32_t enrol = row_of_image[static_cast<size_t>(listed.enrol)];
    const int32_t probe = row_of_image[static_cast<size_t>(listed.probe)];
    if (enrol == kNoRow || probe == kNoRow) {
      ++set.lost_trials;
      continue;
    }
    set.trials.push_back({.enrol = enrol,
                          .probe = probe,
                          .genuine = listed.same_person,
                          .enrol_person = list.images[static_cast<size_t>(listed.enrol)].person,
                          .probe_person = list.images[static_cast<size_t>(listed.probe)].person,
                          .group = listed.group < 0 ? kNoGroup : listed.group});
  }
}

}  // namespace

absl::StatusOr<TrialSet> load_trial_set(const std::filesystem::path& list_path,
                                        const std::filesystem::path& image_root,
                                        const SampleOptions& options) {
  if (const auto* features = std::get_if<FeatureSpec>(&options.preprocessing)) {
    return touch_trial_set(list_path, *features, options.learners);
  }
  DURWARD_ASSIGN_OR_RETURN(
      const TrialList list,
      read_trials(list_path,
                  {.recordings = std::holds_alternative<VoiceSpec>(options.preprocessing),
                   .image_root = image_root}));
  std::vector<std::filesystem::path> paths;
  for (const TrialImage& image : list.images) paths.push_back(image.path);
  SampleOptions central = options;
  central.all_faces = false;
  absl::StatusOr<SampleSet> samples = collect_samples(paths, central);
  if (!samples.ok()) return with_context(samples.status(), list_path.string());
  TrialSet set{.source = list_path, .samples = *std::move(samples)};
  set.groups = list.groups;
  set.all_pairs = list.all_pairs;
  set.files = static_cast<int64_t>(list.images.size());
  std::vector<int32_t> row_of_image(list.images.size(), kNoRow);
  for (int64_t sample = 0; sample < set.samples.samples.count; ++sample) {
    const auto image = static_cast<size_t>(set.samples.file_of_sample[static_cast<size_t>(sample)]);
    if (row_of_image[image] == kNoRow) {
      row_of_image[image] = static_cast<int32_t>(set.rows());
      set.samples_of_row.emplace_back();
      set.path_of_row.push_back(paths[image]);
      set.person_of_row.push_back(list.images[image].person);
    }
    set.samples_of_row.back().push_back(sample);
  }
  if (set.all_pairs) {
    const auto pairs = [](int64_t n) { return n * (n - 1) / 2; };
    set.lost_trials = pairs(set.files) - pairs(set.rows());
  } else {
    add_trials(list, row_of_image, set);
  }
  return set;
}

absl::StatusOr<std::string> trial_set_sha256(const TrialSet& set) {
  std::string text = set.all_pairs ? "all pairs\n" : "";
  for (size_t row = 0; row < set.path_of_row.size(); ++row) {
    std::string content;
    if (!set.content_of_row.empty()) {
      content = set.content_of_row[row];
    } else {
      DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_file(set.path_of_row[row]));
      content = sha256_hex(bytes);
    }
    absl::StrAppend(&text, content, " ", set.person_of_row[row], "\n");
  }
  for (const Trial& trial : set.trials) {
    absl::StrAppend(&text, trial.enrol, " ", trial.probe, "\n");
  }
  return sha256_hex(std::as_bytes(std::span(text)));
}

absl::StatusOr<ScoredTrials> score_trial_set(const TrialSet& set, const Embeddings& enrolled,
                                             const Embeddings& probes, int threads,
                                             const Progress& progress) {
  if (set.all_pairs) {
    return score_all_pairs(enrolled, probes, set.person_of_row,
                           {.threads = threads, .progress = progress});
  }
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> scores,
                           score_trials(set.trials, enrolled, probes));
  return collect_scores(set.trials, scores);
}

}  // namespace durward
