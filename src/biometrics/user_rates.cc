#include "biometrics/user_rates.h"

#include <cmath>
#include <limits>
#include <map>

#include "biometrics/rates.h"

namespace durward {
namespace {

constexpr double kUserRateConfidence = .95;

// The trials against one enrolled person.
struct User {
  size_t person = 0;                // index into the people of all trials
  ScoredTrials scored = {};         // with people of its own
  std::vector<size_t> people = {};  // of `scored`, as indices into those of all trials
};

absl::StatusOr<std::vector<User>> split_by_user(std::span<const Trial> trials,
                                                std::span<const float> scores,
                                                const std::vector<int32_t>& people) {
  std::map<int32_t, std::pair<std::vector<Trial>, std::vector<float>>> by_user;
  for (size_t i = 0; i < trials.size(); ++i) {
    auto& [of_user, scores_of_user] = by_user[trials[i].enrol_person];
    of_user.push_back(trials[i]);
    scores_of_user.push_back(scores[i]);
  }
  std::vector<User> users;
  for (const auto& [number, lists] : by_user) {
    User user{.person = static_cast<size_t>(person_index(people, number))};
    DURWARD_ASSIGN_OR_RETURN(user.scored, collect_scores(lists.first, lists.second));
    const absl::Status both = check_both_kinds(user.scored);
    if (!both.ok()) return with_context(both, absl::StrCat("person ", number));
    for (const int32_t person : user.scored.people) {
      user.people.push_back(static_cast<size_t>(person_index(people, person)));
    }
    users.push_back(std::move(user));
  }
  return users;
}

double user_rate(const User& user, const std::vector<uint32_t>& drawn) {
  std::vector<uint32_t> of_user;
  for (const size_t person : user.people) of_user.push_back(drawn[person]);
  const CountByPerson weight{of_user.data()};
  TrialWeight total;
  for (const GenuineScore& genuine : user.scored.genuine) total.genuine += weight(genuine);
  for (const ImpostorScore& impostor : user.scored.impostors) total.impostors += weight(impostor);
  return equal_error_rate(user.scored, weight, total, false).rate;
}

// The mean over the users who were drawn; NaN where one of them met no impostor.
double mean_rate(const std::vector<User>& users, const std::vector<uint32_t>& drawn) {
  double sum = 0, count = 0;
  for (const User& user : users) {
    const double times = drawn[user.person];
    if (times == 0) continue;
    sum += times * user_rate(user, drawn);
    count += times;
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

void add_interval(EqualErrors& errors) {
  if (!errors.replicates.empty()) {
    errors.interval = percentile_interval(errors.replicates, kUserRateConfidence);
  }
}

}  // namespace

absl::StatusOr<UserRates> user_rates(std::span<const Trial> trials, std::span<const float> scores,
                                     const std::optional<BootstrapOptions>& options) {
  DURWARD_ASSIGN_OR_RETURN(const ScoredTrials scored, collect_scores(trials, scores));
  DURWARD_RETURN_IF_ERROR(check_both_kinds(scored));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<User> users,
                           split_by_user(trials, scores, scored.people));
  UserRates rates;
  const TrialWeight all{scored.genuine.size(), static_cast<uint64_t>(scored.impostor_count)};
  rates.one_threshold.rate = equal_error_rate(scored, CountOnce{}, all, true).rate;
  rates.own_thresholds.rate = mean_rate(users, std::vector<uint32_t>(scored.people.size(), 1));
  if (!options) return rates;
  absl::StatusOr<Replicates> replicates = bootstrap(scored, {}, *options);
  if (absl::IsFailedPrecondition(replicates.status())) return rates;
  if (!replicates.ok()) return replicates.status();
  rates.one_threshold.replicates = std::move(replicates->equal_error_rate);
  std::vector<double>& own = rates.own_thresholds.replicates;
  own.resize(rates.one_threshold.replicates.size());
  DURWARD_RETURN_IF_ERROR(parallel_for(static_cast<int64_t>(own.size()), options->threads,
                                       [&](int64_t index, int) -> absl::Status {
                                         std::vector<uint32_t> drawn(scored.people.size());
                                         draw_people(options->seed, index, drawn);
                                         own[static_cast<size_t>(index)] = mean_rate(users, drawn);
                                         return absl::OkStatus();
                                       }));
  add_interval(rates.one_threshold);
  add_interval(rates.own_thresholds);
  return rates;
}

EqualErrors mean_of(std::span<const EqualErrors> rates) {
  EqualErrors mean{.rate = std::numeric_limits<double>::quiet_NaN()};
  if (rates.empty()) return mean;
  mean = {.rate = 0, .replicates = std::vector<double>(rates[0].replicates.size())};
  const double count = static_cast<double>(rates.size());
  for (const EqualErrors& each : rates) {
    mean.rate += each.rate / count;
    for (size_t i = 0; i < mean.replicates.size(); ++i) {
      mean.replicates[i] += each.replicates[i] / count;
    }
  }
  add_interval(mean);
  return mean;
}

}  // namespace durward
