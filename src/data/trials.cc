#include "data/trials.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <system_error>

#include "base/file.h"
#include "data/audio_folder.h"
#include "data/image_folder.h"
#include "data/trial_row.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

constexpr int32_t kUnknown = -1;

// Texts numbered in the order in which they first appear.
class Numbering {
 public:
  int32_t of(std::string_view text) {
    const auto [it, added] =
        numbers_.try_emplace(std::string(text), static_cast<int32_t>(names_.size()));
    if (added) names_.push_back(it->first);
    return it->second;
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  absl::flat_hash_map<std::string, int32_t> numbers_;
  std::vector<std::string> names_;
};

absl::Status line_error(int64_t line, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", std::string(what)));
}

// Gathers the rows of a list. Pictures keep the list's own names until the end. A file that
// read_text_file takes has at most 2^31 bytes, two or more to a name: int32_t counts them all.
class Gatherer {
 public:
  absl::Status add(const TrialRow& row) {
    ListedTrial trial;
    DURWARD_ASSIGN_OR_RETURN(trial.enrol, picture(row.enrol, row.person_enrol, row.line));
    DURWARD_ASSIGN_OR_RETURN(trial.probe, picture(row.probe, row.person_probe, row.line));
    if (trial.enrol == trial.probe) {
      return line_error(row.line, "a picture is compared with itself");
    }
    const int32_t person_enrol = persons_of_[static_cast<size_t>(trial.enrol)];
    const int32_t person_probe = persons_of_[static_cast<size_t>(trial.probe)];
    trial.same_person = row.same_person.value_or(person_enrol == person_probe);
    if (person_enrol != kUnknown && trial.same_person != (person_enrol == person_probe)) {
      return line_error(row.line, "the label contradicts the persons");
    }
    if (!row.group.empty()) trial.group = groups_.of(row.group);
    const uint64_t key = static_cast<uint64_t>(static_cast<uint32_t>(trial.enrol)) << 32 |
                         static_cast<uint32_t>(trial.probe);
    const auto [earlier, added] = seen_.try_emplace(key, list_.trials.size());
    if (added) {
      list_.trials.push_back(trial);
      lines_.push_back(row.line);
      return absl::OkStatus();
    }
    const ListedTrial& first = list_.trials[earlier->second];
    if (first.same_person != trial.same_person || first.group != trial.group) {
      return line_error(row.line,
                        absl::StrCat("the same trial as in line ", lines_[earlier->second],
                                     ", with another label or group"));
    }
    ++list_.duplicates;
    return absl::OkStatus();
  }

  // The list with the pictures' own names as paths.
  absl::StatusOr<TrialList> finish() {
    if (list_.trials.empty()) return absl::InvalidArgumentError("it holds no trial");
    if (persons_.names().empty()) DURWARD_RETURN_IF_ERROR(persons_from_labels());
    list_.images.reserve(persons_of_.size());
    for (size_t i = 0; i < persons_of_.size(); ++i) {
      list_.images.push_back({pictures_.names()[i], persons_of_[i]});
    }
    list_.persons = persons_.names();
    list_.groups = groups_.names();
    return std::move(list_);
  }

 private:
  absl::StatusOr<int32_t> picture(std::string_view name, std::string_view person, int64_t line) {
    const int32_t index = pictures_.of(name);
    const int32_t person_index = person.empty() ? kUnknown : persons_.of(person);
    if (static_cast<size_t>(index) == persons_of_.size()) {
      persons_of_.push_back(person_index);
    } else if (persons_of_[static_cast<size_t>(index)] != person_index) {
      return line_error(line, absl::StrCat(std::string(name), " belongs to \"", std::string(person),
                                           "\" here and to another person "
                                           "in an earlier line"));
    }
    return index;
  }

  // Genuine trials join pictures to persons (union-find); a person is named after its first one.
  absl::Status persons_from_labels() {
    std::vector<int32_t> parent(persons_of_.size());
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&parent](int32_t i) {
      while (parent[static_cast<size_t>(i)] != i) {
        int32_t& up = parent[static_cast<size_t>(i)];
        up = parent[static_cast<size_t>(up)];
        i = up;
      }
      return i;
    };
    for (const ListedTrial& trial : list_.trials) {
      if (!trial.same_person) continue;
      const auto [first, second] = std::minmax({root(trial.enrol), root(trial.probe)});
      parent[static_cast<size_t>(second)] = first;
    }
    for (size_t t = 0; t < list_.trials.size(); ++t) {
      const ListedTrial& trial = list_.trials[t];
      if (!trial.same_person && root(trial.enrol) == root(trial.probe)) {
        return line_error(lines_[t], "an impostor trial between pictures that genuine trials join");
      }
    }
    for (size_t i = 0; i < persons_of_.size(); ++i) {
      const auto first = static_cast<size_t>(root(static_cast<int32_t>(i)));
      persons_of_[i] = persons_.of(pictures_.names()[first]);
    }
    return absl::OkStatus();
  }

