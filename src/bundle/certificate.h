// What the thresholds of a bundle are worth: on whom they were chosen, what they promise on others,
// and what they do not.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bundle/json_fields.h"

namespace durward {

// A comparison is accepted when its score is greater than the threshold. Bounds are one-sided, each
// with 95 % confidence, for other people who are like those of the trials.
struct CertifiedPoint {
  double far = 0;  // the false accept rate that the threshold was chosen for, in (0, 1)
  double threshold = 0;
  std::optional<std::array<double, 2>> threshold_interval;  // 95 %, lower then upper
  double far_bound = 1;  // the false accept rate is at most this, in [0, 1]
  double tar = 0;        // measured, in [0, 1]
  double tar_bound = 0;  // the true accept rate is at least this, in [0, 1]

  bool operator==(const CertifiedPoint&) const = default;
};

// A false accept rate that was asked for, and is not promised.
struct RefusedFar {
  double far = 0;
  std::string reason;

  bool operator==(const RefusedFar&) const = default;
};

// What it costs to keep templates that another model enrolled: this model's probes against them,
// each at the threshold of its own for the rate.
struct ForeignTemplates {
  struct Loss {
    double far = 0;
    double tar_loss = 0;               // of the other model alone; negative where TAR rose
    std::optional<double> loss_bound;  // with 95 % confidence it is below this

    bool operator==(const Loss&) const = default;
  };
  std::string model_sha256;  // of the model that enrolled
  std::vector<Loss> losses;

  bool operator==(const ForeignTemplates&) const = default;
};

struct Certificate {
  std::string score = {};          // what is compared with the thresholds: "cosine"
  std::string method = {};         // how thresholds and bounds were found
  std::string trials_sha256 = {};  // of the trials and their samples
  int64_t people = 0, genuine_trials = 0, impostor_trials = 0;  // each at least 1
  std::vector<CertifiedPoint> points = {};
  std::vector<RefusedFar> refused = {};
  std::vector<ForeignTemplates> templates = {};

  bool operator==(const Certificate&) const = default;
};

[[nodiscard]] Certificate read_certificate(const JsonField& field);
// Fields in the order in which docs/bundle.md lists them.
[[nodiscard]] nlohmann::ordered_json to_json(const Certificate& certificate);

}  // namespace durward
