// Who of the enrolled an embedding is most like: 1:N search over a store's templates.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "biometrics/score_calibration.h"
#include "door/template_book.h"

namespace durward {

struct NearestUser {
  std::string user;
  double score = 0;    // cosine of the int8 embeddings
  int64_t people = 0;  // among whom
};

// Nothing where nobody but `except` has a template of the model. Errors: the store's; Gallery's,
// for an embedding that has no length.
[[nodiscard]] absl::StatusOr<std::optional<NearestUser>> nearest_user(
    TemplateBook& book, const TemplateModel& model, std::span<const float> embedding,
    std::string_view except = {});

// The LLR that a score alone speaks for; nothing where its meaning depends on more than the score.
[[nodiscard]] std::optional<double> score_alone_llr(const ScoreCalibration& calibration,
                                                    double score);

}  // namespace durward
