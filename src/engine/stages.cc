#include "engine/stages.h"

#include <algorithm>
#include <utility>

namespace durward {
namespace {

bool conflict(const Access& a, const Access& b) {
  return (a.writes || b.writes) && a.base == b.base && a.begin < b.end && b.begin < a.end;
}

bool conflict(const std::vector<Access>& a, const std::vector<Access>& b) {
  return std::any_of(a.begin(), a.end(), [&](const Access& one) {
    return std::any_of(b.begin(), b.end(),
                       [&](const Access& other) { return conflict(one, other); });
  });
}

}  // namespace

bool StageBuilder::joins(const std::vector<std::vector<Access>>& parts) const {
  if (stages_.empty() || parts.size() == 1 || parts.size() != stages_.back().parts) return false;
  for (size_t part = 0; part < parts.size(); ++part) {
    for (size_t other = 0; other < parts.size(); ++other) {
      if (part != other && conflict(parts[part], last_[other])) return false;
    }
  }
  return true;
}

void StageBuilder::add(std::vector<std::vector<Access>> parts) {
  if (!joins(parts)) {
    stages_.push_back({instructions_, 0, parts.size()});
    last_.assign(parts.size(), {});
  }
  ++stages_.back().steps;
  instructions_ += parts.size();
  for (size_t part = 0; part < parts.size(); ++part) {
    last_[part].insert(last_[part].end(), parts[part].begin(), parts[part].end());
  }
}

}  // namespace durward
