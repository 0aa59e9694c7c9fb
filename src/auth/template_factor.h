// A factor that can also enrol: what it kept as one embedding.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "auth/factor.h"
#include "vault/template_store.h"

namespace durward {

// begin("", challenge), an empty user, is for enrolment and identification: no templates are looked
// up, and compare() is not called. begin(user, ...) looks up the user's templates: those of the
// same model, else those of a model whose version the factor takes for compatible (TemplateMatch).
class TemplateFactor : public Factor {
 public:
  // What its embeddings are compared with; the same as long as the factor lives.
  [[nodiscard]] virtual const TemplateModel& model() const = 0;
  // What was kept since begin(), as one embedding: frames combined by quality, all speech joined.
  // It is what compare() compares. FailedPrecondition where nothing was kept; the model's errors.
  [[nodiscard]] virtual absl::StatusOr<std::vector<float>> embedding() = 0;
};

// A user's templates, as TemplateStore::templates_of(); NotFound for an unknown user.
using TemplatesOf = std::function<absl::StatusOr<std::vector<Template>>(std::string_view user)>;

}  // namespace durward
