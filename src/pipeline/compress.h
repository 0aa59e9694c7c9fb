// The whole job of `durward compress`: a float model to INT8 exports, and the evidence of what that
// cost.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "biometrics/gate.h"
#include "formats/tflite/tflite.h"
#include "pipeline/mixed_limits.h"
#include "pipeline/quantized_models.h"
#include "pipeline/samples.h"
#include "pipeline/target.h"
#include "runtimes/bench.h"
#include "tune/tune.h"

namespace durward {

// Fine-tuning after quantisation (docs/fine-tuning.md).
struct TuneRequest {
  Tuner tuner;
  int64_t files = 1500;      // of the calibration folder, evenly spaced
  TuneOptions options = {};  // less checkpoint, identity, threads and progress
};

struct CompressRequest {
  std::filesystem::path model;
  std::filesystem::path calibration;   // folder of pictures or recordings
  int64_t calibration_files = 300;     // evenly spaced over the folder; fewer where it has fewer
  std::filesystem::path output;        // folder; made where it is missing
  std::string preset;                  // its name, for the report; empty with a specification file
  SampleOptions samples = {};          // the input specification, detector, threads
  std::filesystem::path trials = {};   // empty: no evaluation
  std::filesystem::path attacks = {};  // of a presentation-attack detector, instead of trials
  std::filesystem::path images = {};   // where the list's files are
  std::vector<Gate> gates = {};        // need trials
  QuantizeOptions quantize = {};
  bool equalize = true;
  Rounding rounding = Rounding::kNearest;
  std::optional<TuneRequest> tune = {};
  // Measured on pictures of the calibration folder that are not calibrated on.
  bool ablate = false;                    // what each step of quantisation is worth
  std::optional<MixedLimits> mixed = {};  // choose what stays in float; not with `tune`
  int64_t held_out_images = 128;
  std::set<ExportKind> exports = all_export_kinds();
  int64_t arena_bytes = kDefaultArenaBytes;  // of the bundle's plan
  TfliteWriteOptions tflite = {};
  std::string target = {};    // its name, for the report
  bool check = true;          // compare with the reference executor, and measure each layer's noise
  bool measure_speed = true;  // latency and op placement
  BenchOptions bench = {.rounds = 5, .runs = 40};
  uint64_t seed = 1;         // of the bootstrap
  std::string command = {};  // as it was typed, for the report
  std::string tool_version = {};
  Progress progress = {};
};

struct CompressOutcome {
  nlohmann::json result;  // the result document (docs/result-json.md), as written
  bool passed = true;     // every gate
  std::vector<std::filesystem::path> files;
};

// Writes the exports (NAME.bundle, NAME.int8.tflite, NAME.qdq.onnx, NAME.int8.ort, NAME.int8.xml
// with .bin), input-spec.json, report.html and result.json into the output folder; only the last
// two where a gate did not pass. The model file is not touched. On an error, or when progress asks
// to stop, the folder is as it was before, but for a checkpoint of fine-tuning. Errors: those of
// every step, naming file and cause.
[[nodiscard]] absl::StatusOr<CompressOutcome> compress(const CompressRequest& request);

}  // namespace durward
