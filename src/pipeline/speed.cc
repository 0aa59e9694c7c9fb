#include "pipeline/speed.h"

#include <sched.h>

#include <algorithm>

#include "pipeline/placement.h"
#include "runtimes/embedder.h"

namespace durward {
namespace {

constexpr int kProfiledRuns = 20;

int last_allowed_cpu() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 0;
  for (int cpu = CPU_SETSIZE - 1; cpu > 0; --cpu) {
    if (CPU_ISSET(cpu, &allowed)) return cpu;
  }
  return 0;
}

absl::StatusOr<std::unique_ptr<RuntimeModel>> load(const Variant& variant, bool profile) {
  return load_model(variant.runtime, variant.file,
                    {.threads = 1, .profile = profile, .exact = false});
}

absl::Status add_placement(const Shape& shape, std::span<const float> sample, SpeedRow& row) {
  DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> model,
                           load(row.subject.variant, /*profile=*/true));
  DURWARD_ASSIGN_OR_RETURN(Embedder embedder, Embedder::create(std::move(model), shape));
  for (int i = 0; i < kProfiledRuns; ++i) DURWARD_RETURN_IF_ERROR(embedder.embed(sample).status());
  DURWARD_ASSIGN_OR_RETURN(const std::vector<OpRecord> records, embedder.model().profile());
  std::map<std::pair<std::string, std::string>, OpGroup> groups;
  for (const OpRecord& record : records) {
    OpGroup& group = groups[{record.op, record.precision}];
    group.op = record.op;
    group.precision = record.precision;
    ++group.count;
    group.microseconds += record.microseconds;
    if (row.subject.integer && runs_in_float(record) && !converts(record)) {
      row.float_nodes.push_back(record);
    }
  }
  for (auto& [key, group] : groups) row.placement.push_back(std::move(group));
  std::stable_sort(
      row.placement.begin(), row.placement.end(),
      [](const OpGroup& a, const OpGroup& b) { return a.microseconds > b.microseconds; });
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<SpeedRow>> measure_speed(const std::vector<SpeedSubject>& subjects,
                                                    const Samples& samples,
                                                    const SpeedOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> sample, read_sample(samples, 0));
  std::vector<SpeedRow> rows;
  {
    DURWARD_ASSIGN_OR_RETURN(const CpuPin pin,
                             CpuPin::to(options.cpu < 0 ? last_allowed_cpu() : options.cpu));
    std::vector<Embedder> embedders;
    for (const SpeedSubject& subject : subjects) {
      DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> model,
                               load(subject.variant, /*profile=*/false));
      absl::StatusOr<Embedder> embedder = Embedder::create(std::move(model), samples.shape);
      if (!embedder.ok()) return with_context(embedder.status(), subject.variant.name);
      embedders.push_back(*std::move(embedder));
    }
    std::vector<BenchSubject> bench;
    for (Embedder& embedder : embedders) {
      DURWARD_ASSIGN_OR_RETURN(std::vector<std::byte> input, embedder.encode(sample));
      bench.push_back({&embedder.model(), {std::move(input)}});
    }
    DURWARD_ASSIGN_OR_RETURN(const std::vector<BenchTimes> times,
                             measure(bench, options.bench, options.progress));
    for (size_t i = 0; i < subjects.size(); ++i) {
      const int64_t batch = embedders[i].model().inputs()[0].shape[0];
      rows.push_back({subjects[i], times[i], batch, {}, {}});
    }
  }
  for (SpeedRow& row : rows) {
    if (const absl::Status status = add_placement(samples.shape, sample, row); !status.ok()) {
      return with_context(status, row.subject.variant.name);
    }
  }
  return rows;
}

}  // namespace durward
