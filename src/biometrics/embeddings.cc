#include "biometrics/embeddings.h"

#include <cmath>

namespace durward {

absl::StatusOr<Embeddings> Embeddings::normalise(std::vector<float> values, int dims) {
  if (dims <= 0 || values.size() % static_cast<size_t>(dims) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        values.size(), " values are no whole number of embeddings of ", dims, " dimensions"));
  }
  const size_t width = static_cast<size_t>(dims);
  for (size_t first = 0; first < values.size(); first += width) {
    const std::span<float> row(values.data() + first, width);
    double squares = 0;
    for (const float v : row) squares += static_cast<double>(v) * v;
    if (!std::isfinite(squares) || squares == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "embedding ", first / width,
          squares == 0 ? " is all zeros" : " has a value that is not finite",
          ", so it has no direction to compare; look at what the model was given and gave there"));
    }
    const double scale = 1 / std::sqrt(squares);
    for (float& v : row) v = static_cast<float>(v * scale);
  }
  return Embeddings(std::move(values), dims);
}

absl::StatusOr<Embeddings> Embeddings::means(
    std::span<const std::vector<int64_t>> rows_of_mean) const {
  std::vector<float> values;
  values.reserve(rows_of_mean.size() * static_cast<size_t>(dims_));
  for (size_t i = 0; i < rows_of_mean.size(); ++i) {
    std::vector<float> mean(static_cast<size_t>(dims_));
    for (const int64_t index : rows_of_mean[i]) {
      if (index < 0 || index >= rows()) {
        return absl::InvalidArgumentError(
            absl::StrCat("mean ", i, " is of embedding ", index, ", but there are ", rows()));
      }
      const std::span<const float> added = row(index);
      for (size_t d = 0; d < mean.size(); ++d) mean[d] += added[d];
    }
    if (rows_of_mean[i].size() != 1) {
      absl::StatusOr<Embeddings> scaled = normalise(std::move(mean), dims_);
      if (!scaled.ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat("the mean ", i, " of ", rows_of_mean[i].size(),
                         " embeddings is zero: they have no direction in common"));
      }
      mean = std::move(scaled->values_);
    }
    values.insert(values.end(), mean.begin(), mean.end());
  }
  return Embeddings(std::move(values), dims_);
}

float cosine(std::span<const float> a, std::span<const float> b) {
  float sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

absl::StatusOr<std::vector<float>> score_trials(std::span<const Trial> trials,
                                                const Embeddings& enrolled,
                                                const Embeddings& probes) {
  if (enrolled.dims() != probes.dims()) {
    return absl::InvalidArgumentError(absl::StrCat("cannot compare embeddings of ", enrolled.dims(),
                                                   " dimensions with those of ", probes.dims()));
  }
  std::vector<float> scores;
  scores.reserve(trials.size());
  for (size_t i = 0; i < trials.size(); ++i) {
    const Trial& trial = trials[i];
    if (trial.enrol < 0 || trial.enrol >= enrolled.rows() || trial.probe < 0 ||
        trial.probe >= probes.rows()) {
      return absl::InvalidArgumentError(
          absl::StrCat("trial ", i, " compares embeddings ", trial.enrol, " and ", trial.probe,
                       ", but there are ", enrolled.rows(), " and ", probes.rows()));
    }
    scores.push_back(cosine(enrolled.row(trial.enrol), probes.row(trial.probe)));
  }
  return scores;
}

}  // namespace durward
