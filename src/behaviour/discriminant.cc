#include "behaviour/discriminant.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "behaviour/symmetric.h"

namespace durward {
namespace {

constexpr int kPowers = 3;
// Of the Hermite polynomials, in the metric that the shrinkage sees. Their variances under the
// normal distribution are 1, 2 and 6; smaller weights trust higher powers less.
constexpr double kHermiteWeights[kPowers] = {1, .7, .4};

struct Learners {
  Matrix rows;  // expanded, less the mean of all
  std::vector<double> mean;
  std::vector<std::vector<size_t>> rows_of_person;
};

void expand(std::span<const float> values, double* row) {
  const size_t features = values.size();
  for (size_t i = 0; i < features; ++i) {
    const double x = static_cast<double>(values[i]);
    row[i] = kHermiteWeights[0] * x;
    row[features + i] = kHermiteWeights[1] * (x * x - 1);
    row[2 * features + i] = kHermiteWeights[2] * (x * x * x - 3 * x);
  }
}

absl::Status check_learners(const std::vector<std::vector<size_t>>& rows_of_person) {
  if (rows_of_person.size() < kMinLearners) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", rows_of_person.size(),
                     " people to learn from; what tells people apart can be learnt from ",
                     kMinLearners, " or more, and well from some dozens"));
  }
  for (const std::vector<size_t>& rows : rows_of_person) {
    if (rows.size() >= kMinLearnerRepetitions) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("a person has ", rows.size(), " repetitions; ", kMinLearnerRepetitions,
                     " or more are needed of each, to learn how much one person varies"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Learners> learners_of(std::span<const float> values, std::span<const int32_t> person,
                                     size_t features) {
  std::map<int32_t, std::vector<size_t>> by_person;
  for (size_t row = 0; row < person.size(); ++row) by_person[person[row]].push_back(row);
  Learners learners{.rows = Matrix(person.size(), kPowers * features),
                    .mean = std::vector<double>(kPowers * features),
                    .rows_of_person = {}};
  for (auto& [number, rows] : by_person) learners.rows_of_person.push_back(std::move(rows));
  DURWARD_RETURN_IF_ERROR(check_learners(learners.rows_of_person));
  for (size_t row = 0; row < person.size(); ++row) {
    const std::span<const float> of_row = values.subspan(row * features, features);
    if (!std::all_of(of_row.begin(), of_row.end(), [](float x) { return std::isfinite(x); })) {
      return absl::InvalidArgumentError(
          absl::StrCat("row ", row, " has a value that is not finite"));
    }
    expand(of_row, learners.rows.row(row));
    for (size_t i = 0; i < learners.mean.size(); ++i) learners.mean[i] += learners.rows.at(row, i);
  }
  for (double& mean : learners.mean) mean /= static_cast<double>(person.size());
  for (size_t row = 0; row < person.size(); ++row) {
    for (size_t i = 0; i < learners.mean.size(); ++i) learners.rows.at(row, i) -= learners.mean[i];
  }
  return learners;
}

// Takes each person's mean off his rows. Row p of the result is person p's mean times the root of
// his share of all rows: B is its transpose times itself.
Matrix take_person_means(Learners& learners) {
  const size_t columns = learners.rows.columns;
  Matrix means(learners.rows_of_person.size(), columns);
  for (size_t p = 0; p < means.rows; ++p) {
    const std::vector<size_t>& rows = learners.rows_of_person[p];
    const double count = static_cast<double>(rows.size());
    double* const mean = means.row(p);
    for (const size_t row : rows) {
      for (size_t i = 0; i < columns; ++i) mean[i] += learners.rows.at(row, i) / count;
    }
    for (const size_t row : rows) {
      for (size_t i = 0; i < columns; ++i) learners.rows.at(row, i) -= mean[i];
    }
    const double root = std::sqrt(count / static_cast<double>(learners.rows.rows));
    for (size_t i = 0; i < columns; ++i) mean[i] *= root;
  }
  return means;
}

// W of rows that have no person's mean any more, shrunk.
Matrix within_people(const Matrix& rows, double shrinkage) {
  const size_t n = rows.columns;
  Matrix within(n, n);
  for (size_t row = 0; row < rows.rows; ++row) {
    const double* const x = rows.row(row);
    for (size_t r = 0; r < n; ++r) {
      double* const sums = within.row(r);
      for (size_t c = 0; c <= r; ++c) sums[c] += x[r] * x[c];
    }
  }
  double trace = 0;
  for (size_t r = 0; r < n; ++r) {
    for (size_t c = 0; c <= r; ++c) within.at(r, c) /= static_cast<double>(rows.rows);
    trace += within.at(r, r);
  }
  for (size_t r = 0; r < n; ++r) {
    for (size_t c = 0; c < r; ++c) within.at(c, r) = within.at(r, c) *= 1 - shrinkage;
    within.at(r, r) =
        (1 - shrinkage) * within.at(r, r) + shrinkage * trace / static_cast<double>(n);
  }
  return within;
}

// Rows are the scaled directions. B = M^T M with M `means`, and W = L L^T; of the people's Gram
// matrix (M L^-T)(M L^-T)^T with eigenvectors u, v = L^-T (M L^-T)^T u / sqrt(lambda).
absl::StatusOr<Matrix> directions_of(Matrix means, const Matrix& within, size_t dims) {
  DURWARD_ASSIGN_OR_RETURN(const Matrix lower, cholesky(within));
  const size_t people = means.rows, n = means.columns;
  for (size_t p = 0; p < people; ++p) solve_lower(lower, means.row(p));
  Matrix gram(people, people);
  for (size_t p = 0; p < people; ++p) {
    for (size_t q = 0; q < people; ++q) {
      for (size_t i = 0; i < n; ++i) gram.at(p, q) += means.at(p, i) * means.at(q, i);
    }
  }
  const Eigenpairs pairs = symmetric_eigenpairs(std::move(gram));
  if (!(pairs.values[0] > 0)) {
    return absl::InvalidArgumentError("the people do not differ in any feature");
  }
  // The people's means are dependent; what is left of that is rounding.
  const double least = pairs.values[0] * 1e-9;
  while (dims > 1 && pairs.values[dims - 1] < least) --dims;
  Matrix directions(dims, n);
  for (size_t d = 0; d < dims; ++d) {
    double* const direction = directions.row(d);
    const double lambda = pairs.values[d];
    for (size_t p = 0; p < people; ++p) {
      const double part = pairs.vectors.at(d, p) / std::sqrt(1 + lambda);
      for (size_t i = 0; i < n; ++i) direction[i] += part * means.at(p, i);
    }
    solve_lower_transposed(lower, direction);
  }
  return directions;
}

Discriminant as_layer(const Matrix& directions, const std::vector<double>& mean) {
  const size_t features = mean.size() / kPowers;
  Discriminant model{.features = features, .dims = directions.rows};
  for (size_t d = 0; d < directions.rows; ++d) {
    const double* const v = directions.row(d);
    double bias = 0;
    for (size_t i = 0; i < mean.size(); ++i) {
      const double weight = v[i] * kHermiteWeights[i / features];
      model.weights.push_back(static_cast<float>(weight));
      bias -= v[i] * mean[i];
      if (i / features == 1) bias -= weight;  // x^2, not x^2 - 1, is what it is given
    }
    model.bias.push_back(static_cast<float>(bias));
  }
  return model;
}

}  // namespace

absl::StatusOr<Discriminant> fit_discriminant(std::span<const float> values,
                                              std::span<const int32_t> person, size_t features,
                                              const DiscriminantOptions& options) {
  if (features == 0 || values.size() != person.size() * features) {
    return absl::InvalidArgumentError(
        absl::StrCat(values.size(), " values are not ", person.size(), " rows of ", features));
  }
  if (options.dims < 1 || !(options.shrinkage > 0 && options.shrinkage <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("an embedding of ", options.dims,
                                                   " dimensions with shrinkage ", options.shrinkage,
                                                   "; expected 1 or more, and above 0 up to 1"));
  }
  DURWARD_ASSIGN_OR_RETURN(Learners learners, learners_of(values, person, features));
  Matrix means = take_person_means(learners);
  const size_t dims = std::min(static_cast<size_t>(options.dims), means.rows - 1);
  const Matrix within = within_people(learners.rows, options.shrinkage);
  DURWARD_ASSIGN_OR_RETURN(const Matrix directions, directions_of(std::move(means), within, dims));
  return as_layer(directions, learners.mean);
}

std::vector<float> embed(const Discriminant& model, std::span<const float> values) {
  std::vector<float> embedding = model.bias;
  const float* weight = model.weights.data();
  for (float& element : embedding) {
    for (const float x : values) element += *weight++ * x;
    for (const float x : values) element += *weight++ * (x * x);
    for (const float x : values) element += *weight++ * (x * (x * x - 3));
  }
  return embedding;
}

absl::StatusOr<Graph> discriminant_graph(const Discriminant& model) {
  const auto features = static_cast<int64_t>(model.features);
  const auto dims = static_cast<int64_t>(model.dims);
  const float minus_three = -3;
  Graph graph;
  graph.name = "touch";
  const TensorId x = graph.add_tensor("features", DataType::kFloat32, {1, features});
  graph.inputs.push_back({.tensor = x, .name = "features"});
  DURWARD_ASSIGN_OR_RETURN(const TensorId square,
                           graph.add_op(Binary{BinaryKind::kMul}, "square", {x, x}));
  const TensorId constant =
      graph.add_constant<float>("minus_three", {1}, std::span(&minus_three, 1));
  DURWARD_ASSIGN_OR_RETURN(const TensorId less, graph.add_op(Binary{BinaryKind::kAdd},
                                                             "square_less", {square, constant}));
  DURWARD_ASSIGN_OR_RETURN(const TensorId cube,
                           graph.add_op(Binary{BinaryKind::kMul}, "cube", {x, less}));
  DURWARD_ASSIGN_OR_RETURN(const TensorId powers,
                           graph.add_op(Concat{.axis = 1}, "powers", {x, square, cube}));
  const TensorId weights = graph.add_constant<float>("weights", {dims, int64_t{kPowers} * features},
                                                     std::span<const float>(model.weights));
  const TensorId bias =
      graph.add_constant<float>("bias", {dims}, std::span<const float>(model.bias));
  DURWARD_ASSIGN_OR_RETURN(const TensorId embedding,
                           graph.add_op(FullyConnected{}, "embedding", {powers, weights, bias}));
  graph.outputs.push_back({.tensor = embedding, .name = "embedding"});
  DURWARD_RETURN_IF_ERROR(verify(graph));
  return graph;
}

}  // namespace durward
