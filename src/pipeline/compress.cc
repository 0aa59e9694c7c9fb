#include "pipeline/compress.h"

#include <absl/strings/str_join.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/sha256.h"
#include "passes/passes.h"
#include "pipeline/attacks_json.h"
#include "pipeline/bundle_file.h"
#include "pipeline/calibration_set.h"
#include "pipeline/certificate.h"
#include "pipeline/compress_json.h"
#include "pipeline/compress_precision.h"
#include "pipeline/evaluation_json.h"
#include "pipeline/export_files.h"
#include "pipeline/float_variants.h"
#include "pipeline/layer_noise.h"
#include "pipeline/model_file.h"
#include "pipeline/picture_digest.h"
#include "pipeline/profile.h"
#include "pipeline/quantization_json.h"
#include "pipeline/score_calibration.h"
#include "pipeline/speed_json.h"
#include "pipeline/staged_folder.h"
#include "pipeline/tuning.h"
#include "report/report.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kAgreementSamples = 8;  // the reference executor is slow
constexpr int64_t kNoiseSamples = 3;
constexpr int64_t kEnoughSamples = 100;

bool disjoint(const std::vector<fs::path>& calibration, const std::vector<fs::path>& trials) {
  std::set<fs::path> used;
  for (const fs::path& path : calibration) used.insert(fs::weakly_canonical(path));
  return std::none_of(trials.begin(), trials.end(), [&used](const fs::path& path) {
    return used.contains(fs::weakly_canonical(path));
  });
}

// On a quiet machine the wall time of one thread is its CPU time.
bool waited_for_cpu(const SpeedRow& row) { return row.times.wall.p90 > 1.5 * row.times.cpu.p90; }

// The steps in their order, and what they hand on to one another. What can be wrong with the
// request comes to light before the long work.
class Compression {
 public:
  explicit Compression(const CompressRequest& request)
      : request_(request), name_(request.model.stem().string()), result_(new_result(request)) {
    evaluation_.threads = request.samples.threads;
    evaluation_.progress = request.progress;
    evaluation_.figures.bootstrap.seed = request.seed;
    add_gate_fars(request.gates, evaluation_.figures.fars);
  }

  absl::StatusOr<CompressOutcome> run() {
    DURWARD_ASSIGN_OR_RETURN(StagedFolder staging, StagedFolder::create(request_.output));
    DURWARD_RETURN_IF_ERROR(import_model());
    DURWARD_RETURN_IF_ERROR(load_samples());
    DURWARD_RETURN_IF_ERROR(quantise());
    if (request_.ablate || request_.mixed) DURWARD_RETURN_IF_ERROR(judge_precisions());
    warn_of_float_islands();
    if (request_.tune) DURWARD_RETURN_IF_ERROR(tune());
    if (request_.check) DURWARD_RETURN_IF_ERROR(measure_noise());
    DURWARD_RETURN_IF_ERROR(write_exports(staging));
    if (trials_ || attacks_ || request_.measure_speed) {
      DURWARD_ASSIGN_OR_RETURN(float_, write_float_variants(file_, rewritten_, name_, staging));
    }
    if (trials_) DURWARD_RETURN_IF_ERROR(evaluate_exports());
    if (attacks_) DURWARD_RETURN_IF_ERROR(evaluate_detectors());
    if (request_.measure_speed) {
      DURWARD_RETURN_IF_ERROR(measure_latencies());
      DURWARD_RETURN_IF_ERROR(profile_exports());
    }
    return publish(staging);
  }

 private:
  absl::Status step(std::string_view what) const {
    if (request_.progress && !request_.progress(what, 0, 1)) {
      return absl::CancelledError(absl::StrCat("stopped before ", std::string(what)));
    }
    return absl::OkStatus();
  }

