#include "data/touch.h"

#include <absl/strings/str_join.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "data/feature_csv.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

struct TouchKind {
  TouchSource source;
  std::string_view ending;   // of its files
  std::string_view feature;  // of its features
};
constexpr TouchKind kTouchKinds[] = {
    {TouchSource::kTiming, "_Touch_with_label.csv", "timing"},
    {TouchSource::kMotion, "_Sensor_with_label.csv", "motion"},
};

std::vector<TouchKind> kinds_of(TouchSource source) {
  std::vector<TouchKind> kinds;
  for (const TouchKind& kind : kTouchKinds) {
    if (source == TouchSource::kBoth || source == kind.source) kinds.push_back(kind);
  }
  return kinds;
}

// The postures for which the folder has a file of one of the kinds, by name.
absl::StatusOr<std::set<std::string>> postures_in(const fs::path& folder,
                                                  const std::vector<TouchKind>& kinds) {
  std::error_code error;
  std::set<std::string> postures;
  std::vector<std::string> expected;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    for (const TouchKind& kind : kinds) {
      if (name.size() > kind.ending.size() && name.ends_with(kind.ending)) {
        postures.insert(name.substr(0, name.size() - kind.ending.size()));
      }
    }
  }
  if (error) {
    return absl::NotFoundError(absl::StrCat(folder.string(), ": ", error.message(),
                                            "; expected a folder of touch data (docs/touch.md)"));
  }
  if (!postures.empty()) return postures;
  for (const TouchKind& kind : kinds) {
    expected.push_back(absl::StrCat("POSTURE", std::string(kind.ending)));
  }
  return absl::NotFoundError(absl::StrCat(folder.string(), ": no file is named ",
                                          absl::StrJoin(expected, " or "), " (docs/touch.md)"));
}

absl::Status check_same_people(const FeatureTable& a, const FeatureTable& b, const fs::path& file) {
  for (size_t i = 0; i < std::min(a.person.size(), b.person.size()); ++i) {
    if (a.person[i] == b.person[i]) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(file.string(), ": row ", i + 1, " is of person ", b.person[i],
                     ", the same row of the posture's other file of person ", a.person[i]));
  }
  if (a.rows() == b.rows()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(file.string(), ": ", b.rows(),
                                                 " rows, the posture's other file has ", a.rows()));
}

std::vector<std::string> feature_names(const std::vector<TouchKind>& kinds,
                                       const std::vector<FeatureTable>& tables) {
  std::vector<std::string> names;
  for (size_t k = 0; k < kinds.size(); ++k) {
    for (int64_t i = 1; i <= tables[k].features; ++i) {
      names.push_back(absl::StrCat(std::string(kinds[k].feature), "-", i));
    }
  }
  return names;
}

absl::Status add_posture(const fs::path& folder, const std::string& posture,
                         const std::vector<TouchKind>& kinds, TouchSet& set) {
  std::vector<FeatureTable> tables;
  fs::path file;
  for (const TouchKind& kind : kinds) {
    file = folder / (posture + std::string(kind.ending));
    DURWARD_ASSIGN_OR_RETURN(FeatureTable table, read_feature_csv(file));
    set.missing += table.missing;
    tables.push_back(std::move(table));
    DURWARD_RETURN_IF_ERROR(check_same_people(tables.front(), tables.back(), file));
  }
  std::vector<std::string> names = feature_names(kinds, tables);
  if (set.features.empty())
    set.features = std::move(names);
  else if (set.features != names) {
    return absl::InvalidArgumentError(absl::StrCat(file.string(), ": this posture has ",
                                                   names.size(), " features, ", set.postures[0],
                                                   " has ", set.features.size()));
  }
  const auto number = static_cast<int32_t>(set.postures.size());
  set.postures.push_back(posture);
  std::map<int32_t, int32_t> repetitions;
  for (size_t row = 0; row < tables[0].person.size(); ++row) {
    const int32_t person = tables[0].person[row];
    set.repetitions.push_back({person, number, repetitions[person]++});
    for (const FeatureTable& table : tables) {
      const auto values = table.values.begin() + static_cast<int64_t>(row) * table.features;
      set.values.insert(set.values.end(), values, values + table.features);
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view to_string(TouchSource source) {
  switch (source) {
    case TouchSource::kTiming:
      return "timing";
    case TouchSource::kMotion:
      return "motion";
    case TouchSource::kBoth:
      return "both";
  }
  return "unknown";
}

absl::StatusOr<TouchSet> read_touch_folder(const fs::path& folder, TouchSource source) {
  const std::vector<TouchKind> kinds = kinds_of(source);
  DURWARD_ASSIGN_OR_RETURN(const std::set<std::string> postures, postures_in(folder, kinds));
  TouchSet set;
  for (const std::string& posture : postures) {
    DURWARD_RETURN_IF_ERROR(add_posture(folder, posture, kinds, set));
  }
  return set;
}

TouchSet select_people(const TouchSet& set, const std::function<bool(int32_t)>& wanted) {
  TouchSet chosen{.postures = set.postures, .features = set.features};
  for (size_t i = 0; i < set.repetitions.size(); ++i) {
    if (!wanted(set.repetitions[i].person)) continue;
    chosen.repetitions.push_back(set.repetitions[i]);
    const std::span<const float> values = set.row(i);
    chosen.values.insert(chosen.values.end(), values.begin(), values.end());
    chosen.missing +=
        std::count_if(values.begin(), values.end(), [](float value) { return std::isnan(value); });
  }
  return chosen;
}

std::vector<int32_t> people_of(const TouchSet& set) {
  std::set<int32_t> people;
  for (const TouchRepetition& repetition : set.repetitions) people.insert(repetition.person);
  return {people.begin(), people.end()};
}

}  // namespace durward
