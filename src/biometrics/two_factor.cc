#include "biometrics/two_factor.h"

#include <algorithm>
#include <cmath>
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
  size_t fold = 0;
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

// The claims of one kind among some people of a fold, of the two factors' LLRs for each two of
// them.
class Claims {
 public:
  Claims(const TwoFactorFold& fold, size_t number, std::span<const Pairing> pairings,
         const TwoFactorOptions& options)
      : a_(by_people(fold.a)),
        b_(by_people(fold.b)),
        number_(number),
        pairings_(pairings),
        options_(options) {}

  // An impostor has what is his own of a factor, or, where it is stolen, what the claimed person
  // has.
  std::vector<Claim> impostors(const std::set<int32_t>& among, bool a_stolen, bool b_stolen) const {
    std::vector<Claim> claims;
    for_each_person(among, [&](size_t pairing, const PairedPerson& claimed) {
      for (const PairedPerson& actual : pairings_[pairing]) {
        if (claimed.person == actual.person || !among.contains(actual.person)) continue;
        add(pairing, {claimed.person, actual.person}, {claimed.a, a_stolen ? claimed.a : actual.a},
            {claimed.b, b_stolen ? claimed.b : actual.b}, claims);
      }
    });
    return claims;
  }
  std::vector<Claim> genuine(const std::set<int32_t>& among) const {
    std::vector<Claim> claims;
    for_each_person(among, [&](size_t pairing, const PairedPerson& one) {
      add(pairing, {one.person, one.person}, {one.a, one.a}, {one.b, one.b}, claims);
    });
    return claims;
  }

 private:
  template <typename Visit>
  void for_each_person(const std::set<int32_t>& among, const Visit& visit) const {
    for (size_t pairing = 0; pairing < pairings_.size(); ++pairing) {
      for (const PairedPerson& one : pairings_[pairing]) {
        if (among.contains(one.person)) visit(pairing, one);
      }
    }
  }

  static const std::vector<double>* find(const LlrsOfPeople& llrs, const People& people) {
    auto found = llrs.find(people);
    if (found == llrs.end()) found = llrs.find({people.second, people.first});
    return found == llrs.end() ? nullptr : &found->second;
  }

  void add(size_t pairing, const People& people, const People& of_a, const People& of_b,
           std::vector<Claim>& claims) const {
    const std::vector<double>* a = find(a_, of_a);
    const std::vector<double>* b = find(b_, of_b);
    if (a == nullptr || b == nullptr) return;
    const size_t all = a->size() * b->size();
    const auto most = static_cast<size_t>(options_.pairs_of_people);
    // Hashed twice: neighbouring people must not draw alike.
    Random random(Random(options_.seed ^ Random(static_cast<uint64_t>(people.first) << 32 |
                                                static_cast<uint32_t>(people.second))
                                             .next())
                      .next() +
                  pairing);
    for (size_t i = 0; i < std::min(all, most); ++i) {
      const size_t pair = all <= most ? i : random.below(all);
      claims.push_back({people, (*a)[pair / b->size()], (*b)[pair % b->size()], number_});
    }
  }

  LlrsOfPeople a_, b_;
  size_t number_;
  std::span<const Pairing> pairings_;
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

  void add(const std::set<int32_t>& tested, const Claims& claims) {
    people.insert(people.end(), tested.begin(), tested.end());
    append(claims.genuine(tested), genuine);
    append(claims.impostors(tested, false, false), none);
    append(claims.impostors(tested, true, false), a_stolen);
    append(claims.impostors(tested, false, true), b_stolen);
  }

 private:
  static void append(const std::vector<Claim>& some, std::vector<Claim>& all) {
    all.insert(all.end(), some.begin(), some.end());
  }
};

