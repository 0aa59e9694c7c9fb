#include "pipeline/compress_precision.h"

#include "pipeline/precision_json.h"

namespace durward {

absl::Status measure_precision(const PrecisionContext& context, QuantizedModels& models,
                               nlohmann::json& result) {
  const CompressRequest& request = context.request;
  const Samples& samples = context.calibration.samples.samples;
  DURWARD_ASSIGN_OR_RETURN(const CalibrationSet held_out,
                           load_held_out_set(request.calibration, context.calibration,
                                             request.held_out_images, request.samples));
  DURWARD_ASSIGN_OR_RETURN(const GraphJudge judge,
                           GraphJudge::create(models.prepared, held_out.samples.samples,
                                              context.trials, context.evaluation));
  if (request.ablate) {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<AblationRow> rows,
                             ablate(context.simplified, samples, context.options, judge));
    result["ablation"] = ablation_json(rows, held_out);
  }
  if (!request.mixed) return absl::OkStatus();
  const MixedModel model{&models, context.options.quantize};
  DURWARD_ASSIGN_OR_RETURN(
      const MixedChoice choice,
      choose_precisions(model, judge, *request.mixed, request.arena_bytes, request.progress));
  result["sensitivity"] = sensitivity_json(choice.sensitivity, held_out);
  result["mixed"] = mixed_json(choice, *request.mixed, held_out);
  QuantizeModelsOptions options = context.options;
  options.quantize.keep_float = choice.keep_float;
  DURWARD_ASSIGN_OR_RETURN(models, quantize_models(context.simplified, samples, options));
  return absl::OkStatus();
}

}  // namespace durward
