#include "pipeline/compress_json.h"

#include <sys/utsname.h>

#include <cmath>
#include <ctime>

#include "base/sha256.h"
#include "graph/cost.h"
#include "report/result_json.h"
#include "runtimes/machine.h"

namespace durward {
namespace {

using nlohmann::json;

constexpr size_t kExamples = 5;  // of skipped files

std::string present_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &utc));
  return date;
}

json machine_json(int threads) {
  const Machine machine = this_machine();
  utsname system{};
  uname(&system);
  return {{"cpu", machine.cpu},
          {"isa", machine.isa},
          {"threads", threads},
          {"os", absl::StrCat(system.sysname, " ", system.release)}};
}

json skipped_examples(const std::vector<SkippedFile>& skipped) {
  json examples = json::array();
  for (size_t i = 0; i < std::min(skipped.size(), kExamples); ++i) {
    examples.push_back(
        {{"file", skipped[i].path.filename().string()}, {"reason", skipped[i].reason}});
  }
  return examples;
}

std::string method(const CompressRequest& request, const std::optional<KeptScales>& kept) {
  if (kept) {
    return absl::StrCat("the model's own scales for ", kept->activations,
                        " activations and the weights of ", kept->layers, " of ", kept->all_layers,
                        " layers; ", std::string(to_string(request.quantize.activations.kind)),
                        " activation ranges and per-channel weights for the rest");
  }
  return absl::StrCat(
      std::string(to_string(request.quantize.activations.kind)), " activation ranges, ",
      request.equalize ? "cross-layer equalisation, " : "", "per-channel weights",
      request.rounding == Rounding::kReconstruct ? " rounded by reconstruction" : "",
      request.quantize.correct_bias ? ", bias correction" : "");
}

}  // namespace

json new_result(const CompressRequest& request) {
  return {
      {"schema", kResultSchema},
      {"tool",
       {{"version", request.tool_version}, {"command", request.command}, {"date", present_date()}}},
      {"machine", machine_json(request.samples.threads)},
      {"warnings", json::array()},
      {"gates", json::array()}};
}

json model_json(const ModelFile& file, const Graph& rewritten, const CompressRequest& request) {
  return {{"file", file.path.filename().string()},
          {"sha256", file.sha256},
          {"format", to_string(file.format)},
          {"bytes", file.bytes},
          {"parameters", constant_size(rewritten).elements},
          {"macs", multiply_accumulates(rewritten)},
          {"nodes_before", file.graph.node_count()},
          {"nodes_after", rewritten.node_count()},
          {"preset", request.preset},
          {"target", request.target}};
}

// Which detector found the faces, or null where none was asked for.
json detector_text(const SampleOptions& samples) {
  if (!samples.detector) return {};
  const std::string file = samples.detector->filename().string();
  if (!samples.detector_side) return file;
  return absl::StrCat(file, ", longest side ", *samples.detector_side, " pixels");
}

json calibration_json(const CompressRequest& request, const CalibrationSet& set,
                      const QuantizedModels& models) {
  const auto skipped = static_cast<int64_t>(set.samples.skipped.size());
  return {{"folder", request.calibration.string()},
          {"images", set.samples.samples.count},
          {"skipped", skipped + set.other_files},
          {"skipped_examples", skipped_examples(set.samples.skipped)},
          {"digest", set.digest},
          {"detector", detector_text(request.samples)},
          {"executor", models.executor},
          {"method", method(request, models.kept)}};
}

std::string tune_identity(const ModelFile& file, const CalibrationSet& calibration,
                          const CalibrationSet& training, const CompressRequest& request) {
  const TuneOptions& options = request.tune->options;
  const std::string made_with = json{
      {"model", file.sha256},
      {"input", json::parse(to_json(request.samples.preprocessing))},
      {"calibration", calibration.digest},
      {"pictures", training.digest},
      {"method", method(request, std::nullopt)},
      {"steps", options.steps},
      {"batch", options.batch},
      {"held_out_share", options.held_out_share},
      {"evaluate_every", options.evaluate_every},
      {"rates", {options.weight_rate, options.bias_rate, options.scale_rate, options.slope_rate}},
      {"relation_weight", options.relation_weight},
      {"margin_weight", options.margin_weight},
      {"seed", options.seed},
      {"threads",
       request.samples.threads}}.dump();
  return sha256_hex(std::as_bytes(std::span(made_with)));
}

json tuning_json(const TuneOptions& options, const CalibrationSet& training,
                 const TunedModels& tuned) {
  const TuneOutcome& outcome = tuned.outcome;
  json history = json::array();
  for (const TunePoint& point : outcome.history) {
    history.push_back({{"step", point.step},
                       {"loss", point.step == 0 ? json() : json(point.loss)},
                       {"held_out_loss", point.held_out.loss},
                       {"cosine_mean", point.held_out.cosine_mean},
                       {"cosine_min", point.held_out.cosine_min}});
  }
  return {{"method", options.margin_weight > 0
                         ? "distillation from the float model, and a margin between people"
                         : "distillation from the float model"},
          {"images", training.samples.samples.count},
          {"digest", training.digest},
          {"training_samples", outcome.training_samples},
          {"held_out_samples", outcome.held_out_samples},
          {"steps", options.steps},
          {"batch", options.batch},
          {"seed", options.seed},
          {"margin_weight", options.margin_weight},
          {"resumed_from", outcome.resumed_from},
          {"best_step", outcome.best_step},
          {"elements_compared", tuned.witnessed},
          {"elements_equal", tuned.equal},
          {"history", std::move(history)}};
}

json layers_json(const std::vector<LayerNoise>& layers) {
  json list = json::array();
  for (const LayerNoise& layer : layers) {
    list.push_back({{"name", layer.name},
                    {"op", layer.op},
                    {"precision", layer.precision},
                    {"snr_db", std::isfinite(layer.snr_db) ? json(layer.snr_db) : json()}});
  }
  return list;
}

json agreement_json(RuntimeKind runtime, const Agreement& agreement) {
  return {
      {"runtime", to_string(runtime)},        {"images", agreement.samples},
      {"equal_share", agreement.equal_share}, {"largest_difference", agreement.largest_difference},
      {"cosine_mean", agreement.cosine_mean}, {"cosine_min", agreement.cosine_min}};
}

}  // namespace durward
