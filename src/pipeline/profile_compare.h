// Two profiles op by op: what became faster, and what slower.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace durward {

// Ops of a name or, where names do not meet, of a kind.
struct OpChange {
  std::string name;  // "conv_2_dw", or "PRelu (33 ops, before 33)"
  double before_us = 0, after_us = 0;
  // After it takes longer than before by more than the runs of either scatter, and by more than a
  // hundredth of all.
  bool slower = false;
};

// The microseconds of an op or a profile: the median, or the mean where its runtime tells no more.
[[nodiscard]] double typical_us(const nlohmann::json& object);

// The ops that both have, in the order of `after`.
[[nodiscard]] std::vector<OpChange> compare_profiles(const nlohmann::json& before,
                                                     const nlohmann::json& after);

// Both as an element of a document's "comparisons"; `from` and `to` are their places in "profiles".
[[nodiscard]] nlohmann::json comparison_json(const nlohmann::json& before,
                                             const nlohmann::json& after, size_t from, size_t to);

}  // namespace durward
