// The whole job of `durward sensitivity`: which layers of a model integers hurt.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/progress.h"
#include "pipeline/quantized_models.h"
#include "pipeline/samples.h"

namespace durward {

struct SensitivityRequest {
  std::filesystem::path model;
  std::filesystem::path calibration;  // folder
  int64_t calibration_images = 300, held_out_images = 64;
  SampleOptions samples = {};
  std::filesystem::path trials = {};  // empty: embeddings alone
  std::filesystem::path images = {};
  int64_t worst = 5;  // layers that are judged on the trials
  QuantizeModelsOptions quantize = {};
  uint64_t seed = 1;  // of the bootstrap
  Progress progress = {};
};

// A result document (docs/result-json.md) with "sensitivity". Errors: those of reading, calibrating
// and judging, naming file and cause.
[[nodiscard]] absl::StatusOr<nlohmann::json> sensitivity_of_file(const SensitivityRequest& request);

}  // namespace durward
