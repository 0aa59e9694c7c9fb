#include "pipeline/score_calibration.h"

#include <algorithm>
#include <set>

#include "base/random.h"

namespace durward {
namespace {

// Half of the people, drawn.
std::set<int32_t> draw_half(std::vector<int32_t> people, uint64_t seed) {
  Random random(seed);
  for (size_t i = people.size(); i > 1; --i) std::swap(people[i - 1], people[random.below(i)]);
  return {people.begin(), people.begin() + static_cast<std::ptrdiff_t>(people.size() / 2)};
}

std::vector<int32_t> people_in(const TrialSet& set) {
  if (set.all_pairs) return distinct_people(set.person_of_row);
  std::vector<int32_t> people;
  for (const Trial& trial : set.trials) {
    people.push_back(trial.enrol_person);
    people.push_back(trial.probe_person);
  }
  return distinct_people(std::move(people));
}

// A comparison between two rows, as a visitor takes them.
struct Pair {
  int64_t enrol, probe;
  bool genuine;
};

// Visits the trials whose people are both in the half, or both out of it.
template <typename Visit>
void for_each_pair(const TrialSet& set, const std::set<int32_t>& half, bool in_half,
                   const Visit& visit) {
  if (!set.all_pairs) {
    for (const Trial& trial : set.trials) {
      if (half.contains(trial.enrol_person) != in_half ||
          half.contains(trial.probe_person) != in_half) {
        continue;
      }
      visit(Pair{trial.enrol, trial.probe, trial.genuine});
    }
    return;
  }
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < set.rows(); ++row) {
    if (half.contains(set.person_of_row[static_cast<size_t>(row)]) == in_half) rows.push_back(row);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    const int32_t person = set.person_of_row[static_cast<size_t>(rows[i])];
    for (size_t j = i + 1; j < rows.size(); ++j) {
      visit(Pair{rows[i], rows[j], person == set.person_of_row[static_cast<size_t>(rows[j])]});
    }
  }
}

CalibrationScores scores_of(const TrialSet& set, const Embeddings& embeddings,
                            const std::set<int32_t>& half, bool in_half,
                            const CalibrateOptions& options) {
  uint64_t impostors = 0;
  for_each_pair(set, half, in_half, [&](const Pair& pair) { impostors += pair.genuine ? 0 : 1; });
  const auto most = static_cast<uint64_t>(options.most_impostors);
  CalibrationScores scores;
  Random random(options.seed);
  for_each_pair(set, half, in_half, [&](const Pair& pair) {
    if (!pair.genuine && impostors > most && random.below(impostors) >= most) return;
    const auto score =
        static_cast<double>(cosine(embeddings.row(pair.enrol), embeddings.row(pair.probe)));
    (pair.genuine ? scores.genuine : scores.impostor).push_back(score);
  });
  return scores;
}

}  // namespace

absl::StatusOr<CertifiedCalibration> calibrate_scores(const TrialSet& set,
                                                      const Embeddings& embeddings,
                                                      const CalibrateOptions& options) {
  const std::vector<int32_t> people = people_in(set);
  const std::set<int32_t> half = draw_half(people, options.seed);
  const CalibrationScores fitted = scores_of(set, embeddings, half, true, options);
  DURWARD_ASSIGN_OR_RETURN(
      const CalibrationFit fit,
      fit_score_calibration(fitted, scores_of(set, embeddings, half, false, options)));
  CertifiedCalibration result{.calibration = fit.calibration,
                              .people = std::ssize(people),
                              .genuine_trials = std::ssize(fitted.genuine),
                              .impostor_trials = std::ssize(fitted.impostor),
                              .cllr = fit.cllr,
                              .min_cllr = fit.min_cllr};
  DURWARD_ASSIGN_OR_RETURN(result.trials_sha256, trial_set_sha256(set));
  return result;
}

}  // namespace durward
