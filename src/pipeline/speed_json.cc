#include "pipeline/speed_json.h"

#include <filesystem>

namespace durward {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// What the runtime had before: the model as exported where it runs there, else as rewritten. One
// that takes several images at once is not the measure for one image.
const SpeedRow* float_baseline(const std::vector<SpeedRow>& rows, RuntimeKind runtime) {
  for (const SpeedRow& row : rows) {
    if (!row.subject.integer && row.subject.variant.runtime == runtime && row.samples_per_run == 1)
      return &row;
  }
  return nullptr;
}

json latency_json(const SpeedRow& row, const SpeedRow* baseline, const BenchOptions& bench) {
  const Latency& wall = row.times.wall;
  json latency = {{"median_ms", wall.median / 1e3},    {"p90_ms", wall.p90 / 1e3},
                  {"min_ms", wall.lowest_round / 1e3}, {"max_ms", wall.highest_round / 1e3},
                  {"runs", bench.rounds * bench.runs}, {"threads", 1}};
  if (baseline != nullptr && baseline != &row) {
    const Ratio against = ratio(row.times.wall_rounds, baseline->times.wall_rounds);
    latency["ratio_to_fp32"] = against.median;
    latency["ratio_interval"] = {against.lowest, against.highest};
  }
  return latency;
}

json floats_json(const std::vector<OpRecord>& records) {
  json floats = json::array();
  for (const OpRecord& record : records) {
    floats.push_back({{"name", record.name},
                      {"op", record.op},
                      {"reason", "the runtime has no integer kernel for it"}});
  }
  return floats;
}

int64_t file_bytes(const fs::path& path) {
  std::error_code error;
  auto bytes = static_cast<int64_t>(fs::file_size(path, error));
  if (path.extension() == ".xml")
    bytes += static_cast<int64_t>(fs::file_size(fs::path(path).replace_extension(".bin"), error));
  return bytes;
}

// "int8", or the float subject's name without its runtime.
std::string kind_of(const SpeedSubject& subject) {
  const std::string& name = subject.variant.name;
  return subject.integer ? "int8" : name.substr(0, name.rfind(", "));
}

}  // namespace

json placement_json(const std::vector<OpGroup>& groups) {
  json ops = json::array();
  for (const OpGroup& group : groups) {
    ops.push_back({{"op", group.op},
                   {"precision", group.precision},
                   {"count", group.count},
                   {"ms", group.microseconds / 1e3}});
  }
  return ops;
}

json runs_json(const std::vector<SpeedRow>& rows, const BenchOptions& bench, bool evaluated) {
  json runs = json::array();
  for (const SpeedRow& row : rows) {
    const Variant& variant = row.subject.variant;
    json placement = {{"ops", placement_json(row.placement)}};
    if (row.subject.integer) placement["floats"] = floats_json(row.float_nodes);
    std::string kind = kind_of(row.subject);
    if (row.samples_per_run > 1) absl::StrAppend(&kind, ", batch ", row.samples_per_run);
    json run = {{"runtime", to_string(variant.runtime)},
                {"variant", std::move(kind)},
                {"integer", row.subject.integer},
                {"file", variant.file.filename().string()},
                {"bytes", file_bytes(variant.file)},
                {"latency", latency_json(row, float_baseline(rows, variant.runtime), bench)},
                {"placement", std::move(placement)}};
    if (evaluated) run["evaluated_as"] = row.subject.integer ? variant.name : "fp32";
    runs.push_back(std::move(run));
  }
  return runs;
}

std::optional<json> recommendation_json(const std::vector<SpeedRow>& rows, const json& evaluation) {
  const SpeedRow* best = nullptr;
  for (const SpeedRow& row : rows) {
    if (row.subject.integer &&
        (best == nullptr || row.times.wall.median < best->times.wall.median)) {
      best = &row;
    }
  }
  if (best == nullptr) return std::nullopt;
  const Variant& variant = best->subject.variant;
  json recommendation = {{"file", variant.file.filename().string()},
                         {"runtime", to_string(variant.runtime)},
                         {"variant", variant.name},
                         {"because",
                          "It is the fastest of the INT8 files on this machine; measure on yours "
                          "with durward bench."}};
  if (evaluation.contains("changed")) recommendation["far"] = evaluation["changed"]["far"];
  return recommendation;
}

}  // namespace durward