  absl::Status import_model() {
    DURWARD_RETURN_IF_ERROR(step("reading the model"));
    DURWARD_ASSIGN_OR_RETURN(file_, read_model_file(request_.model));
    rewritten_ = file_.graph;
    take_quantization(rewritten_);
    absl::Status status = simplify(rewritten_);
    if (status.ok()) status = check_input(rewritten_, shape());
    if (!status.ok()) return with_context(status, request_.model.string());
    DURWARD_RETURN_IF_ERROR(choose_exports());
    result_["model"] = model_json(file_, rewritten_, request_);
    return absl::OkStatus();
  }

  // A recurrent layer in integers is the engine's alone.
  absl::Status choose_exports() {
    exports_wanted_ = request_.exports;
    const std::vector<NodeId> nodes = rewritten_.node_ids();
    const auto recurrent = std::find_if(nodes.begin(), nodes.end(), [this](NodeId id) {
      return rewritten_.op_as<Lstm>(id) != nullptr || rewritten_.op_as<Gru>(id) != nullptr;
    });
    if (recurrent == nodes.end()) return absl::OkStatus();
    const std::string what =
        absl::StrCat("'", rewritten_.node(*recurrent).name,
                     "' is a recurrent layer, and no format but the bundle has one in integers");
    if (!exports_wanted_.contains(ExportKind::kBundle)) {
      return absl::UnimplementedError(absl::StrCat(what, "; ask for the bundle with --exports"));
    }
    if (exports_wanted_.size() > 1) warn(absl::StrCat(what, ": only that is written."));
    exports_wanted_ = {ExportKind::kBundle};
    return absl::OkStatus();
  }

  absl::Status load_samples() {
    DURWARD_ASSIGN_OR_RETURN(
        calibration_,
        load_calibration_set(request_.calibration, request_.calibration_files, request_.samples));
    if (samples().count < kEnoughSamples) {
      warn(absl::StrCat("Calibrated on only ", samples().count,
                        " samples: ranges that they do not show are clipped. Some hundreds are "
                        "better."));
    }
    if (request_.trials.empty() && request_.attacks.empty()) return absl::OkStatus();
    if (available_runtimes().empty()) {
      return absl::UnavailableError("no runtime was found to evaluate in; run scripts/setup");
    }
    if (!request_.attacks.empty()) {
      DURWARD_ASSIGN_OR_RETURN(
          attacks_, load_attack_set(request_.attacks, request_.images, request_.samples));
    }
    if (request_.trials.empty()) return absl::OkStatus();
    DURWARD_ASSIGN_OR_RETURN(trials_,
                             load_trial_set(request_.trials, request_.images, request_.samples));
    return absl::OkStatus();
  }

  QuantizeModelsOptions quantize_options() const {
    return {.quantize = request_.quantize,
            .equalize = request_.equalize,
            .rounding = request_.rounding,
            .exports = exports_wanted_,
            .threads = request_.samples.threads,
            .progress = request_.progress};
  }

  absl::Status quantise() {
    absl::StatusOr<QuantizedModels> models =
        quantize_models(rewritten_, samples(), quantize_options());
    if (!models.ok()) return with_context(models.status(), request_.model.string());
    models_ = *std::move(models);
    result_["calibration"] = calibration_json(request_, *calibration_, models_);
    if (models_.kept) {
      warn(absl::StrCat("The model's own scales were kept for ", models_.kept->activations,
                        " activations and the weights of ", models_.kept->layers, " of ",
                        models_.kept->all_layers,
                        " layers: no cross-layer equalisation and no bias correction. "
                        "What is called fp32 is the model as it came, rounding included; fp32, "
                        "rewritten, is it without."));
    }
    return absl::OkStatus();
  }

  absl::Status judge_precisions() {
    const QuantizeModelsOptions options = quantize_options();
    return with_context(measure_precision({request_, rewritten_, *calibration_,
                                           trials_ ? &*trials_ : nullptr, options, evaluation_},
                                          models_, result_),
                        request_.model.string());
  }

