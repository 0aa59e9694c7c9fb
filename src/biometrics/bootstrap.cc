#include "biometrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "base/random.h"
#include "biometrics/rates.h"

namespace durward {
namespace {

int64_t people_with_genuine_trials(const ScoredTrials& scored) {
  std::vector<bool> seen(scored.people.size());
  for (const GenuineScore& genuine : scored.genuine)
    seen[static_cast<size_t>(genuine.person)] = true;
  return std::count(seen.begin(), seen.end(), true);
}

TrialWeight total_weight(const ScoredTrials& scored, const std::vector<uint32_t>& drawn) {
  const CountByPerson weight{drawn.data()};
  TrialWeight total;
  for (const GenuineScore& genuine : scored.genuine) total.genuine += weight(genuine);
  if (scored.images_of_person.empty()) {
    for (const ImpostorScore& impostor : scored.impostors) total.impostors += weight(impostor);
    return total;
  }
  // All pairs of images of different people: ((sum of n_a m_a)^2 - sum of (n_a m_a)^2) / 2.
  uint64_t sum = 0, squares = 0;
  for (size_t a = 0; a < drawn.size(); ++a) {
    const uint64_t images = uint64_t{drawn[a]} * static_cast<uint64_t>(scored.images_of_person[a]);
    sum += images;
    squares += images * images;
  }
  total.impostors = (sum * sum - squares) / 2;
  return total;
}

absl::Status check_options(const ScoredTrials& scored, const BootstrapOptions& options) {
  if (options.replicates < 100) {
    return absl::InvalidArgumentError(absl::StrCat(
        options.replicates, " bootstrap replicates are too few for an interval; use 1000"));
  }
  const int64_t people = people_with_genuine_trials(scored);
  if (people < kMinPeopleForIntervals) {
    return absl::FailedPreconditionError(absl::StrCat("intervals need genuine trials of at least ",
                                                      kMinPeopleForIntervals, " people, and there ",
                                                      people == 1 ? "is " : "are ", people));
  }
  return absl::OkStatus();
}

// Calls visit(replicate, weight, total, scratch) for every replicate, on any thread, with one
// `scratch` for each thread.
template <typename Scratch, typename Visit>
absl::Status for_each_replicate(const ScoredTrials& scored, const BootstrapOptions& options,
                                const Scratch& scratch, const Visit& visit) {
  struct Worker {
    std::vector<uint32_t> drawn;
    Scratch scratch;
  };
  std::vector<Worker> workers(static_cast<size_t>(std::max(options.threads, 1)),
                              Worker{std::vector<uint32_t>(scored.people.size()), scratch});
  std::mutex mutex;
  int64_t done = 0;
  return parallel_for(options.replicates, options.threads,
                      [&](int64_t index, int number) -> absl::Status {
                        Worker& worker = workers[static_cast<size_t>(number)];
                        draw_people(options.seed, index, worker.drawn);
                        visit(static_cast<size_t>(index), CountByPerson{worker.drawn.data()},
                              total_weight(scored, worker.drawn), worker.scratch);
                        if (!options.progress) return absl::OkStatus();
                        const std::lock_guard<std::mutex> lock(mutex);
                        return options.progress("bootstrap", ++done, options.replicates)
                                   ? absl::OkStatus()
                                   : absl::CancelledError("stopped");
                      });
}

// The share of the impostors' weight above a threshold; NaN where those there were not all kept.
template <typename Weight>
double false_accept_rate(const ScoredTrials& scored, const Weight& weight, uint64_t total,
                         float threshold) {
  const bool kept =
      scored.lower_impostors.empty() || scored.lower_impostors.front().score <= threshold;
  if (!kept || total == 0) return std::numeric_limits<double>::quiet_NaN();
  uint64_t above = 0;
  for (const ImpostorScore& impostor : scored.impostors) {
    if (!(impostor.score > threshold)) break;
    above += weight(impostor);
  }
  return static_cast<double>(above) / static_cast<double>(total);
}

}  // namespace

void draw_people(uint64_t seed, int64_t replicate, std::vector<uint32_t>& drawn) {
  // Hashed, since SplitMix64 streams of neighbouring states would overlap.
  const uint64_t stream = Random(static_cast<uint64_t>(replicate)).next();
  Random random(Random(seed ^ stream).next());
  std::fill(drawn.begin(), drawn.end(), 0);
  for (size_t i = 0; i < drawn.size(); ++i) ++drawn[random.below(drawn.size())];
}

absl::StatusOr<Replicates> bootstrap(const ScoredTrials& scored, std::span<const double> fars,
                                     const BootstrapOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_options(scored, options));
  const size_t count = static_cast<size_t>(options.replicates);
  Replicates result{.people = scored.people,
                    .seed = options.seed,
                    .fars = {fars.begin(), fars.end()},
                    .equal_error_rate = std::vector<double>(count),
                    .tar = {fars.size(), std::vector<double>(count)},
                    .threshold = {fars.size(), std::vector<double>(count)}};
  struct Scratch {
    std::vector<float> thresholds;
    std::vector<double> tars;
  };
  DURWARD_RETURN_IF_ERROR(for_each_replicate(
      scored, options, Scratch{std::vector<float>(fars.size()), std::vector<double>(fars.size())},
      [&](size_t at, const CountByPerson& weight, const TrialWeight& total, Scratch& scratch) {
        far_thresholds(scored, weight, total.impostors, false, fars, scratch.thresholds);
        true_accept_rates(scored, weight, total.genuine, scratch.thresholds, scratch.tars);
        result.equal_error_rate[at] = equal_error_rate(scored, weight, total, false).rate;
        for (size_t i = 0; i < fars.size(); ++i) {
          result.tar[i][at] = scratch.tars[i];
          result.threshold[i][at] = static_cast<double>(scratch.thresholds[i]);
        }
      }));
  return result;
}

