#include "biometrics/all_pairs.h"

#include <algorithm>
#include <vector>

#include "biometrics/pair_blocks.h"

namespace durward {
namespace {

// Histogram of cosines: kBins equal bins of -1..1.
constexpr int64_t kBins = int64_t{1} << 18;
constexpr double kBinsPerUnit = double{kBins} / 2;

int64_t bin_of(float score) {
  return std::clamp<int64_t>(static_cast<int64_t>((static_cast<double>(score) + 1) * kBinsPerUnit),
                             0, kBins - 1);
}

float upper_edge(int64_t bin) {
  return static_cast<float>(static_cast<double>(bin + 1) / kBinsPerUnit - 1);
}

// What the workers write to; one of each per block of rows or per worker, so without locks.
struct Pass {
  std::vector<PairBlock> block_of_worker;
  std::vector<std::vector<GenuineScore>> genuine_of_block;
  std::vector<std::vector<ImpostorScore>> impostors_of_block;
  std::vector<std::vector<int64_t>> histogram_of_worker;
};

template <typename T>
std::vector<T> join(std::vector<std::vector<T>>& parts) {
  size_t total = 0;
  for (const auto& part : parts) total += part.size();
  std::vector<T> all;
  all.reserve(total);
  for (auto& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
    part = {};
  }
  return all;
}

int64_t count_impostors(std::span<const int32_t> images_of_person) {
  int64_t rows = 0, genuine = 0;
  for (const int64_t images : images_of_person) {
    rows += images;
    genuine += images * (images - 1) / 2;
  }
  return rows * (rows - 1) / 2 - genuine;
}

}  // namespace

absl::StatusOr<ScoredTrials> score_all_pairs(const Embeddings& enrolled, const Embeddings& probes,
                                             std::span<const int32_t> person_of_row,
                                             const AllPairsOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_same_images(enrolled, probes, person_of_row));
  const int64_t rows = enrolled.rows();
  ScoredTrials scored;
  scored.people = distinct_people({person_of_row.begin(), person_of_row.end()});
  scored.images_of_person.assign(scored.people.size(), 0);
  std::vector<int32_t> person;
  for (const int32_t number : person_of_row) {
    person.push_back(person_index(scored.people, number));
    ++scored.images_of_person[static_cast<size_t>(person.back())];
  }
  scored.impostor_count = count_impostors(scored.images_of_person);

  const size_t workers = static_cast<size_t>(std::max(options.threads, 1));
  const size_t blocks = static_cast<size_t>(pair_block_count(rows));
  Pass pass;
  pass.block_of_worker.resize(workers);
  pass.genuine_of_block.resize(blocks);
  pass.impostors_of_block.resize(blocks);
  const auto run = [&](std::string_view step, const auto& genuine, const auto& impostor) {
    return for_each_block_row(
        rows, options.threads, step, options.progress, [&](int64_t block_i, int worker) {
          PairBlock& block = pass.block_of_worker[static_cast<size_t>(worker)];
          for (int64_t block_j = block_i; block_j < pair_block_count(rows); ++block_j) {
            block.compute(enrolled, block_i * PairBlock::kSide, probes, block_j * PairBlock::kSide);
            for_each_pair(block_i, block_j, rows, [&](int64_t i, int64_t j, int64_t r, int64_t c) {
              const int32_t a = person[static_cast<size_t>(i)], b = person[static_cast<size_t>(j)];
              const float score = block.at(r, c);
              if (a == b) {
                genuine(static_cast<size_t>(block_i), GenuineScore{score, a});
              } else {
                impostor(static_cast<size_t>(block_i), static_cast<size_t>(worker),
                         ImpostorScore{score, std::min(a, b), std::max(a, b)});
              }
            });
          }
        });
  };
  const auto keep_genuine = [&](size_t block, const GenuineScore& score) {
    pass.genuine_of_block[block].push_back(score);
  };

  if (scored.impostor_count <= options.keep_impostors) {
    DURWARD_RETURN_IF_ERROR(
        run("score all pairs", keep_genuine, [&](size_t block, size_t, const ImpostorScore& score) {
          pass.impostors_of_block[block].push_back(score);
        }));
  } else {
    pass.histogram_of_worker.assign(workers, std::vector<int64_t>(static_cast<size_t>(kBins)));
    DURWARD_RETURN_IF_ERROR(run(
        "score all pairs", keep_genuine, [&](size_t, size_t worker, const ImpostorScore& score) {
          ++pass.histogram_of_worker[worker][static_cast<size_t>(bin_of(score.score))];
        }));
    std::vector<int64_t> histogram(static_cast<size_t>(kBins));
    for (const auto& part : pass.histogram_of_worker) {
      for (size_t bin = 0; bin < part.size(); ++bin) histogram[bin] += part[bin];
    }
    int64_t lowest_kept = kBins, kept = 0;
    while (lowest_kept > 0 &&
           kept + histogram[static_cast<size_t>(lowest_kept - 1)] <= options.keep_impostors) {
      kept += histogram[static_cast<size_t>(--lowest_kept)];
    }
    for (int64_t bin = lowest_kept - 1; bin >= 0; --bin) {
      const int64_t count = histogram[static_cast<size_t>(bin)];
      if (count > 0) scored.lower_impostors.push_back({upper_edge(bin), count});
    }
    DURWARD_RETURN_IF_ERROR(run(
        "collect the highest scores", [](size_t, const GenuineScore&) {},
        [&](size_t block, size_t, const ImpostorScore& score) {
          if (bin_of(score.score) >= lowest_kept) pass.impostors_of_block[block].push_back(score);
        }));
  }
  scored.genuine = join(pass.genuine_of_block);
  scored.impostors = join(pass.impostors_of_block);
  sort_scores(scored);
  return scored;
}

}  // namespace durward