  TrialList list_;
  Numbering pictures_, persons_, groups_;
  std::vector<int32_t> persons_of_;  // per picture
  std::vector<int64_t> lines_;       // per trial
  absl::flat_hash_map<uint64_t, size_t> seen_;
};

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// The folder that an LFW list's names are in; nullopt where no folder nearby has the first of them.
std::optional<fs::path> find_lfw_root(const fs::path& list_folder,
                                      const std::string& first_person) {
  std::error_code error;
  if (fs::is_directory(list_folder / first_person, error)) return list_folder;
  std::vector<fs::path> subfolders;
  for (fs::directory_iterator entry(list_folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (fs::is_directory(entry->path() / first_person, ignored))
      subfolders.push_back(entry->path());
  }
  if (subfolders.empty()) return std::nullopt;
  return *std::min_element(subfolders.begin(), subfolders.end());
}

// The picture "root/name/name_0001" with the ending that it has there; ".jpg" where it is absent.
fs::path with_image_ending(const fs::path& stem) {
  for (const char* ending : {".jpg", ".jpeg", ".png", ".webp", ".bmp"}) {
    fs::path path = stem;
    path += ending;
    if (is_file(path)) return path;
  }
  fs::path path = stem;
  path += ".jpg";
  return path;
}

absl::Status check_all_there(const TrialList& list, const fs::path& root) {
  constexpr int64_t kNamed = 10;
  int64_t missing = 0;
  std::string names;
  for (const TrialImage& image : list.images) {
    if (is_file(image.path)) continue;
    if (++missing <= kNamed) absl::StrAppend(&names, "\n  ", image.path.string());
  }
  if (missing == 0) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(
      missing, " of its ", list.images.size(), " pictures are not there (looked in ",
      root.empty() ? "." : root.string(), "):", names, missing > kNamed ? "\n  ..." : ""));
}

absl::StatusOr<TrialList> read_csv(std::string_view text, const fs::path& root) {
  Gatherer gatherer;
  DURWARD_RETURN_IF_ERROR(parse_trial_csv(text, [&](const TrialRow& row) {
    // One picture has one name: "a.jpg" and "./a.jpg" are the same.
    const std::string enrol = fs::path(row.enrol).lexically_normal().string();
    const std::string probe = fs::path(row.probe).lexically_normal().string();
    TrialRow normal = row;
    normal.enrol = enrol;
    normal.probe = probe;
    return gatherer.add(normal);
  }));
  DURWARD_ASSIGN_OR_RETURN(TrialList list, gatherer.finish());
  for (TrialImage& image : list.images) image.path = root / image.path;
  DURWARD_RETURN_IF_ERROR(check_all_there(list, root));
  return list;
}

absl::StatusOr<TrialList> read_lfw(std::string_view text, const fs::path& list_folder,
                                   const fs::path& image_root) {
  Gatherer gatherer;
  DURWARD_RETURN_IF_ERROR(
      parse_lfw_pairs(text, [&](const TrialRow& row) { return gatherer.add(row); }));
  DURWARD_ASSIGN_OR_RETURN(TrialList list, gatherer.finish());
  fs::path root = image_root;
  if (root.empty()) root = find_lfw_root(list_folder, list.persons[0]).value_or(list_folder);
  for (TrialImage& image : list.images) image.path = with_image_ending(root / image.path);
  DURWARD_RETURN_IF_ERROR(check_all_there(list, root));
  return list;
}

absl::StatusOr<FolderFiles> list_of(const fs::path& folder, bool recordings) {
  if (recordings) return list_recordings(folder);
  DURWARD_ASSIGN_OR_RETURN(ImageFolder found, list_images(folder));
  return FolderFiles{.files = std::move(found.images), .skipped = std::move(found.skipped)};
}

// A file belongs to the person whose subfolder it is in, at any depth; files beside the subfolders
// belong to nobody and are skipped.
absl::StatusOr<TrialList> read_people(const fs::path& folder, bool recordings) {
  DURWARD_ASSIGN_OR_RETURN(FolderFiles found, list_of(folder, recordings));
  TrialList list;
  list.all_pairs = true;
  list.skipped = std::move(found.skipped);
  Numbering persons;
  for (fs::path& path : found.files) {
    const fs::path inside = path.lexically_relative(folder);
    if (!inside.has_parent_path()) {
      list.skipped.push_back(std::move(path));
      continue;
    }
    const int32_t person = persons.of(inside.begin()->string());
    list.images.push_back({std::move(path), person});
  }
  list.persons = persons.names();
  if (list.images.size() < 2) {
    const char* name = recordings ? "recordings" : "pictures";
    return absl::InvalidArgumentError(
        absl::StrCat("expected a subfolder of ", name, " for each person, with two ", name,
                     " or more in all; found ", list.images.size(), " in subfolders and ",
                     found.files.size() - list.images.size(), " beside them"));
  }
  return list;
}

absl::StatusOr<TrialList> read_any(const fs::path& path, const TrialOptions& options) {
  std::error_code error;
  if (fs::is_directory(path, error)) return read_people(path, options.recordings);
  DURWARD_ASSIGN_OR_RETURN(const std::string text, read_text_file(path));
  const fs::path folder = path.parent_path();
  if (path.extension() == ".csv") {
    return read_csv(text, options.image_root.empty() ? folder : options.image_root);
  }
  if (options.recordings) {
    return absl::InvalidArgumentError(
        "expected a .csv (enrol, probe, label, ...) or a folder with a subfolder for each speaker");
  }
  return read_lfw(text, folder.empty() ? "." : folder, options.image_root);
}

}  // namespace

int64_t TrialList::trial_count() const {
  if (!all_pairs) return static_cast<int64_t>(trials.size());
  const auto count = static_cast<int64_t>(images.size());
  return count * (count - 1) / 2;
}

absl::StatusOr<TrialList> read_trials(const fs::path& path, const TrialOptions& options) {
  absl::StatusOr<TrialList> list = read_any(path, options);
  if (!list.ok()) return with_context(list.status(), path.string());
  return list;
}

}  // namespace durward
