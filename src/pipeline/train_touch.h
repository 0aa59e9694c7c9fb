// The whole job of `durward train touch`: an embedding model of touch dynamics from the repetitions
// of people (docs/touch.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "behaviour/discriminant.h"
#include "data/touch.h"
#include "pipeline/condition_rates.h"
#include "pipeline/samples.h"

namespace durward {

struct TrainTouchRequest {
  std::filesystem::path data;    // folder
  std::filesystem::path output;  // folder; made where it is missing
  TouchSource source = TouchSource::kBoth;
  std::optional<PersonRange> learners = {};  // everybody without
  size_t knots = 8;                          // of each feature's normalisation
  DiscriminantOptions discriminant = {};
  int folds = 5;      // 0: no figures
  uint64_t seed = 1;  // deals the learners to folds
  Progress progress = {};
};

// What a model learnt from the other folds' people does with this fold's.
struct FoldFigures {
  std::vector<int32_t> people;
  std::vector<ConditionRates> rates;  // without intervals
};

struct TrainTouchOutcome {
  int64_t people = 0, repetitions = 0, missing = 0;
  std::vector<std::string> postures;
  size_t features = 0, dims = 0;
  std::vector<FoldFigures> folds;  // none where the learners are too few for folds
  std::vector<std::filesystem::path> files;
};

// Writes touch.onnx and input-spec.json. The same bytes for the same data and request, whatever the
// number of folds. On an error the folder is as it was before. Errors: those of reading, of
// fit_feature_spec and of fit_discriminant, naming the folder; InvalidArgument for learners that
// are not in it; Cancelled.
[[nodiscard]] absl::StatusOr<TrainTouchOutcome> train_touch(const TrainTouchRequest& request);

}  // namespace durward
