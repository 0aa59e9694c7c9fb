#include "pipeline/compress.h"

#include <absl/strings/str_join.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <set>

#include "base/file.h"
#include "data/image_folder.h"
#include "formats/onnx/writer.h"
#include "formats/tflite/tflite.h"
#include "graph/cost.h"
#include "passes/passes.h"
#include "pipeline/evaluation_json.h"
#include "pipeline/export_files.h"
#include "pipeline/layer_noise.h"
#include "pipeline/model_file.h"
#include "pipeline/speed.h"
#include "report/report.h"
#include "runtimes/machine.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kAgreementImages = 8;  // the reference executor is slow
constexpr int64_t kNoiseImages = 3;
constexpr size_t kExamples = 5;  // of a long list, in the result

// What the steps hand on to one another.
class Compression {
 public:
  explicit Compression(const CompressRequest& request)
      : request_(request), name_(request.model.stem().string()) {}

  absl::StatusOr<CompressOutcome> run() {
    DURWARD_ASSIGN_OR_RETURN(StagedFolder staging, StagedFolder::create(request_.output));
    describe_run();
    DURWARD_RETURN_IF_ERROR(import_model());
    DURWARD_RETURN_IF_ERROR(collect_calibration());
    DURWARD_RETURN_IF_ERROR(quantise());
    DURWARD_RETURN_IF_ERROR(write_exports(staging));
    if (!request_.trials.empty() || request_.measure_speed) {
      DURWARD_RETURN_IF_ERROR(write_float_variants(staging));
    }
    if (!request_.trials.empty()) DURWARD_RETURN_IF_ERROR(evaluate_exports(staging));
    if (request_.measure_speed) DURWARD_RETURN_IF_ERROR(measure(staging));
    recommend();
    return publish(staging);
  }

 private:
  absl::Status step(std::string_view what) const {
    if (request_.progress && !request_.progress(what, 0, 1)) {
      return absl::CancelledError(absl::StrCat("stopped before ", std::string(what)));
    }
    return absl::OkStatus();
  }

