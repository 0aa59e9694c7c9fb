#include "pipeline/ablation.h"

#include <utility>

namespace durward {
namespace {

using NamedOptions = std::pair<std::string, QuantizeModelsOptions>;

std::vector<NamedOptions> variants_of(QuantizeModelsOptions options) {
  options.exports = {ExportKind::kBundle};
  std::vector<NamedOptions> variants{{"all steps", options}};
  QuantizeModelsOptions none = options;
  if (options.equalize) {
    variants.emplace_back("without equalisation", options);
    variants.back().second.equalize = none.equalize = false;
  }
  if (options.quantize.correct_bias) {
    variants.emplace_back("without bias correction", options);
    variants.back().second.quantize.correct_bias = none.quantize.correct_bias = false;
  }
  if (options.rounding == Rounding::kReconstruct) {
    variants.emplace_back("weights rounded to nearest", options);
    variants.back().second.rounding = none.rounding = Rounding::kNearest;
  } else {
    variants.emplace_back("weights rounded by reconstruction", options);
    variants.back().second.rounding = Rounding::kReconstruct;
  }
  if (options.quantize.activations.kind != Observer::kMinMax) {
    variants.emplace_back("min-max activation ranges", options);
    variants.back().second.quantize.activations.kind = none.quantize.activations.kind =
        Observer::kMinMax;
  }
  if (variants.size() > 2) variants.emplace_back("none of them", std::move(none));
  return variants;
}

}  // namespace

absl::StatusOr<std::vector<AblationRow>> ablate(const Graph& simplified, const Samples& samples,
                                                const QuantizeModelsOptions& options,
                                                const GraphJudge& judge) {
  std::vector<AblationRow> rows;
  for (const auto& [name, variant] : variants_of(options)) {
    DURWARD_ASSIGN_OR_RETURN(const QuantizedModels models,
                             quantize_models(simplified, samples, variant));
    AblationRow row{.name = name, .loss = {}, .losses = {}};
    DURWARD_ASSIGN_OR_RETURN(row.loss, judge.embedding_loss(models.reference));
    if (judge.has_trials()) {
      DURWARD_ASSIGN_OR_RETURN(GraphJudge::Trials trials, judge.on_trials(models.reference, name));
      row.losses = std::move(trials.losses);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace durward