  void warn_of_float_islands() {
    for (const NodeId id : float_islands(models_.reference)) {
      const Node& node = models_.reference.node(id);
      warn(absl::StrCat("Node '", node.name, "' (", std::string(op_name(node.op)),
                        ") stays in float."));
    }
  }

  absl::Status tune() {
    TuneOptions options = request_.tune->options;
    DURWARD_ASSIGN_OR_RETURN(
        const CalibrationSet training,
        load_calibration_set(request_.calibration, request_.tune->files, request_.samples));
    options.checkpoint = request_.output / "fine-tuning.checkpoint";
    options.threads = request_.samples.threads;
    options.progress = request_.progress;
    options.identity = tune_identity(file_, *calibration_, training, request_);
    absl::StatusOr<TunedModels> tuned =
        tune_models(rewritten_, models_, training, samples(), quantize_options(),
                    request_.tune->tuner, options);
    if (!tuned.ok()) return with_context(tuned.status(), request_.model.string());
    // The noise of layers is measured against the float model.
    tuned->models.prepared = std::move(models_.prepared);
    tuned->models.kept = models_.kept;
    tuned->models.equalized = models_.equalized;
    models_ = std::move(tuned->models);
    result_["tuning"] = tuning_json(options, training, *tuned);
    if (tuned->equal != tuned->witnessed) {
      warn(absl::StrCat("Of ", tuned->witnessed, " elements of embeddings, ",
                        tuned->witnessed - tuned->equal,
                        " are others in the reference executor than they were in training."));
    }
    if (tuned->outcome.best_step == 0) {
      warn("Fine-tuning found nothing better on the held-out samples: the model is as before it.");
    }
    return absl::OkStatus();
  }

  absl::Status measure_noise() {
    DURWARD_RETURN_IF_ERROR(step("measuring the noise of each layer"));
    DURWARD_ASSIGN_OR_RETURN(
        const std::vector<LayerNoise> noise,
        measure_layer_noise(models_.prepared, models_.reference, samples(), kNoiseSamples));
    result_["layers"] = layers_json(noise);
    return absl::OkStatus();
  }

  absl::Status write_exports(const StagedFolder& staging) {
    result_["quantization"] = quantization_json(models_.reference, models_.equalized);
    DURWARD_ASSIGN_OR_RETURN(
        exports_, write_export_files(models_, exports_wanted_, name_, request_.tflite, staging));
    if (exports_wanted_.contains(ExportKind::kBundle)) {
      DURWARD_RETURN_IF_ERROR(write_first_bundle(staging));
    }
    for (const ExportFile& file : exports_) {
      DURWARD_ASSIGN_OR_RETURN(json entry, describe_export(file, staging));
      result_["exports"].push_back(std::move(entry));
      if (file.judged && is_available(file.runtime)) {
        quantised_.push_back({absl::StrCat("int8 ", std::string(to_string(file.runtime))),
                              file.runtime, staging.file(file.name)});
      }
    }
    return absl::OkStatus();
  }

  // The bundle as it can be run; evidence and a certificate are added when there are some.
  absl::Status write_first_bundle(const StagedFolder& staging) {
    DURWARD_ASSIGN_OR_RETURN(
        bundle_,
        make_bundle_model(models_.reference, request_.samples.preprocessing, request_.arena_bytes));
    const std::string file = name_ + ".bundle";
    DURWARD_RETURN_IF_ERROR(write_bundle_file(staging.file(file), manifest(), bundle_, {}));
    exports_.insert(exports_.begin(), {.name = file,
                                       .format = "Durward bundle",
                                       .runtime = RuntimeKind::kEngine,
                                       .graph = &models_.reference,
                                       .parts = {file}});
    return absl::OkStatus();
  }

