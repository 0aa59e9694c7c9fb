#include "pipeline/fuse.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/file.h"
#include "base/sha256.h"
#include "data/score_csv.h"

namespace durward {
namespace {

struct ReadFactor {
  FusionSource source;
  FactorScores scores;
  std::vector<std::string> people;
};

absl::StatusOr<ReadFactor> read_factor(const std::filesystem::path& file, const std::string& name) {
  DURWARD_ASSIGN_OR_RETURN(const std::string text, read_text_file(file));
  absl::StatusOr<ScoreTable> table = parse_score_csv(text);
  if (!table.ok()) return with_context(table.status(), file.string());
  ReadFactor factor;
  factor.source = {.name = name,
                   .file = file.filename().string(),
                   .sha256 = sha256_hex(std::as_bytes(std::span(text))),
                   .people = std::ssize(table->people)};
  factor.scores.people = static_cast<int32_t>(table->people.size());
  factor.scores.comparisons.reserve(table->scores.size());
  for (const ListedScore& one : table->scores) {
    ++(one.enrolled == one.probed ? factor.source.genuine : factor.source.impostors);
    factor.scores.comparisons.push_back({one.enrolled, one.probed, static_cast<double>(one.score)});
  }
  factor.people = std::move(table->people);
  return factor;
}

// The numbers of everybody who is in both lists.
absl::StatusOr<std::vector<std::pair<int32_t, int32_t>>> people_of_both(
    const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::map<std::string_view, int32_t> numbers;
  for (size_t i = 0; i < b.size(); ++i) numbers[b[i]] = static_cast<int32_t>(i);
  std::vector<std::pair<int32_t, int32_t>> both;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto found = numbers.find(a[i]);
    if (found != numbers.end()) both.emplace_back(static_cast<int32_t>(i), found->second);
  }
  if (both.size() < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat(both.size(),
                     " names are in both lists; if they are of different people, "
                     "leave out --same-people"));
  }
  return both;
}

}  // namespace

absl::StatusOr<nlohmann::json> fuse_score_lists(const FuseRequest& request) {
  DURWARD_ASSIGN_OR_RETURN(const ReadFactor a, read_factor(request.files[0], request.names[0]));
  DURWARD_ASSIGN_OR_RETURN(const ReadFactor b, read_factor(request.files[1], request.names[1]));
  FusionOptions options;
  options.names = request.names;
  options.pairings = request.pairings;
  options.crosswise = request.crosswise;
  if (request.same_people) {
    DURWARD_ASSIGN_OR_RETURN(options.same_person, people_of_both(a.people, b.people));
  }
  constexpr double kNoFloor = -std::numeric_limits<double>::max();
  TwoFactorOptions& settings = options.two_factor;
  settings.threshold = request.policy.threshold;
  settings.stolen_factor_rate = request.stolen_factor_rate;
  settings.seed = request.seed;
  settings.given =
      TwoFactorRule{request.policy.threshold, request.policy.floors[0].value_or(kNoFloor),
                    request.policy.floors[1].value_or(kNoFloor)};
  settings.evaluation.bootstrap.seed = request.seed;
  settings.evaluation.bootstrap.threads = request.threads;
  settings.evaluation.bootstrap.progress = request.progress;
  DURWARD_ASSIGN_OR_RETURN(const Fusion fusion, fuse(a.scores, b.scores, options));
  return fusion_json(fusion, options, {a.source, b.source}, request.policy);
}

}  // namespace durward
