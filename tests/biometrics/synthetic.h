// Synthetic people: a random direction each, their samples scattered about it, some people's more
// than others', so that trials of one person go together.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "base/random.h"
#include "biometrics/embeddings.h"

namespace durward {

class Gaussian {
 public:
  explicit Gaussian(uint64_t seed) : random_(seed) {}

  // Box and Muller's transform.
  double next() {
    return std::sqrt(-2 * std::log(1 - random_.uniform())) *
           std::cos(2 * std::numbers::pi * random_.uniform());
  }

 private:
  Random random_;
};

struct SyntheticPeople {
  std::vector<float> values;  // [people * images, dims]
  std::vector<int32_t> person;
};

inline SyntheticPeople synthetic_people(int people, int images, int dims, double scatter,
                                        uint64_t seed) {
  Gaussian gaussian(seed);
  SyntheticPeople result;
  for (int p = 0; p < people; ++p) {
    std::vector<double> centre(static_cast<size_t>(dims));
    for (double& value : centre) value = gaussian.next();
    const double own_scatter = scatter * std::exp(0.4 * gaussian.next());
    for (int i = 0; i < images; ++i) {
      result.person.push_back(p);
      for (const double value : centre) {
        result.values.push_back(static_cast<float>(value + own_scatter * gaussian.next()));
      }
    }
  }
  return result;
}

inline Embeddings embed(const SyntheticPeople& people, int dims) {
  return Embeddings::normalise(people.values, dims).value();
}

// The same people seen by a slightly different system.
inline SyntheticPeople disturbed(SyntheticPeople people, double amount, uint64_t seed) {
  Gaussian gaussian(seed);
  for (float& value : people.values) value += static_cast<float>(amount * gaussian.next());
  return people;
}

// All pairs i < j as a list.
inline std::vector<Trial> list_all_pairs(const std::vector<int32_t>& person) {
  std::vector<Trial> trials;
  for (int32_t i = 0; i < static_cast<int32_t>(person.size()); ++i) {
    for (int32_t j = i + 1; j < static_cast<int32_t>(person.size()); ++j) {
      const int32_t a = person[static_cast<size_t>(i)], b = person[static_cast<size_t>(j)];
      trials.push_back({.enrol = i,
                        .probe = j,
                        .genuine = a == b,
                        .enrol_person = a,
                        .probe_person = b,
                        .group = kNoGroup});
    }
  }
  return trials;
}

}  // namespace durward
