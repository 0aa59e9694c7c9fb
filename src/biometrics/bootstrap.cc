#include "biometrics/bootstrap.h"

#include <algorithm>
#include <cmath>
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

// How often each person is drawn in a replicate: a function of the seed, its number and the number
// of people only, so that every system meets the same draws.
void draw_people(uint64_t seed, int64_t replicate, std::vector<uint32_t>& drawn) {
  // Hashed, since SplitMix64 streams of neighbouring states would overlap.
  const uint64_t stream = Random(static_cast<uint64_t>(replicate)).next();
  Random random(Random(seed ^ stream).next());
  std::fill(drawn.begin(), drawn.end(), 0);
  for (size_t i = 0; i < drawn.size(); ++i) ++drawn[random.below(drawn.size())];
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

}  // namespace

absl::StatusOr<Replicates> bootstrap(const ScoredTrials& scored, std::span<const double> fars,
                                     const BootstrapOptions& options) {
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
  const size_t count = static_cast<size_t>(options.replicates);
  Replicates result{.people = scored.people,
                    .seed = options.seed,
                    .fars = {fars.begin(), fars.end()},
                    .equal_error_rate = std::vector<double>(count),
                    .tar = {fars.size(), std::vector<double>(count)},
                    .threshold = {fars.size(), std::vector<double>(count)}};
  struct Scratch {
    std::vector<uint32_t> drawn;
    std::vector<float> thresholds;
    std::vector<double> tars;
  };
  std::vector<Scratch> scratch_of_worker(
      static_cast<size_t>(std::max(options.threads, 1)),
      Scratch{std::vector<uint32_t>(scored.people.size()), std::vector<float>(fars.size()),
              std::vector<double>(fars.size())});
  std::mutex mutex;
  int64_t done = 0;
  DURWARD_RETURN_IF_ERROR(parallel_for(
      options.replicates, options.threads, [&](int64_t index, int worker) -> absl::Status {
        auto& [drawn, thresholds, tars] = scratch_of_worker[static_cast<size_t>(worker)];
        draw_people(options.seed, index, drawn);
        const CountByPerson weight{drawn.data()};
        const TrialWeight total = total_weight(scored, drawn);
        far_thresholds(scored, weight, total.impostors, false, fars, thresholds);
        true_accept_rates(scored, weight, total.genuine, thresholds, tars);
        const size_t at = static_cast<size_t>(index);
        result.equal_error_rate[at] = equal_error_rate(scored, weight, total, false).rate;
        for (size_t i = 0; i < fars.size(); ++i) {
          result.tar[i][at] = tars[i];
          result.threshold[i][at] = static_cast<double>(thresholds[i]);
        }
        if (!options.progress) return absl::OkStatus();
        const std::lock_guard<std::mutex> lock(mutex);
        return options.progress("bootstrap", ++done, options.replicates)
                   ? absl::OkStatus()
                   : absl::CancelledError("stopped");
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
