#include "biometrics/cllr.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "biometrics/score_walk.h"

namespace durward {
namespace {

// log2(1 + exp(x)) without overflow.
double softplus_bits(double x) {
  return (std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)))) / std::numbers::ln2;
}

// Neighbouring scores to which the optimal calibration gives one value.
struct Pool {
  uint64_t genuine = 0;
  uint64_t impostors = 0;
};

// The share of genuine trials is at least that of the pool before, of higher scores.
bool violates(const Pool& pool, const Pool& higher) {
  const auto product = [](uint64_t a, uint64_t b) { return static_cast<unsigned __int128>(a) * b; };
  return product(pool.genuine, higher.genuine + higher.impostors) >=
         product(higher.genuine, pool.genuine + pool.impostors);
}

}  // namespace

double cllr(std::span<const double> genuine_llrs, std::span<const double> impostor_llrs) {
  if (genuine_llrs.empty() || impostor_llrs.empty()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  double genuine = 0, impostors = 0;
  for (const double llr : genuine_llrs) genuine += softplus_bits(-llr);
  for (const double llr : impostor_llrs) impostors += softplus_bits(llr);
  return (genuine / static_cast<double>(genuine_llrs.size()) +
          impostors / static_cast<double>(impostor_llrs.size())) /
         2;
}

double min_cllr(const ScoredTrials& scored) {
  if (scored.genuine.empty() || scored.impostor_count == 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  std::vector<Pool> pools;  // genuine share strictly descending
  walk_scores(scored, CountOnce{}, true, [&](float, uint64_t genuine, uint64_t impostors) {
    Pool pool{genuine, impostors};
    while (!pools.empty() && violates(pool, pools.back())) {
      pool.genuine += pools.back().genuine;
      pool.impostors += pools.back().impostors;
      pools.pop_back();
    }
    pools.push_back(pool);
    return true;
  });
  const double genuine_count = static_cast<double>(scored.genuine.size());
  const double impostor_count = static_cast<double>(scored.impostor_count);
  double genuine_cost = 0, impostor_cost = 0;
  for (const Pool& pool : pools) {
    // A pool of one kind has an infinite ratio of the right sign and costs nothing.
    if (pool.genuine == 0 || pool.impostors == 0) continue;
    const double genuine = static_cast<double>(pool.genuine);
    const double impostors = static_cast<double>(pool.impostors);
    const double llr = std::log(genuine / genuine_count) - std::log(impostors / impostor_count);
    genuine_cost += genuine * softplus_bits(-llr);
    impostor_cost += impostors * softplus_bits(llr);
  }
  return (genuine_cost / genuine_count + impostor_cost / impostor_count) / 2;
}

}  // namespace durward
