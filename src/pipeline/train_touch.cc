#include "pipeline/train_touch.h"

#include <algorithm>

#include "base/file.h"
#include "base/random.h"
#include "behaviour/fit_features.h"
#include "formats/onnx/writer.h"
#include "pipeline/staged_folder.h"
#include "pipeline/touch_samples.h"

namespace durward {
namespace {

// Of fewer people in a fold no rate says anything.
constexpr size_t kLeastPeopleInFold = 4;

struct Learnt {
  FeatureSpec spec;
  Discriminant model;
};

absl::StatusOr<Learnt> learn(const TouchSet& set, const TrainTouchRequest& request) {
  Learnt learnt;
  DURWARD_ASSIGN_OR_RETURN(learnt.spec, fit_feature_spec(set.values, set.features, request.knots));
  std::vector<float> values(set.values.size());
  std::vector<int32_t> person;
  const size_t features = set.features.size();
  for (size_t i = 0; i < set.repetitions.size(); ++i) {
    person.push_back(set.repetitions[i].person);
    DURWARD_RETURN_IF_ERROR(apply_feature_spec(learnt.spec, set.row(i),
                                               std::span(values).subspan(i * features, features)));
  }
  DURWARD_ASSIGN_OR_RETURN(learnt.model,
                           fit_discriminant(values, person, features, request.discriminant));
  return learnt;
}

absl::StatusOr<Embeddings> embed_rows(const TrialSet& trials, const Discriminant& model) {
  std::vector<float> rows;
  for (const std::vector<int64_t>& samples : trials.samples_of_row) {
    std::vector<float> row(model.dims);
    for (const int64_t sample : samples) {
      DURWARD_ASSIGN_OR_RETURN(const std::vector<float> values,
                               read_sample(trials.samples.samples, sample));
      DURWARD_ASSIGN_OR_RETURN(
          const Embeddings one,
          Embeddings::normalise(embed(model, values), static_cast<int>(model.dims)));
      for (size_t i = 0; i < row.size(); ++i) row[i] += one.row(0)[i];
    }
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return Embeddings::normalise(std::move(rows), static_cast<int>(model.dims));
}

// The learners, dealt out at random.
std::vector<std::vector<int32_t>> deal(std::vector<int32_t> people, int folds, uint64_t seed) {
  Random random(seed);
  for (size_t i = people.size(); i > 1; --i) std::swap(people[i - 1], people[random.below(i)]);
  std::vector<std::vector<int32_t>> dealt(static_cast<size_t>(folds));
  for (size_t i = 0; i < people.size(); ++i) dealt[i % dealt.size()].push_back(people[i]);
  for (std::vector<int32_t>& fold : dealt) std::sort(fold.begin(), fold.end());
  return dealt;
}

absl::StatusOr<FoldFigures> judge_fold(const TouchSet& set, std::vector<int32_t> people,
                                       const TrainTouchRequest& request) {
  const auto held_out = [&people](int32_t person) {
    return std::binary_search(people.begin(), people.end(), person);
  };
  DURWARD_ASSIGN_OR_RETURN(
      const Learnt learnt,
      learn(select_people(set, [&](int32_t person) { return !held_out(person); }), request));
  DURWARD_ASSIGN_OR_RETURN(const TrialSet trials,
                           touch_trials(request.data, select_people(set, held_out), learnt.spec));
  DURWARD_ASSIGN_OR_RETURN(const Embeddings embeddings, embed_rows(trials, learnt.model));
  DURWARD_ASSIGN_OR_RETURN(std::vector<ConditionRates> rates,
                           condition_rates(trials, embeddings, std::nullopt));
  return FoldFigures{std::move(people), std::move(rates)};
}

class Training {
 public:
  explicit Training(const TrainTouchRequest& request) : request_(request) {}

  absl::StatusOr<TrainTouchOutcome> run() {
    DURWARD_ASSIGN_OR_RETURN(StagedFolder staging, StagedFolder::create(request_.output));
    DURWARD_RETURN_IF_ERROR(step("reading", 0, 1));
    DURWARD_RETURN_IF_ERROR(read());
    DURWARD_RETURN_IF_ERROR(step("learning", 0, 1));
    const absl::StatusOr<Learnt> learnt = learn(set_, request_);
    if (!learnt.ok()) return with_context(learnt.status(), request_.data.string());
    DURWARD_ASSIGN_OR_RETURN(const Graph graph, discriminant_graph(learnt->model));
    DURWARD_ASSIGN_OR_RETURN(const std::string model, write_onnx(graph));
    outcome_.features = learnt->model.features;
    outcome_.dims = learnt->model.dims;
    DURWARD_RETURN_IF_ERROR(judge_folds());
    DURWARD_RETURN_IF_ERROR(write_file_atomic(staging.file("touch.onnx"), model));
    DURWARD_RETURN_IF_ERROR(write_preprocessing(staging.file("input-spec.json"), learnt->spec));
    const std::vector<std::string> names = {"touch.onnx", "input-spec.json"};
    DURWARD_RETURN_IF_ERROR(step("writing", 0, 1));
    DURWARD_RETURN_IF_ERROR(staging.publish(names));
    for (const std::string& name : names) outcome_.files.push_back(request_.output / name);
    return std::move(outcome_);
  }

 private:
  absl::Status step(std::string_view what, int64_t done, int64_t total) const {
    if (!request_.progress || request_.progress(what, done, total)) return absl::OkStatus();
    return absl::CancelledError(absl::StrCat("stopped while ", std::string(what)));
  }

  absl::Status read() {
    DURWARD_ASSIGN_OR_RETURN(set_, read_touch_folder(request_.data, request_.source));
    if (const auto& learners = request_.learners) {
      set_ = select_people(set_, [&](int32_t person) { return learners->contains(person); });
      if (set_.repetitions.empty()) {
        return absl::InvalidArgumentError(absl::StrCat(request_.data.string(),
                                                       ": no person is numbered ", learners->lowest,
                                                       " to ", learners->highest));
      }
    }
    outcome_.people = static_cast<int64_t>(people_of(set_).size());
    outcome_.repetitions = static_cast<int64_t>(set_.repetitions.size());
    outcome_.missing = set_.missing;
    outcome_.postures = set_.postures;
    return absl::OkStatus();
  }

  absl::Status judge_folds() {
    const std::vector<int32_t> people = people_of(set_);
    const auto folds = static_cast<size_t>(request_.folds);
    if (folds < 2 || people.size() < folds * kLeastPeopleInFold) return absl::OkStatus();
    for (std::vector<int32_t>& fold : deal(people, request_.folds, request_.seed)) {
      DURWARD_RETURN_IF_ERROR(
          step("cross-validating", static_cast<int64_t>(outcome_.folds.size()), request_.folds));
      DURWARD_ASSIGN_OR_RETURN(FoldFigures figures, judge_fold(set_, std::move(fold), request_));
      outcome_.folds.push_back(std::move(figures));
    }
    return absl::OkStatus();
  }

  const TrainTouchRequest& request_;
  TouchSet set_;
  TrainTouchOutcome outcome_;
};

}  // namespace

absl::StatusOr<TrainTouchOutcome> train_touch(const TrainTouchRequest& request) {
  return Training(request).run();
}

}  // namespace durward