  // What is known by now of the model and of how it was made.
  Manifest manifest() const {
    Manifest manifest;
    manifest.tool_version = request_.tool_version;
    manifest.model = {name_, file_.sha256};
    manifest.preprocessing = json::parse(to_json(request_.samples.preprocessing));
    manifest.certificate = certificate_;
    manifest.score_calibration = score_calibration_;
    manifest.lineage.calibration_sha256 = calibration_->digest;
    manifest.lineage.choices = {{"command", request_.command},
                                {"calibration", result_["calibration"]},
                                {"target", request_.target},
                                {"tflite_ops", std::string(to_string(request_.tflite.ops))},
                                {"seed", request_.seed}};
    if (result_.contains("tuning")) manifest.lineage.choices["tuning"] = result_["tuning"];
    return manifest;
  }

  absl::Status write_last_bundle(const StagedFolder& staging) const {
    // The figures without the faces that the report shows, and without what was measured op by op
    // on this machine: a bundle goes to devices.
    json evidence = result_;
    evidence.erase("profile");
    const json::json_pointer changed("/evaluation/changed");
    if (evidence.contains(changed)) evidence[changed].erase("samples");
    const fs::path evidence_file = staging.file("evidence.json");
    DURWARD_RETURN_IF_ERROR(write_file_atomic(evidence_file, result_text(evidence)));
    std::vector<Attachment> files;
    for (const ExportFile& file : exports_) {
      if (file.runtime == RuntimeKind::kEngine) continue;
      for (const std::string& part : file.parts) {
        files.push_back(
            {"exports/" + member_name(part), "application/octet-stream", staging.file(part)});
      }
    }
    files.push_back({"evidence/result.json", "application/json", evidence_file});
    return write_bundle_file(staging.file(name_ + ".bundle"), manifest(), bundle_, files);
  }

