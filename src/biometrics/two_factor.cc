#include "biometrics/two_factor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/random.h"
#include "biometrics/cllr.h"

namespace durward {
namespace {

using People = std::pair<int32_t, int32_t>;  // claimed, actual; the same twice for a genuine one
using LlrsOfPeople = std::map<People, std::vector<double>>;

// One claim: an LLR of each factor.
struct Claim {
  People people;
  double a = 0, b = 0;
};

LlrsOfPeople by_people(const FactorLlrs& factor) {
  LlrsOfPeople result;
  for (const auto& one : factor.genuine) result[{one.person, one.person}].push_back(one.llr);
  for (const auto& one : factor.impostors) result[{one.claimed, one.actual}].push_back(one.llr);
  return result;
}

absl::Status check_llrs(const FactorLlrs& factor, std::string_view name) {
  const auto bad = [&](std::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("factor ", std::string(name), ": ", std::string(what)));
  };
  for (const auto& one : factor.genuine) {
    if (!std::isfinite(one.llr)) return bad("a genuine LLR is not finite");
    if (one.person < 0) return bad("a person's number is negative");
  }
  for (const auto& one : factor.impostors) {
    if (!std::isfinite(one.llr)) return bad("an impostor LLR is not finite");
    if (one.claimed < 0 || one.actual < 0) return bad("a person's number is negative");
    if (one.claimed == one.actual) return bad("an impostor is the person he claims to be");
  }
  return absl::OkStatus();
}

// The claims of one kind among some people, of the two factors' LLRs for each two of them.
class Claims {
 public:
  Claims(const FactorLlrs& a, const FactorLlrs& b, const TwoFactorOptions& options)
      : a_(by_people(a)), b_(by_people(b)), options_(options) {}

  // People with genuine LLRs of both factors, ascending.
  std::vector<int32_t> people() const {
    std::vector<int32_t> result;
    for (const auto& [people, unused] : a_) {
      if (people.first == people.second && b_.contains(people)) result.push_back(people.first);
    }
    return result;
  }

  // An impostor has what is his own of a factor, or, where it is stolen, what the claimed person
  // has.
  std::vector<Claim> impostors(const std::set<int32_t>& among, bool a_stolen, bool b_stolen) const {
    std::vector<Claim> claims;
    const LlrsOfPeople& pairs = a_stolen ? b_ : a_;
    for (const auto& [people, unused] : pairs) {
      if (people.first == people.second || !among.contains(people.first) ||
          !among.contains(people.second)) {
        continue;
      }
      const People genuine = {people.first, people.first};
      add(people, a_stolen ? genuine : people, b_stolen ? genuine : people, claims);
    }
    return claims;
  }
  std::vector<Claim> genuine(const std::set<int32_t>& among) const {
    std::vector<Claim> claims;
    for (const int32_t person : among) {
      const People people = {person, person};
      add(people, people, people, claims);
    }
    return claims;
  }

 private:
  void add(const People& people, const People& of_a, const People& of_b,
           std::vector<Claim>& claims) const {
    const auto a = a_.find(of_a);
    const auto b = b_.find(of_b);
    if (a == a_.end() || b == b_.end()) return;
    const size_t all = a->second.size() * b->second.size();
    const auto most = static_cast<size_t>(options_.pairs_of_people);
    // Hashed twice: neighbouring people must not draw alike.
    Random random(Random(options_.seed ^ Random(static_cast<uint64_t>(people.first) << 32 |
                                                static_cast<uint32_t>(people.second))
                                             .next())
                      .next());
    for (size_t i = 0; i < std::min(all, most); ++i) {
      const size_t pair = all <= most ? i : random.below(all);
      claims.push_back(
          {people, a->second[pair / b->second.size()], b->second[pair % b->second.size()]});
    }
  }