absl::StatusOr<RateReplicates> bootstrap_rates(const ScoredTrials& scored,
                                               std::span<const double> thresholds,
                                               const BootstrapOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_options(scored, options));
  const std::vector<double> none(static_cast<size_t>(options.replicates));
  RateReplicates result{.far = {thresholds.size(), none}, .tar = {thresholds.size(), none}};
  struct Nothing {};
  DURWARD_RETURN_IF_ERROR(for_each_replicate(
      scored, options, Nothing{},
      [&](size_t at, const CountByPerson& weight, const TrialWeight& total, Nothing&) {
        for (size_t i = 0; i < thresholds.size(); ++i) {
          const auto threshold = static_cast<float>(thresholds[i]);
          result.far[i][at] = false_accept_rate(scored, weight, total.impostors, threshold);
          true_accept_rates(scored, weight, total.genuine, std::span(&threshold, 1),
                            std::span(&result.tar[i][at], 1));
        }
      }));
  return result;
}

std::optional<Interval> percentile_interval(std::span<const double> replicates, double confidence) {
  std::vector<double> sorted;
  std::copy_if(replicates.begin(), replicates.end(), std::back_inserter(sorted),
               [](double value) { return !std::isnan(value); });
  if (sorted.empty() || (replicates.size() - sorted.size()) * 100 > replicates.size()) {
    return std::nullopt;
  }
  std::sort(sorted.begin(), sorted.end());
  // The order statistic at p (n + 1), interpolated (Hyndman and Fan 1996, type 6).
  const auto quantile = [&](double p) {
    const double last = static_cast<double>(sorted.size() - 1);
    const double place = std::clamp(p * static_cast<double>(sorted.size() + 1) - 1, 0.0, last);
    const size_t below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
  };
  return Interval{quantile((1 - confidence) / 2), quantile((1 + confidence) / 2)};
}

}  // namespace durward