  void describe_run() {
    const Machine machine = this_machine();
    char date[32];
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    std::strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &utc));
    utsname system{};
    uname(&system);
    result_ = {
        {"schema", kResultSchema},
        {"tool",
         {{"version", request_.tool_version}, {"command", request_.command}, {"date", date}}},
        {"machine",
         {{"cpu", machine.cpu},
          {"isa", machine.isa},
          {"threads", request_.crops.threads},
          {"os", absl::StrCat(system.sysname, " ", system.release)}}},
        {"warnings", json::array()},
        {"gates", json::array()}};
  }

  absl::Status import_model() {
    DURWARD_RETURN_IF_ERROR(step("reading the model"));
    DURWARD_ASSIGN_OR_RETURN(file_, read_model_file(request_.model));
    rewritten_ = file_.graph;
    if (const absl::Status status = simplify(rewritten_); !status.ok()) {
      return with_context(status, request_.model.string());
    }
    result_["model"] = {{"file", request_.model.filename().string()},
                        {"sha256", file_.sha256},
                        {"format", to_string(file_.format)},
                        {"bytes", file_.bytes},
                        {"parameters", constant_size(rewritten_).elements},
                        {"macs", multiply_accumulates(rewritten_)},
                        {"nodes_before", file_.graph.node_count()},
                        {"nodes_after", rewritten_.node_count()},
                        {"preset", request_.preset},
                        {"target", request_.target}};
    return absl::OkStatus();
  }

  absl::Status collect_calibration() {
    DURWARD_ASSIGN_OR_RETURN(const ImageFolder folder, list_images(request_.calibration));
    const auto found = static_cast<int64_t>(folder.images.size());
    const int64_t wanted = std::clamp<int64_t>(request_.calibration_images, 1, found);
    std::vector<fs::path> chosen;
    for (int64_t i = 0; i < wanted; ++i)
      chosen.push_back(folder.images[static_cast<size_t>(i * found / wanted)]);
    absl::StatusOr<CropSet> crops = collect_crops(chosen, request_.crops);
    if (!crops.ok()) return with_context(crops.status(), request_.calibration.string());
    calibration_.emplace(*std::move(crops));
    for (const fs::path& path : chosen) calibration_pictures_.insert(fs::weakly_canonical(path));
    json examples = json::array();
    for (const SkippedImage& skipped : calibration_->skipped) {
      if (examples.size() == kExamples) break;
      examples.push_back({{"file", skipped.path.filename().string()}, {"reason", skipped.reason}});
    }
    result_["calibration"] = {{"folder", request_.calibration.string()},
                              {"images", calibration_->crops.size()},
                              {"skipped", calibration_->skipped.size() + folder.skipped.size()},
                              {"skipped_examples", std::move(examples)},
                              {"digest", digest(chosen)}};
    if (calibration_->crops.size() < 100) {
      warn(absl::StrCat(
          "Calibrated on only ", calibration_->crops.size(),
          " faces: ranges that they do not show are clipped. Some hundreds are better."));
    }
    return absl::OkStatus();
  }

  // Of the names and sizes in order: tells whether two runs calibrated on the same list.
  static std::string digest(const std::vector<fs::path>& pictures) {
    std::string text;
    for (const fs::path& path : pictures) {
      std::error_code error;
      absl::StrAppend(&text, path.filename().string(), " ", fs::file_size(path, error), "\n");
    }
    return sha256_hex(std::as_bytes(std::span(text)));
  }

  absl::Status quantise() {
    QuantizeModelsOptions options{.quantize = request_.quantize,
                                  .equalize = request_.equalize,
                                  .exports = request_.exports,
                                  .threads = request_.crops.threads,
                                  .progress = request_.progress};
    absl::StatusOr<QuantizedModels> models =
        quantize_models(rewritten_, calibration_->crops, request_.crops.spec, options);
    if (!models.ok()) return with_context(models.status(), request_.model.string());
    models_.emplace(*std::move(models));
    result_["calibration"]["executor"] = models_->executor;
    result_["calibration"]["method"] = absl::StrCat(
        std::string(to_string(request_.quantize.activations.kind)), " activation ranges, ",
        request_.equalize ? "cross-layer equalisation, " : "", "per-channel weights",
        request_.quantize.correct_bias ? ", bias correction" : "");
    for (const NodeId id : float_islands(models_->reference)) {
      const Node& node = models_->reference.node(id);
      warn(absl::StrCat("Node '", node.name, "' (", std::string(op_name(node.op)),
                        ") stays in float."));
    }
    return request_.check ? measure_noise() : absl::OkStatus();
  }

  absl::Status measure_noise() {
    DURWARD_RETURN_IF_ERROR(step("measuring the noise of each layer"));
    DURWARD_ASSIGN_OR_RETURN(
        const std::vector<LayerNoise> noise,
        measure_layer_noise(models_->prepared, models_->reference, calibration_->crops,
                            request_.crops.spec, kNoiseImages));
    for (const LayerNoise& layer : noise) {
      result_["layers"].push_back(
          {{"name", layer.name},
           {"op", layer.op},
           {"precision", layer.precision},
           {"snr_db", std::isfinite(layer.snr_db) ? json(layer.snr_db) : json(nullptr)}});
    }
    return absl::OkStatus();
  }

  absl::Status write_exports(const StagedFolder& staging) {
    DURWARD_ASSIGN_OR_RETURN(exports_,
                             write_export_files(*models_, request_.exports, name_, staging));
    const std::vector<RuntimeKind> found = available_runtimes();
    for (const ExportFile& file : exports_) {
      int64_t bytes = 0;
      for (const std::string& part : file.parts)
        bytes += static_cast<int64_t>(fs::file_size(staging.file(part)));
      DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> content,
                               read_file(staging.file(file.name)));
      json entry = {{"file", file.name},
                    {"format", file.format},
                    {"bytes", bytes},
                    {"sha256", sha256_hex(content)}};
      if (std::find(found.begin(), found.end(), file.runtime) == found.end()) {
        warn(absl::StrCat(file.name, " was not run: ", std::string(to_string(file.runtime)),
                          " was not found when Durward was built."));
      } else {
        if (request_.check) DURWARD_RETURN_IF_ERROR(add_agreement(file, staging, entry));
        if (file.judged) {
          quantised_.push_back({{absl::StrCat("int8 ", std::string(to_string(file.runtime))),
                                 file.runtime, staging.file(file.name)},
                                /*integer=*/true});
        }
      }
      result_["exports"].push_back(std::move(entry));
    }
    return absl::OkStatus();
  }

  absl::Status add_agreement(const ExportFile& file, const StagedFolder& staging, json& entry) {
    DURWARD_RETURN_IF_ERROR(step(absl::StrCat("checking ", file.name)));
    absl::StatusOr<Agreement> agreement = check_agreement(
        file, staging.file(file.name), calibration_->crops, request_.crops.spec, kAgreementImages);
    if (!agreement.ok()) return with_context(agreement.status(), file.name);
    entry["agreement"] = {{"runtime", to_string(file.runtime)},
                          {"images", agreement->images},
                          {"equal_share", agreement->equal_share},
                          {"largest_difference", agreement->largest_difference},
                          {"cosine_mean", agreement->cosine_mean},
                          {"cosine_min", agreement->cosine_min}};
    return absl::OkStatus();
  }

  // The float model as it came, and as rewritten, in each runtime: what INT8 is compared with.
  absl::Status write_float_variants(const StagedFolder& staging) {
    const std::vector<RuntimeKind> found = available_runtimes();
    const auto available = [&found](RuntimeKind kind) {
      return std::find(found.begin(), found.end(), kind) != found.end();
    };
    const auto add = [&](std::string_view what, RuntimeKind kind, const fs::path& path) {
      if (!available(kind)) return;
      float_.push_back(
          {{absl::StrCat(std::string(what), " ", std::string(to_string(kind))), kind, path},
           false});
    };
    if (file_.format == ModelFormat::kOnnx) {
      add("fp32, as exported,", RuntimeKind::kOnnxRuntime, request_.model);
      add("fp32, as exported,", RuntimeKind::kOpenVino, request_.model);
    } else if (file_.format == ModelFormat::kTflite) {
      add("fp32, as exported,", RuntimeKind::kLiteRt, request_.model);
    }
    // ONNX Runtime's own PRelu is slow: it gets the form that is fastest there.
    Graph for_onnxruntime = rewritten_;
    decompose_prelu(for_onnxruntime, PreluEncoding::kScaledSum);
    const fs::path onnx = staging.file(name_ + ".fp32.onnx"),
                   tflite = staging.file(name_ + ".fp32.tflite"),
                   openvino = staging.file(name_ + ".fp32.openvino.onnx");
    DURWARD_ASSIGN_OR_RETURN(const std::string onnx_bytes, write_onnx(for_onnxruntime, {}));
    DURWARD_RETURN_IF_ERROR(write_file_atomic(onnx, onnx_bytes));
    add("fp32, rewritten,", RuntimeKind::kOnnxRuntime, onnx);
    DURWARD_ASSIGN_OR_RETURN(const std::string openvino_bytes, write_onnx(rewritten_, {}));
    DURWARD_RETURN_IF_ERROR(write_file_atomic(openvino, openvino_bytes));
    add("fp32, rewritten,", RuntimeKind::kOpenVino, openvino);
    DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> tflite_bytes,
                             write_tflite(rewritten_, {}));
    DURWARD_RETURN_IF_ERROR(write_file_atomic(tflite, tflite_bytes));
    add("fp32, rewritten,", RuntimeKind::kLiteRt, tflite);
    return absl::OkStatus();
  }

  absl::Status evaluate_exports(const StagedFolder&) {
    if (float_.empty())
      return absl::UnavailableError(
          "no runtime was found to evaluate the float model in; run scripts/setup");
    CropOptions crop_options = request_.crops;
    crop_options.all_faces = false;
    DURWARD_ASSIGN_OR_RETURN(const TrialSet set,
                             load_trial_set(request_.trials, request_.images, crop_options));
    EvaluateOptions options;
    options.threads = request_.crops.threads;
    options.progress = request_.progress;
    options.figures.bootstrap.seed = request_.seed;
    add_gate_fars(request_.gates, options.figures.fars);
    Variant original = float_[0].variant;
    original.name = "fp32";
    DURWARD_ASSIGN_OR_RETURN(const System before,
                             evaluate_file(set, original, request_.crops.spec, options));
    json& evaluation = result_["evaluation"];
    evaluation = trial_set_json(set, options);
    evaluation["disjoint_from_calibration"] = disjoint(set);
    evaluation["variants"] = json::array({system_json(before)});
    for (const SpeedSubject& subject : quantised_) {
      DURWARD_ASSIGN_OR_RETURN(const System after,
                               evaluate_file(set, subject.variant, request_.crops.spec, options));
      DURWARD_ASSIGN_OR_RETURN(const Comparison comparison,
                               compare_systems(set, before, after, options));
      evaluation["variants"].push_back(system_json(after));
      DURWARD_RETURN_IF_ERROR(add_comparison(set, before, after, comparison, evaluation));
      for (const Gate& gate : request_.gates) {
        const GateResult verdict = judge(gate, comparison.losses);
        passed_ = passed_ && verdict.verdict == GateVerdict::kPassed;
        json entry = gate_json(verdict);
        entry["text"] = absl::StrCat(gate.text, " (", subject.variant.name, ")");
        result_["gates"].push_back(std::move(entry));
      }
    }
    if (!evaluation["disjoint_from_calibration"].get<bool>()) {
      warn(
          "Some pictures were used both for calibration and for evaluation: the loss may be larger "
          "on others.");
    }
    return absl::OkStatus();
  }

  bool disjoint(const TrialSet& set) const {
    return std::none_of(set.path_of_row.begin(), set.path_of_row.end(),
                        [this](const fs::path& path) {
                          return calibration_pictures_.contains(fs::weakly_canonical(path));
                        });
  }

  absl::Status measure(const StagedFolder&) {
    std::vector<SpeedSubject> subjects = float_;
    subjects.insert(subjects.end(), quantised_.begin(), quantised_.end());
    if (subjects.empty()) return absl::OkStatus();
    DURWARD_ASSIGN_OR_RETURN(const Image crop, calibration_->crops.read(0));
    SpeedOptions options{.bench = request_.bench, .progress = request_.progress};
    DURWARD_ASSIGN_OR_RETURN(speeds_,
                             durward::measure_speed(subjects, crop, request_.crops.spec, options));
    for (const SpeedRow& row : speeds_) result_["runs"].push_back(run_json(row));
    if (std::any_of(speeds_.begin(), speeds_.end(), waited_for_cpu)) {
      warn(
          "Other programs kept the CPU busy while latency was measured: do not rely on the times "
          "and their ratios; measure again with durward bench on a quiet machine.");
    }
    return absl::OkStatus();
  }

  // On a quiet machine the wall time of one thread is its CPU time.
  static bool waited_for_cpu(const SpeedRow& row) {
    return row.times.wall.p90 > 1.5 * row.times.cpu.p90;
  }

  // What the runtime had before: the model as exported where it runs there, else as rewritten. One
  // that takes several images at once is not the measure for one image.
  const SpeedRow* float_baseline(RuntimeKind runtime) const {
    for (const SpeedRow& row : speeds_) {
      if (!row.subject.integer && row.subject.variant.runtime == runtime && row.images_per_run == 1)
        return &row;
    }
    return nullptr;
  }

  json run_json(const SpeedRow& row) const {
    const Variant& variant = row.subject.variant;
    const Latency& wall = row.times.wall;
    json latency = {{"median_ms", wall.median / 1e3},
                    {"p90_ms", wall.p90 / 1e3},
                    {"min_ms", wall.lowest_round / 1e3},
                    {"max_ms", wall.highest_round / 1e3},
                    {"runs", request_.bench.rounds * request_.bench.runs},
                    {"threads", 1}};
    const SpeedRow* baseline = float_baseline(variant.runtime);
    if (baseline != nullptr && baseline != &row) {
      const Ratio against = ratio(row.times.wall_rounds, baseline->times.wall_rounds);
      latency["ratio_to_fp32"] = against.median;
      latency["ratio_interval"] = {against.lowest, against.highest};
    }
    json ops = json::array(), floats = json::array();
    for (const OpGroup& group : row.placement) {
      ops.push_back({{"op", group.op},
                     {"precision", group.precision},
                     {"count", group.count},
                     {"ms", group.microseconds / 1e3}});
    }
    for (const OpRecord& record : row.float_nodes) {
      floats.push_back({{"name", record.name},
                        {"op", record.op},
                        {"reason", "the runtime has no integer kernel for it"}});
    }
    json placement = {{"ops", std::move(ops)}};
    if (row.subject.integer) placement["floats"] = std::move(floats);
    std::string kind =
        row.subject.integer ? "int8" : variant.name.substr(0, variant.name.rfind(','));
    if (row.images_per_run > 1) absl::StrAppend(&kind, ", batch ", row.images_per_run);
    json run = {{"runtime", to_string(variant.runtime)}, {"variant", kind},
                {"integer", row.subject.integer},        {"file", variant.file.filename().string()},
                {"bytes", file_bytes(variant.file)},     {"latency", std::move(latency)},
                {"placement", std::move(placement)}};
    if (result_.contains("evaluation"))
      run["evaluated_as"] = row.subject.integer ? variant.name : "fp32";
    return run;
  }

  static int64_t file_bytes(const fs::path& path) {
    std::error_code error;
    auto bytes = static_cast<int64_t>(fs::file_size(path, error));
    if (path.extension() == ".xml")
      bytes += static_cast<int64_t>(fs::file_size(fs::path(path).replace_extension(".bin"), error));
    return bytes;
  }

  // The fastest INT8 file on this machine; another target may prefer another.
  void recommend() {
    const SpeedRow* best = nullptr;
    for (const SpeedRow& row : speeds_) {
      if (row.subject.integer &&
          (best == nullptr || row.times.wall.median < best->times.wall.median))
        best = &row;
    }
    if (best == nullptr) return;
    result_["recommendation"] = {{"file", best->subject.variant.file.filename().string()},
                                 {"runtime", to_string(best->subject.variant.runtime)},
                                 {"variant", best->subject.variant.name},
                                 {"because",
                                  "It is the fastest of the INT8 files on this machine; measure on "
                                  "yours with durward bench."}};
    if (!result_.contains("evaluation")) return;
    const json& evaluation = result_["evaluation"];
    if (evaluation.contains("changed"))
      result_["recommendation"]["far"] = evaluation["changed"]["far"];
  }

  absl::StatusOr<CompressOutcome> publish(StagedFolder& staging) {
    CompressOutcome outcome{.result = result_, .passed = passed_, .files = {}};
    DURWARD_ASSIGN_OR_RETURN(const std::string report, render_report(result_));
    DURWARD_RETURN_IF_ERROR(write_file_atomic(staging.file("report.html"), report));
    DURWARD_RETURN_IF_ERROR(write_file_atomic(staging.file("result.json"), result_.dump(2) + "\n"));
    DURWARD_RETURN_IF_ERROR(write_input_spec(staging.file("input-spec.json"), request_.crops.spec));
    std::vector<std::string> names;
    if (passed_) {
      for (const ExportFile& file : exports_)
        names.insert(names.end(), file.parts.begin(), file.parts.end());
      names.emplace_back("input-spec.json");
    }
    names.emplace_back("report.html");
    names.emplace_back("result.json");
    for (const std::string& name : names) {
      DURWARD_RETURN_IF_ERROR(staging.publish(name));
      outcome.files.push_back(request_.output / name);
    }
    return outcome;
  }

  void warn(std::string sentence) { result_["warnings"].push_back(std::move(sentence)); }

  const CompressRequest& request_;
  std::string name_;
  json result_;
  ModelFile file_;
  Graph rewritten_;
  std::optional<CropSet> calibration_;
  std::set<fs::path> calibration_pictures_;
  std::optional<QuantizedModels> models_;
  std::vector<ExportFile> exports_;
  std::vector<SpeedSubject> float_, quantised_;
  std::vector<SpeedRow> speeds_;
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