  LlrsOfPeople a_, b_;
  const TwoFactorOptions& options_;
};

// The lowest floor from 0 of `own`, the factor that is not stolen, with which at most `rate` of the
// claims pass.
template <typename Own>
double choose_floor(const std::vector<Claim>& claims, double threshold, double rate,
                    const Own& own) {
  std::vector<double> passing;
  for (const Claim& claim : claims) {
    if (claim.a + claim.b > threshold) passing.push_back(own(claim));
  }
  const auto allowed = static_cast<size_t>(rate * static_cast<double>(claims.size()) * (1 + 1e-12));
  if (passing.size() <= allowed) return 0;
  std::nth_element(passing.begin(), passing.begin() + static_cast<std::ptrdiff_t>(allowed),
                   passing.end(), std::greater<>());
  return std::max(0.0, passing[allowed]);
}

// Genuine and impostor claims as trials with a score each.
template <typename Score>
ScoredTrials scored_claims(const std::vector<Claim>& genuine, const std::vector<Claim>& impostors,
                           const std::vector<int32_t>& people, const Score& score) {
  ScoredTrials scored;
  scored.people = people;
  for (const Claim& claim : genuine) {
    scored.genuine.push_back(
        {static_cast<float>(score(claim)), person_index(people, claim.people.first)});
  }
  for (const Claim& claim : impostors) {
    scored.impostors.push_back({static_cast<float>(score(claim)),
                                person_index(people, claim.people.first),
                                person_index(people, claim.people.second)});
  }
  scored.impostor_count = std::ssize(scored.impostors);
  sort_scores(scored);
  return scored;
}

struct TestClaims {
  std::vector<int32_t> people;
  std::vector<Claim> genuine, none, a_stolen, b_stolen;
};

absl::StatusOr<StolenFactorRates> stolen_factor_rates(const TestClaims& test,
                                                      const TwoFactorRule& rule,
                                                      const BootstrapOptions& bootstrap) {
  const auto rates_of =
      [&](const std::vector<Claim>& impostors) -> absl::StatusOr<FixedThresholdRates> {
    const double zero = 0;
    const ScoredTrials scored =
        scored_claims(test.genuine, impostors, test.people,
                      [&](const Claim& claim) { return rule.margin(claim.a, claim.b); });
    DURWARD_ASSIGN_OR_RETURN(const FixedThresholdEvaluation evaluation,
                             evaluate_at(scored, std::span(&zero, 1), bootstrap));
    return evaluation.rates[0];
  };
  StolenFactorRates rates;
  DURWARD_ASSIGN_OR_RETURN(rates.none, rates_of(test.none));
  DURWARD_ASSIGN_OR_RETURN(rates.a_stolen, rates_of(test.a_stolen));
  DURWARD_ASSIGN_OR_RETURN(rates.b_stolen, rates_of(test.b_stolen));
  return rates;
}

// A score's figures and Cllr on the claims of people and impostors who have stolen nothing.
template <typename Score>
absl::Status figures_of(const TestClaims& test, const EvaluationOptions& options,
                        const Score& score, Evaluation& evaluation, double& cost) {
  const ScoredTrials scored = scored_claims(test.genuine, test.none, test.people, score);
  DURWARD_ASSIGN_OR_RETURN(evaluation, evaluate(scored, options));
  std::vector<double> genuine, impostors;
  for (const Claim& claim : test.genuine) genuine.push_back(score(claim));
  for (const Claim& claim : test.none) impostors.push_back(score(claim));
  cost = cllr(genuine, impostors);
  return absl::OkStatus();
}

}  // namespace

double TwoFactorRule::margin(double a, double b) const {
  return std::min({a + b - threshold, a - floor_a, b - floor_b});
}

absl::StatusOr<TwoFactorEvaluation> evaluate_two_factor(const FactorLlrs& a, const FactorLlrs& b,
                                                        const TwoFactorOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_llrs(a, "a"));
  DURWARD_RETURN_IF_ERROR(check_llrs(b, "b"));
  if (!(options.stolen_factor_rate > 0 && options.stolen_factor_rate < 1) ||
      !std::isfinite(options.threshold) || options.pairs_of_people < 1) {
    return absl::InvalidArgumentError(
        "the rate lies between 0 and 1, the threshold is finite, and there is at least one pair");
  }
  const Claims claims(a, b, options);
  std::vector<int32_t> people = claims.people();
  Random random(options.seed);
  for (size_t i = people.size(); i > 1; --i) std::swap(people[i - 1], people[random.below(i)]);
  const auto half = people.begin() + std::ssize(people) / 2;
  const std::set<int32_t> calibration(people.begin(), half), tested(half, people.end());

  TestClaims test{{tested.begin(), tested.end()},
                  claims.genuine(tested),
                  claims.impostors(tested, false, false),
                  claims.impostors(tested, true, false),
                  claims.impostors(tested, false, true)};
  const std::vector<Claim> a_stolen = claims.impostors(calibration, true, false);
  const std::vector<Claim> b_stolen = claims.impostors(calibration, false, true);
  if (a_stolen.empty() || b_stolen.empty() || test.none.empty() || test.a_stolen.empty() ||
      test.b_stolen.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there are ", people.size(),
        " people with genuine scores of both factors; each half of them needs impostor scores of "
        "both among its own"));
  }

  TwoFactorEvaluation result;
  result.calibration_people = std::ssize(calibration);
  result.test_people = std::ssize(tested);
  result.rule.threshold = options.threshold;
  result.rule.floor_b = choose_floor(a_stolen, options.threshold, options.stolen_factor_rate,
                                     [](const Claim& claim) { return claim.b; });
  result.rule.floor_a = choose_floor(b_stolen, options.threshold, options.stolen_factor_rate,
                                     [](const Claim& claim) { return claim.a; });
  DURWARD_RETURN_IF_ERROR(figures_of(
      test, options.evaluation, [](const Claim& claim) { return claim.a; }, result.a,
      result.cllr_a));
  DURWARD_RETURN_IF_ERROR(figures_of(
      test, options.evaluation, [](const Claim& claim) { return claim.b; }, result.b,
      result.cllr_b));
  DURWARD_RETURN_IF_ERROR(figures_of(
      test, options.evaluation, [](const Claim& claim) { return claim.a + claim.b; }, result.fused,
      result.cllr_fused));
  constexpr double kNone = -std::numeric_limits<double>::max();
  DURWARD_ASSIGN_OR_RETURN(result.rates,
                           stolen_factor_rates(test, result.rule, options.evaluation.bootstrap));
  DURWARD_ASSIGN_OR_RETURN(
      result.sum_alone,
      stolen_factor_rates(test, {options.threshold, kNone, kNone}, options.evaluation.bootstrap));
  return result;
}

}  // namespace durward
