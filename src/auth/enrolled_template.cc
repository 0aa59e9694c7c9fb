#include "auth/enrolled_template.h"

#include <algorithm>
#include <cmath>

namespace durward {
namespace {

constexpr int64_t kMillisecondsOfDay = 86'400'000;

TemplateMatch match_of(const Template& one, const TemplateModel& model,
                       std::span<const std::string> compatible_versions) {
  if (one.model == model) return TemplateMatch::kSameModel;
  const bool compatible = std::find(compatible_versions.begin(), compatible_versions.end(),
                                    one.model.version) != compatible_versions.end();
  return compatible ? TemplateMatch::kCompatibleModel : TemplateMatch::kOtherModel;
}

}  // namespace

double dot_product(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

absl::Status to_unit_length(std::vector<float>& embedding) {
  const double length = std::sqrt(dot_product(embedding, embedding));
  if (!std::isfinite(length) || length == 0) {
    return absl::FailedPreconditionError("an embedding is zero or not finite");
  }
  for (float& value : embedding) value = static_cast<float>(value / length);
  return absl::OkStatus();
}

absl::StatusOr<EnrolledTemplate> enrolled_template(const TemplatesOf& templates,
                                                   std::string_view user,
                                                   const TemplateModel& model,
                                                   std::span<const std::string> compatible_versions,
                                                   int64_t wall_ms) {
  DURWARD_ASSIGN_OR_RETURN(std::vector<Template> all, templates(user));
  std::erase_if(all, [&](const Template& one) { return one.model.modality != model.modality; });
  if (all.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no ", model.modality, " of \"", std::string(user), "\" is enrolled"));
  }
  EnrolledTemplate enrolled;
  for (const Template& one : all) {
    enrolled.match = std::min(enrolled.match, match_of(one, model, compatible_versions));
  }
  int64_t oldest = wall_ms / 1000;
  for (Template& one : all) {
    if (match_of(one, model, compatible_versions) != enrolled.match) continue;
    oldest = std::min(oldest, one.created);
    if (enrolled.match == TemplateMatch::kOtherModel) continue;
    const absl::Status unit = to_unit_length(one.embedding);
    enrolled.mean.resize(enrolled.mean.empty() ? one.embedding.size() : enrolled.mean.size());
    if (!unit.ok() || one.embedding.size() != enrolled.mean.size()) {
      return absl::DataLossError(absl::StrCat("templates of \"", std::string(user),
                                              "\" have no direction, or ", enrolled.mean.size(),
                                              " and ", one.embedding.size(), " values"));
    }
    for (size_t i = 0; i < enrolled.mean.size(); ++i) enrolled.mean[i] += one.embedding[i];
  }
  if (!enrolled.mean.empty() && !to_unit_length(enrolled.mean).ok()) {
    return absl::DataLossError(
        absl::StrCat("the templates of \"", std::string(user), "\" cancel each other out"));
  }
  enrolled.age_days = (wall_ms / 1000 - oldest) * 1000 / kMillisecondsOfDay;
  return enrolled;
}

absl::StatusOr<double> compare_with(const EnrolledTemplate& enrolled,
                                    std::span<const float> probe) {
  if (probe.size() != enrolled.mean.size()) {
    return absl::DataLossError(absl::StrCat("a template has ", enrolled.mean.size(),
                                            " values, the model gives ", probe.size()));
  }
  std::vector<float> unit(probe.begin(), probe.end());
  DURWARD_RETURN_IF_ERROR(to_unit_length(unit));
  return dot_product(unit, enrolled.mean);
}

}  // namespace durward