// Accepted are claims whose margin is above 0.
template <typename Margin>
absl::StatusOr<StolenFactorRates> stolen_factor_rates(const TestClaims& test, const Margin& margin,
                                                      const BootstrapOptions& bootstrap) {
  const auto rates_of =
      [&](const std::vector<Claim>& impostors) -> absl::StatusOr<FixedThresholdRates> {
    const double zero = 0;
    const ScoredTrials scored = scored_claims(test.genuine, impostors, test.people, margin);
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

absl::Status check_two_factor(std::span<const TwoFactorFold> folds,
                              const TwoFactorOptions& options) {
  if (!(options.stolen_factor_rate > 0 && options.stolen_factor_rate < 1) ||
      !std::isfinite(options.threshold) || options.pairs_of_people < 1) {
    return absl::InvalidArgumentError(
        "the rate lies between 0 and 1, the threshold is finite, and there is at least one pair");
  }
  if (folds.empty()) return absl::InvalidArgumentError("there is no fold to judge");
  std::set<int32_t> tested;
  for (const TwoFactorFold& fold : folds) {
    DURWARD_RETURN_IF_ERROR(check_llrs(fold.a, "a"));
    DURWARD_RETURN_IF_ERROR(check_llrs(fold.b, "b"));
    const std::set<int32_t> learnt(fold.calibration.begin(), fold.calibration.end());
    for (const int32_t person : fold.test) {
      if (learnt.contains(person)) {
        return absl::InvalidArgumentError(
            absl::StrCat("person ", person, " is tested by what was learnt of him"));
      }
      if (!tested.insert(person).second) {
        return absl::InvalidArgumentError(absl::StrCat("person ", person, " is tested twice"));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<TwoFactorRule> choose_rule(const std::set<int32_t>& people, const Claims& claims,
                                          const TwoFactorOptions& options) {
  const std::vector<Claim> a_stolen = claims.impostors(people, true, false);
  const std::vector<Claim> b_stolen = claims.impostors(people, false, true);
  if (a_stolen.empty() || b_stolen.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the ", people.size(),
        " people whom floors are chosen with need genuine and impostor scores of both factors "
        "among themselves"));
  }
  const double rate = options.stolen_factor_rate;
  return TwoFactorRule{
      options.threshold,
      choose_floor(b_stolen, options.threshold, rate, [](const Claim& claim) { return claim.a; }),
      choose_floor(a_stolen, options.threshold, rate, [](const Claim& claim) { return claim.b; })};
}

}  // namespace

double TwoFactorRule::margin(double a, double b) const {
  return std::min({a + b - threshold, a - floor_a, b - floor_b});
}

absl::StatusOr<TwoFactorEvaluation> evaluate_two_factor(std::span<const TwoFactorFold> folds,
                                                        std::span<const Pairing> pairings,
                                                        const TwoFactorOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_two_factor(folds, options));
  TwoFactorEvaluation result;
  TestClaims test;
  for (size_t i = 0; i < folds.size(); ++i) {
    const Claims claims(folds[i], i, pairings, options);
    const std::set<int32_t> calibration(folds[i].calibration.begin(), folds[i].calibration.end());
    DURWARD_ASSIGN_OR_RETURN(const TwoFactorRule rule, choose_rule(calibration, claims, options));
    result.rules.push_back(rule);
    test.add({folds[i].test.begin(), folds[i].test.end()}, claims);
  }
  if (test.genuine.empty() || test.none.empty() || test.a_stolen.empty() || test.b_stolen.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the ", test.people.size(),
        " people who are tested need genuine and impostor scores of both factors among "
        "themselves"));
  }
  std::sort(test.people.begin(), test.people.end());
  result.test_people = std::ssize(test.people);

  const auto a = [](const Claim& claim) { return claim.a; };
  const auto b = [](const Claim& claim) { return claim.b; };
  const auto sum = [](const Claim& claim) { return claim.a + claim.b; };
  DURWARD_RETURN_IF_ERROR(figures_of(test, options.evaluation, a, result.a, result.cllr_a));
  DURWARD_RETURN_IF_ERROR(figures_of(test, options.evaluation, b, result.b, result.cllr_b));
  DURWARD_RETURN_IF_ERROR(
      figures_of(test, options.evaluation, sum, result.fused, result.cllr_fused));

  const BootstrapOptions& bootstrap = options.evaluation.bootstrap;
  const auto by_folds = [&](const Claim& claim) {
    return result.rules[claim.fold].margin(claim.a, claim.b);
  };
  DURWARD_ASSIGN_OR_RETURN(result.rates, stolen_factor_rates(test, by_folds, bootstrap));
  const auto sum_margin = [&](const Claim& claim) { return claim.a + claim.b - options.threshold; };
  DURWARD_ASSIGN_OR_RETURN(result.sum_alone, stolen_factor_rates(test, sum_margin, bootstrap));
  if (options.given) {
    const auto by_given = [&](const Claim& claim) {
      return options.given->margin(claim.a, claim.b);
    };
    DURWARD_ASSIGN_OR_RETURN(result.given, stolen_factor_rates(test, by_given, bootstrap));
  }
  return result;
}

}  // namespace durward
