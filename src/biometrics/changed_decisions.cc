#include "biometrics/changed_decisions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "biometrics/pair_blocks.h"

namespace durward {
namespace {

// Counts and the largest moves of the four kinds; a bounded number of samples, whatever the order
// of arrival.
class Collector {
 public:
  Collector(float threshold_before, float threshold_after, int samples_of_each)
      : threshold_before_(threshold_before),
        threshold_after_(threshold_after),
        limit_(static_cast<size_t>(std::max(samples_of_each, 0))) {}

  void add(int64_t enrol, int64_t probe, bool genuine, float score_before, float score_after) {
    const bool accepted_before = score_before > threshold_before_;
    if (accepted_before == (score_after > threshold_after_)) return;
    Kind& kind = kinds_[kind_of(genuine, accepted_before)];
    ++kind.count;
    kind.samples.push_back({static_cast<int32_t>(enrol), static_cast<int32_t>(probe), genuine,
                            accepted_before, score_before, score_after});
    if (kind.samples.size() >= 2 * limit_ + 64) trim(kind);
  }

  void merge(const Collector& other) {
    for (size_t k = 0; k < kinds_.size(); ++k) {
      kinds_[k].count += other.kinds_[k].count;
      kinds_[k].samples.insert(kinds_[k].samples.end(), other.kinds_[k].samples.begin(),
                               other.kinds_[k].samples.end());
      trim(kinds_[k]);
    }
  }

  ChangedDecisions result() {
    ChangedDecisions changed{.new_false_rejects = kinds_[0].count,
                             .mended_false_rejects = kinds_[1].count,
                             .new_false_accepts = kinds_[2].count,
                             .mended_false_accepts = kinds_[3].count};
    for (Kind& kind : kinds_) {
      trim(kind);
      changed.samples.insert(changed.samples.end(), kind.samples.begin(), kind.samples.end());
    }
    return changed;
  }

 private:
  struct Kind {
    int64_t count = 0;
    std::vector<ChangedDecision> samples;
  };

  static size_t kind_of(bool genuine, bool accepted_before) {
    if (genuine) return accepted_before ? 0 : 1;
    return accepted_before ? 3 : 2;
  }

  float move(const ChangedDecision& d) const {
    return std::abs((d.score_after - threshold_after_) - (d.score_before - threshold_before_));
  }

  void trim(Kind& kind) const {
    std::sort(kind.samples.begin(), kind.samples.end(),
              [this](const ChangedDecision& a, const ChangedDecision& b) {
                return std::tuple(-move(a), a.enrol, a.probe) <
                       std::tuple(-move(b), b.enrol, b.probe);
              });
    kind.samples.resize(std::min(kind.samples.size(), limit_));
  }

  float threshold_before_, threshold_after_;
  size_t limit_;
  std::array<Kind, 4> kinds_;
};

}  // namespace

absl::StatusOr<ChangedDecisions> changed_decisions(std::span<const Trial> trials,
                                                   const Decider& before, const Decider& after,
                                                   int samples_of_each) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> scores_before,
                           score_trials(trials, before.embeddings, before.embeddings));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> scores_after,
                           score_trials(trials, after.embeddings, after.embeddings));
  Collector collector(before.threshold, after.threshold, samples_of_each);
  for (size_t i = 0; i < trials.size(); ++i) {
    collector.add(trials[i].enrol, trials[i].probe, trials[i].genuine, scores_before[i],
                  scores_after[i]);
  }
  return collector.result();
}

absl::StatusOr<ChangedDecisions> changed_decisions(std::span<const int32_t> person_of_row,
                                                   const Decider& before, const Decider& after,
                                                   int samples_of_each,
                                                   const AllPairsOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_same_images(before.embeddings, before.embeddings, person_of_row));
  DURWARD_RETURN_IF_ERROR(check_same_images(after.embeddings, after.embeddings, person_of_row));
  struct Scratch {
    PairBlock before, after;
    Collector collector;
  };
  const int64_t rows = before.embeddings.rows();
  std::vector<Scratch> scratch_of_worker(
      static_cast<size_t>(std::max(options.threads, 1)),
      Scratch{{}, {}, Collector(before.threshold, after.threshold, samples_of_each)});
  DURWARD_RETURN_IF_ERROR(for_each_block_row(
      rows, options.threads, "find changed decisions", options.progress,
      [&](int64_t block_i, int worker) {
        Scratch& scratch = scratch_of_worker[static_cast<size_t>(worker)];
        const int64_t first_i = block_i * PairBlock::kSide;
        for (int64_t block_j = block_i; block_j < pair_block_count(rows); ++block_j) {
          const int64_t first_j = block_j * PairBlock::kSide;
          scratch.before.compute(before.embeddings, first_i, before.embeddings, first_j);
          scratch.after.compute(after.embeddings, first_i, after.embeddings, first_j);
          for_each_pair(block_i, block_j, rows, [&](int64_t i, int64_t j, int64_t r, int64_t c) {
            scratch.collector.add(
                i, j,
                person_of_row[static_cast<size_t>(i)] == person_of_row[static_cast<size_t>(j)],
                scratch.before.at(r, c), scratch.after.at(r, c));
          });
        }
      }));
  Collector all(before.threshold, after.threshold, samples_of_each);
  for (const Scratch& scratch : scratch_of_worker) all.merge(scratch.collector);
  return all.result();
}

}  // namespace durward
