#include "pipeline/score_list.h"

#include <absl/strings/str_format.h>

#include <cmath>
#include <map>

#include "base/atomic_file.h"
#include "data/score_csv.h"
#include "data/trials.h"

namespace durward {
namespace {

// Names as fields of the file, each made once.
class NameFields {
 public:
  explicit NameFields(std::span<const std::string> people) : people_(people) {}

  absl::StatusOr<std::string> of(int32_t person) {
    const auto known = fields_.find(person);
    if (known != fields_.end()) return known->second;
    const std::string name = static_cast<size_t>(person) < people_.size()
                                 ? people_[static_cast<size_t>(person)]
                                 : absl::StrCat(person);
    DURWARD_ASSIGN_OR_RETURN(std::string field, score_csv_name(name));
    return fields_.emplace(person, std::move(field)).first->second;
  }

 private:
  std::span<const std::string> people_;
  std::map<int32_t, std::string> fields_;
};

class ScoreListWriter {
 public:
  ScoreListWriter(AtomicFile file, std::span<const std::string> people)
      : file_(std::move(file)), names_(people) {
    absl::StrAppend(&text_, std::string(kScoreCsvHeader), "\n");
  }

  absl::Status add(int32_t enrolled, int32_t probed, float score) {
    if (!std::isfinite(score)) return absl::InternalError("a score is not finite");
    DURWARD_ASSIGN_OR_RETURN(const std::string a, names_.of(enrolled));
    DURWARD_ASSIGN_OR_RETURN(const std::string b, names_.of(probed));
    absl::StrAppendFormat(&text_, "%s,%s,%.9g\n", a, b, static_cast<double>(score));
    return text_.size() < kBlock ? absl::OkStatus() : flush();
  }

  absl::Status finish() {
    DURWARD_RETURN_IF_ERROR(flush());
    return file_.commit();
  }

 private:
  static constexpr size_t kBlock = size_t{1} << 20;

  absl::Status flush() {
    DURWARD_RETURN_IF_ERROR(file_.write(text_));
    text_.clear();
    return absl::OkStatus();
  }

  AtomicFile file_;
  NameFields names_;
  std::string text_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> trial_people(const std::filesystem::path& list,
                                                      const std::filesystem::path& image_root,
                                                      const Preprocessing& preprocessing) {
  if (std::holds_alternative<FeatureSpec>(preprocessing)) return std::vector<std::string>();
  DURWARD_ASSIGN_OR_RETURN(
      TrialList read,
      read_trials(list, {.recordings = std::holds_alternative<VoiceSpec>(preprocessing),
                         .image_root = image_root}));
  return std::move(read.persons);
}

absl::Status write_score_list(const std::filesystem::path& path, const TrialSet& set,
                              std::span<const std::string> people, const Embeddings& embeddings) {
  DURWARD_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  ScoreListWriter writer(std::move(file), people);
  if (set.all_pairs) {
    for (int64_t i = 0; i < set.rows(); ++i) {
      for (int64_t j = i + 1; j < set.rows(); ++j) {
        DURWARD_RETURN_IF_ERROR(writer.add(set.person_of_row[static_cast<size_t>(i)],
                                           set.person_of_row[static_cast<size_t>(j)],
                                           cosine(embeddings.row(i), embeddings.row(j))));
      }
    }
    return writer.finish();
  }
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> scores,
                           score_trials(set.trials, embeddings, embeddings));
  for (size_t i = 0; i < scores.size(); ++i) {
    DURWARD_RETURN_IF_ERROR(
        writer.add(set.trials[i].enrol_person, set.trials[i].probe_person, scores[i]));
  }
  return writer.finish();
}

}  // namespace durward
