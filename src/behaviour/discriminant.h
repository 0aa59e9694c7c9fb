// An embedding of normalised features in which people lie apart: linear discriminant analysis of
// each feature's first powers.
//
// A feature x enters as its Hermite polynomials x, x^2 - 1 and x^3 - 3x, which are uncorrelated for
// a normal x, so that a direction is a sum of one curve per feature and not of straight lines
// alone: somebody can be told by a hold that is neither long nor short. Directions v solve B v =
// lambda W v (Fisher), W shrunk towards a multiple of the identity, and are scaled by sqrt(lambda /
// (1 + lambda)), the share of a direction's variance that is of people.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace durward {

struct DiscriminantOptions {
  int dims = 40;          // of the embedding; fewer where there are fewer people less one
  double shrinkage = .1;  // of W: 0 < shrinkage <= 1
};

// embedding = bias + weights (x, x^2, x^3 - 3x), the powers of all features one after the other.
struct Discriminant {
  size_t features = 0, dims = 0;
  std::vector<float> weights = {};  // [dims, 3 features]
  std::vector<float> bias = {};     // [dims]
};

inline constexpr size_t kMinLearners = 5;            // people
inline constexpr size_t kMinLearnerRepetitions = 3;  // of each

// `values`: [rows, features], normalised, person by row. The same bytes for the same input.
// InvalidArgument, saying how many there are, for fewer people or repetitions than above, and where
// a value is not finite.
[[nodiscard]] absl::StatusOr<Discriminant> fit_discriminant(std::span<const float> values,
                                                            std::span<const int32_t> person,
                                                            size_t features,
                                                            const DiscriminantOptions& options);

// `values`: [features]; the embedding, not normalised.
[[nodiscard]] std::vector<float> embed(const Discriminant& model, std::span<const float> values);

// As a model: [1, features] -> [1, dims], two products and a fully connected layer.
[[nodiscard]] absl::StatusOr<Graph> discriminant_graph(const Discriminant& model);

}  // namespace durward
