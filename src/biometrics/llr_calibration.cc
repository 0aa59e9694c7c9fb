#include "biometrics/llr_calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace durward {
namespace {

constexpr int kMaxSteps = 100;
constexpr double kSettled = 1e-10;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The set's comparisons, standardised: x -> (x - mean) / deviation.
struct Standard {
  std::vector<double> mean, deviation;
};

Standard standard_of(std::span<const double> genuine, std::span<const double> impostor,
                     size_t features) {
  Standard standard{std::vector<double>(features), std::vector<double>(features)};
  const double count = static_cast<double>((genuine.size() + impostor.size()) / features);
  const auto accumulate = [&](const auto& value_of) {
    for (const std::span<const double> set : {genuine, impostor}) {
      for (size_t i = 0; i < set.size(); ++i) value_of(i % features, set[i]);
    }
  };
  accumulate([&](size_t f, double value) { standard.mean[f] += value / count; });
  accumulate([&](size_t f, double value) {
    standard.deviation[f] += (value - standard.mean[f]) * (value - standard.mean[f]) / count;
  });
  for (double& deviation : standard.deviation) {
    deviation = deviation > 0 ? std::sqrt(deviation) : 1;
  }
  return standard;
}

// Solves a symmetric positive definite system in place (Cholesky); false where it is not definite.
bool solve(std::vector<double>& matrix, std::vector<double>& right) {
  const size_t n = right.size();
  for (size_t column = 0; column < n; ++column) {
    for (size_t row = column; row < n; ++row) {
      double sum = matrix[row * n + column];
      for (size_t k = 0; k < column; ++k) sum -= matrix[row * n + k] * matrix[column * n + k];
      if (row == column) {
        if (!(sum > 0)) return false;
        matrix[row * n + column] = std::sqrt(sum);
      } else {
        matrix[row * n + column] = sum / matrix[column * n + column];
      }
    }
  }
  for (size_t row = 0; row < n; ++row) {
    for (size_t k = 0; k < row; ++k) right[row] -= matrix[row * n + k] * right[k];
    right[row] /= matrix[row * n + row];
  }
  for (size_t row = n; row-- > 0;) {
    for (size_t k = row + 1; k < n; ++k) right[row] -= matrix[k * n + row] * right[k];
    right[row] /= matrix[row * n + row];
  }
  return true;
}

// Newton's method on the weighted log loss. The parameters are the standardised features' weights,
// then the offset.
class Regression {
 public:
  Regression(std::span<const double> genuine, std::span<const double> impostor, size_t features,
             const LlrFitOptions& options)
      : genuine_(genuine),
        impostor_(impostor),
        features_(features),
        options_(options),
        standard_(standard_of(genuine, impostor, features)),
        prior_log_odds_(std::log(options.prior / (1 - options.prior))),
        ridge_(options.ridge * static_cast<double>(features) /
               static_cast<double>(std::min(genuine.size(), impostor.size()))) {}

  // Every set counts as if it were one comparison, times its prior.
  double loss(const std::vector<double>& parameters) const {
    double sum = 0;
    for_each([&](std::span<const double> x, double label, double weight) {
      const double margin = label * (value(x, parameters) + prior_log_odds_);
      sum += weight * (std::max(-margin, 0.0) + std::log1p(std::exp(-std::abs(margin))));
    });
    for (size_t f = 0; f < features_; ++f) {
      sum += ridge_ * parameters[f] * parameters[f] / 2;
    }
    return sum;
  }

  // The step that Newton's method takes; false where there is none.
  bool step(const std::vector<double>& parameters, std::vector<double>& change) const {
    const size_t n = features_ + 1;
    std::vector<double> hessian(n * n);
    change.assign(n, 0);
    std::vector<double> z(n, 1);
    for_each([&](std::span<const double> x, double label, double weight) {
      standardise(x, z);
      const double probability = sigmoid(value(x, parameters) + prior_log_odds_);
      const double gradient = weight * (probability - (label > 0 ? 1 : 0));
      const double curvature = weight * probability * (1 - probability);
      for (size_t i = 0; i < n; ++i) {
        change[i] -= gradient * z[i];
        for (size_t j = 0; j <= i; ++j) hessian[i * n + j] += curvature * z[i] * z[j];
      }
    });
    for (size_t f = 0; f < features_; ++f) {
      change[f] -= ridge_ * parameters[f];
      hessian[f * n + f] += ridge_;
    }
    // Where everything is separated the offset has hardly any curvature left.
    hessian[n * n - 1] += 1e-12;
    return solve(hessian, change);
  }