  // An entry of "exports"; with `check`, runs the file where its runtime is there.
  absl::StatusOr<json> describe_export(const ExportFile& file, const StagedFolder& staging) {
    size_t bytes = 0;
    std::string digest;
    for (const std::string& part : file.parts) {
      DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> content, read_file(staging.file(part)));
      bytes += content.size();
      if (part == file.name) digest = sha256_hex(content);
    }
    if (file.runtime == RuntimeKind::kEngine) {
      // The report goes into the bundle, so it can only tell of the plan.
      bytes = bundle_.plan.size();
      digest = sha256_hex(bundle_.plan);
    }
    json entry = {
        {"file", file.name}, {"format", file.format}, {"bytes", bytes}, {"sha256", digest}};
    if (!is_available(file.runtime)) {
      warn(absl::StrCat(file.name, " was not run: ", std::string(to_string(file.runtime)),
                        " was not found when Durward was built."));
      return entry;
    }
    if (!request_.check) return entry;
    DURWARD_RETURN_IF_ERROR(step(absl::StrCat("checking ", file.name)));
    absl::StatusOr<Agreement> agreement =
        check_agreement(file, staging.file(file.name), samples(), kAgreementSamples);
    if (!agreement.ok()) return with_context(agreement.status(), file.name);
    entry["agreement"] = agreement_json(file.runtime, *agreement);
    return entry;
  }

  absl::Status evaluate_exports() {
    Variant original = float_[0];
    original.name = "fp32";
    DURWARD_ASSIGN_OR_RETURN(const System before, evaluate_file(*trials_, original, evaluation_));
    json& evaluation = result_["evaluation"];
    evaluation = trial_set_json(*trials_, evaluation_);
    evaluation["variants"] = json::array({system_json(before)});
    const bool others = disjoint(calibration_->files, trials_->path_of_row);
    evaluation["disjoint_from_calibration"] = others;
    if (!others) {
      warn(
          "Some files were used both for calibration and for evaluation: the loss may be larger "
          "on others.");
    }
    for (const Variant& variant : quantised_) {
      DURWARD_RETURN_IF_ERROR(compare_with(before, variant, evaluation));
    }
    return absl::OkStatus();
  }

  absl::Status evaluate_detectors() {
    const AttackOptions options{.threads = request_.samples.threads, .progress = request_.progress};
    std::vector<Variant> variants = {float_[0]};
    variants[0].name = "fp32";
    variants.insert(variants.end(), quantised_.begin(), quantised_.end());
    std::vector<AttackSystem> systems;
    for (const Variant& variant : variants) {
      DURWARD_ASSIGN_OR_RETURN(systems.emplace_back(),
                               evaluate_attacks(*attacks_, variant, options));
    }
    DURWARD_ASSIGN_OR_RETURN(result_["attacks"], attacks_json(*attacks_, systems, options));
    return absl::OkStatus();
  }

  absl::Status compare_with(const System& before, const Variant& variant, json& evaluation) {
    DURWARD_ASSIGN_OR_RETURN(const System after, evaluate_file(*trials_, variant, evaluation_));
    DURWARD_ASSIGN_OR_RETURN(const Comparison comparison,
                             compare_systems(*trials_, before, after, evaluation_));
    evaluation["variants"].push_back(system_json(after));
    DURWARD_RETURN_IF_ERROR(add_comparison(*trials_, before, after, comparison, evaluation));
    for (std::string& sentence : widened_differentials(before, after, comparison)) {
      warn(std::move(sentence));
    }
    if (variant.runtime == RuntimeKind::kEngine) {
      DURWARD_ASSIGN_OR_RETURN(
          certificate_,
          make_certificate(*trials_, after, {foreign_templates(file_.sha256, comparison)},
                           evaluation_));
      result_["certificate"] = to_json(*certificate_);
      DURWARD_RETURN_IF_ERROR(calibrate(after));
    }
    for (const Gate& gate : request_.gates) {
      const GateResult verdict = judge(gate, comparison.losses);
      passed_ = passed_ && verdict.verdict == GateVerdict::kPassed;
      json entry = gate_json(verdict);
      entry["text"] = absl::StrCat(gate.text, " (", variant.name, ")");
      result_["gates"].push_back(std::move(entry));
    }
    return absl::OkStatus();
  }

  // What a score weighs against other evidence, where the trials can tell.
  absl::Status calibrate(const System& system) {
    absl::StatusOr<CertifiedCalibration> calibration =
        calibrate_scores(*trials_, system.embeddings, {.seed = request_.seed});
    if (absl::IsFailedPrecondition(calibration.status())) {
      warn(
          absl::StrCat("The bundle says nothing of what a score weighs against other evidence, "
                       "which an authenticator needs: ",
                       std::string(calibration.status().message()),
                       ". Fit it to more trials with durward calibrate."));
      return absl::OkStatus();
    }
    if (!calibration.ok()) return calibration.status();
    score_calibration_ = *std::move(calibration);
    result_["score_calibration"] = to_json(*score_calibration_);
    return absl::OkStatus();
  }

  absl::Status measure_latencies() {
    std::vector<SpeedSubject> subjects;
    for (const Variant& variant : float_) subjects.push_back({variant, /*integer=*/false});
    for (const Variant& variant : quantised_) subjects.push_back({variant, /*integer=*/true});
    if (subjects.empty()) return absl::OkStatus();
    const SpeedOptions options{.bench = request_.bench, .progress = request_.progress};
    DURWARD_ASSIGN_OR_RETURN(const std::vector<SpeedRow> rows,
                             measure_speed(subjects, samples(), options));
    result_["runs"] = runs_json(rows, request_.bench, trials_.has_value());
    if (std::any_of(rows.begin(), rows.end(), waited_for_cpu)) {
      warn(
          "Other programs kept the CPU busy while latency was measured: do not rely on the times "
          "and their ratios; measure again with durward bench on a quiet machine.");
    }
    if (auto recommendation = recommendation_json(rows, result_.value("evaluation", json()))) {
      result_["recommendation"] = *std::move(recommendation);
    }
    return absl::OkStatus();
  }

  // Each INT8 file beside the float model in the same runtime, op by op.
  absl::Status profile_exports() {
    constexpr int kRuns = 30;
    ProfileRequest request{
        .models = {}, .runs = kRuns, .tool_version = {}, .progress = request_.progress};
    for (const Variant& variant : quantised_) request.models.push_back(variant.file);
    for (const Variant& variant : float_) request.against.push_back(variant.file);
    if (request.models.empty() || request.against.empty()) return absl::OkStatus();
    DURWARD_ASSIGN_OR_RETURN(json document, profile_models(request));
    // What happens when inside a run is what `durward profile` is for.
    for (json& profile : document["profiles"]) profile.erase("steps");
    result_["profile"] = {{"profiles", std::move(document["profiles"])},
                          {"comparisons", std::move(document["comparisons"])}};
    return absl::OkStatus();
  }

  // A gate that did not pass leaves the folder's older exports alone, and says that they are old.
  void warn_of_older_exports() {
    std::vector<std::string> old;
    for (const ExportFile& file : exports_) {
      for (const std::string& part : file.parts) {
        std::error_code ignored;
        if (fs::exists(request_.output / part, ignored)) old.push_back(part);
      }
    }
    if (old.empty()) return;
    warn(absl::StrCat(
        "These exports are of an earlier run, not of this one: ", absl::StrJoin(old, ", "), "."));
  }

  absl::StatusOr<CompressOutcome> publish(StagedFolder& staging) {
    if (!passed_) warn_of_older_exports();
    DURWARD_ASSIGN_OR_RETURN(const std::string report, render_report(result_));
    DURWARD_RETURN_IF_ERROR(write_file_atomic(staging.file("report.html"), report));
    DURWARD_RETURN_IF_ERROR(write_file_atomic(staging.file("result.json"), result_text(result_)));
    DURWARD_RETURN_IF_ERROR(
        write_preprocessing(staging.file("input-spec.json"), request_.samples.preprocessing));
    if (passed_ && exports_wanted_.contains(ExportKind::kBundle)) {
      DURWARD_RETURN_IF_ERROR(write_last_bundle(staging));
    }
    std::vector<std::string> names;
    if (passed_) {
      for (const ExportFile& file : exports_)
        names.insert(names.end(), file.parts.begin(), file.parts.end());
      names.emplace_back("input-spec.json");
    }
    names.emplace_back("report.html");
    names.emplace_back("result.json");
    DURWARD_RETURN_IF_ERROR(step("writing the results"));
    DURWARD_RETURN_IF_ERROR(staging.publish(names));
    CompressOutcome outcome{.result = std::move(result_), .passed = passed_, .files = {}};
    for (const std::string& name : names) outcome.files.push_back(request_.output / name);
    return outcome;
  }

  void warn(std::string sentence) { result_["warnings"].push_back(std::move(sentence)); }
  const Samples& samples() const { return calibration_->samples.samples; }
  Shape shape() const { return input_shape(request_.samples.preprocessing); }

  const CompressRequest& request_;
  std::string name_;
  json result_;
  EvaluateOptions evaluation_;
  ModelFile file_;
  Graph rewritten_;
  std::optional<CalibrationSet> calibration_;
  std::optional<TrialSet> trials_;
  std::optional<AttackSet> attacks_;
  QuantizedModels models_;
  std::set<ExportKind> exports_wanted_;
  std::vector<ExportFile> exports_;
  BundleModel bundle_;
  std::optional<Certificate> certificate_;  // of the bundle, on the trials
  std::optional<CertifiedCalibration> score_calibration_;
  std::vector<Variant> float_, quantised_;
  bool passed_ = true;
};

}  // namespace

absl::StatusOr<CompressOutcome> compress(const CompressRequest& request) {
  if (!request.gates.empty() && request.trials.empty()) {
    return absl::InvalidArgumentError("a gate is judged on trials: name some with --evaluate");
  }
  return Compression(request).run();
}

}  // namespace durward
