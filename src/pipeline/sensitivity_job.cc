#include "pipeline/sensitivity_job.h"

#include "passes/passes.h"
#include "pipeline/model_file.h"
#include "pipeline/precision_json.h"
#include "report/result_json.h"

namespace durward {

absl::StatusOr<nlohmann::json> sensitivity_of_file(const SensitivityRequest& request) {
  DURWARD_ASSIGN_OR_RETURN(ModelFile file, read_model_file(request.model));
  take_quantization(file.graph);
  absl::Status status = simplify(file.graph);
  if (status.ok()) {
    status = check_input(file.graph, input_shape(request.samples.preprocessing));
  }
  if (!status.ok()) return with_context(status, request.model.string());
  DURWARD_ASSIGN_OR_RETURN(
      const CalibrationSet calibration,
      load_calibration_set(request.calibration, request.calibration_images, request.samples));
  DURWARD_ASSIGN_OR_RETURN(const CalibrationSet held_out,
                           load_held_out_set(request.calibration, calibration,
                                             request.held_out_images, request.samples));
  std::optional<TrialSet> trials;
  if (!request.trials.empty()) {
    DURWARD_ASSIGN_OR_RETURN(trials,
                             load_trial_set(request.trials, request.images, request.samples));
  }
  QuantizeModelsOptions options = request.quantize;
  options.exports = {ExportKind::kBundle};
  options.threads = request.samples.threads;
  options.progress = request.progress;
  DURWARD_ASSIGN_OR_RETURN(const QuantizedModels models,
                           quantize_models(file.graph, calibration.samples.samples, options));
  EvaluateOptions evaluation{
      .threads = request.samples.threads, .figures = {}, .progress = request.progress};
  evaluation.figures.bootstrap.seed = request.seed;
  DURWARD_ASSIGN_OR_RETURN(const GraphJudge judge,
                           GraphJudge::create(models.prepared, held_out.samples.samples,
                                              trials ? &*trials : nullptr, evaluation));
  DURWARD_ASSIGN_OR_RETURN(
      const Sensitivity sensitivity,
      measure_sensitivity({&models, options.quantize}, judge, request.worst, request.progress));
  return nlohmann::json{{"schema", kResultSchema},
                        {"sensitivity", sensitivity_json(sensitivity, held_out)}};
}

}  // namespace durward