  // For features as they come.
  LlrCalibration calibration(const std::vector<double>& parameters) const {
    LlrCalibration result{std::vector<double>(features_), parameters[features_]};
    for (size_t f = 0; f < features_; ++f) {
      result.weights[f] = parameters[f] / standard_.deviation[f];
      result.offset -= result.weights[f] * standard_.mean[f];
    }
    return result;
  }

 private:
  template <typename Visit>
  void for_each(const Visit& visit) const {
    const auto each = [&](std::span<const double> set, double label, double share) {
      const double weight =
          share * static_cast<double>(features_) / static_cast<double>(set.size());
      for (size_t at = 0; at < set.size(); at += features_) {
        visit(set.subspan(at, features_), label, weight);
      }
    };
    each(genuine_, 1, options_.prior);
    each(impostor_, -1, 1 - options_.prior);
  }

  void standardise(std::span<const double> x, std::vector<double>& z) const {
    for (size_t f = 0; f < features_; ++f) {
      z[f] = (x[f] - standard_.mean[f]) / standard_.deviation[f];
    }
  }

  double value(std::span<const double> x, const std::vector<double>& parameters) const {
    double sum = parameters[features_];
    for (size_t f = 0; f < features_; ++f) {
      sum += parameters[f] * (x[f] - standard_.mean[f]) / standard_.deviation[f];
    }
    return sum;
  }

  std::span<const double> genuine_, impostor_;
  size_t features_;
  LlrFitOptions options_;
  Standard standard_;
  double prior_log_odds_;
  double ridge_;  // of the mean loss
};

absl::Status check_set(std::span<const double> set, int features, std::string_view what) {
  if (features < 1 || set.empty() || set.size() % static_cast<size_t>(features) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("there are ", set.size(), " values of ",
                                                   std::string(what), " comparisons of ", features,
                                                   " features each"));
  }
  if (!std::all_of(set.begin(), set.end(), [](double value) { return std::isfinite(value); })) {
    return absl::InvalidArgumentError(
        absl::StrCat("a feature of a ", std::string(what), " comparison is not finite"));
  }
  return absl::OkStatus();
}

}  // namespace

double LlrCalibration::llr(std::span<const double> features) const {
  return std::inner_product(weights.begin(), weights.end(), features.begin(), offset);
}

absl::StatusOr<LlrCalibration> fit_llr(std::span<const double> genuine,
                                       std::span<const double> impostor, int features,
                                       const LlrFitOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_set(genuine, features, "genuine"));
  DURWARD_RETURN_IF_ERROR(check_set(impostor, features, "impostor"));
  if (!(options.prior > 0 && options.prior < 1) || !(options.ridge > 0)) {
    return absl::InvalidArgumentError("the prior lies between 0 and 1, the ridge above 0");
  }
  const Regression regression(genuine, impostor, static_cast<size_t>(features), options);
  std::vector<double> parameters(static_cast<size_t>(features) + 1), change;
  double loss = regression.loss(parameters);
  for (int step = 0; step < kMaxSteps; ++step) {
    if (!regression.step(parameters, change)) break;
    // Halved until it improves: far from the minimum Newton's step is too long.
    std::vector<double> next(parameters.size());
    double next_loss = loss;
    double length = 1;
    for (; length > 1e-9; length /= 2) {
      for (size_t i = 0; i < next.size(); ++i) next[i] = parameters[i] + length * change[i];
      next_loss = regression.loss(next);
      if (next_loss <= loss) break;
    }
    const double gain = loss - next_loss;
    if (gain >= 0) parameters = next;
    loss = std::min(loss, next_loss);
    if (gain <= kSettled * std::max(loss, kSettled)) return regression.calibration(parameters);
  }
  return absl::FailedPreconditionError("the calibration's weights do not settle");
}

}  // namespace durward
