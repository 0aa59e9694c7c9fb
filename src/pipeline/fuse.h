// Lists of two factors' scores, as `durward evaluate --scores` writes them, fused.
#pragma once

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/progress.h"
#include "base/status.h"
#include "report/fusion_json.h"

namespace durward {

struct FuseRequest {
  std::array<std::filesystem::path, 2> files;
  std::array<std::string, 2> names = {"face", "voice"};
  FusionPolicy policy;  // floors without a value let everything through
  double stolen_factor_rate = 0.05;
  int64_t pairings = 20;     // at most
  bool same_people = false;  // people are who has one name in both lists; else chimeric
  bool crosswise = false;
  uint64_t seed = 1;
  int threads = 1;
  Progress progress = {};
};

// The "fusion" part of a result document. Errors: those of the files, of read_score_csv and of
// fuse; InvalidArgument where people are to be the same and fewer than two names are in both lists.
[[nodiscard]] absl::StatusOr<nlohmann::json> fuse_score_lists(const FuseRequest& request);

}  // namespace durward
