// What a user enrolled of one factor, as one embedding that probes are compared with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/decision.h"
#include "auth/template_factor.h"

namespace durward {

struct EnrolledTemplate {
  TemplateMatch match = TemplateMatch::kOtherModel;
  int64_t age_days = 0;  // of the oldest that is in it
  // The mean of the templates, each of length 1, of length 1. Empty for kOtherModel: those are in
  // another space, and nothing is compared with them.
  std::vector<float> mean;
};

// Of the user's templates of the model's modality those of the model itself, else those of a
// version in `compatible_versions`, else others. NotFound where there is none; the errors of
// `templates`; DataLoss where their lengths differ or are 0. `wall_ms` is the time, since 1970.
[[nodiscard]] absl::StatusOr<EnrolledTemplate> enrolled_template(
    const TemplatesOf& templates, std::string_view user, const TemplateModel& model,
    std::span<const std::string> compatible_versions, int64_t wall_ms);

// The cosine of a probe and a template that has a mean. DataLoss where the probe has another number
// of values, FailedPrecondition where it is zero or not finite.
[[nodiscard]] absl::StatusOr<double> compare_with(const EnrolledTemplate& enrolled,
                                                  std::span<const float> probe);

// Of two vectors of one length.
[[nodiscard]] double dot_product(std::span<const float> a, std::span<const float> b);

// Scales to length 1. FailedPrecondition for zeros, or where a value is not finite.
[[nodiscard]] absl::Status to_unit_length(std::vector<float>& embedding);

}  // namespace durward
