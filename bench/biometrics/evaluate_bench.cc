// How long scoring all pairs and bootstrapping them takes, and the memory it needs, by the number
// of images. Prints a table.
//
//   build/release/bin/evaluate_bench [THREADS]
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <vector>

#include "base/random.h"
#include "biometrics/all_pairs.h"
#include "biometrics/evaluation.h"

namespace {

using durward::Embeddings;

// Three images a person, scattered so that the EER is about one percent.
Embeddings random_embeddings(int images, int dims, std::vector<int32_t>& person) {
  durward::Random random(1);
  const auto gaussian = [&] {
    return std::sqrt(-2 * std::log(1 - random.uniform())) *
           std::cos(2 * std::numbers::pi * random.uniform());
  };
  std::vector<float> values;
  std::vector<double> centre(static_cast<size_t>(dims));
  for (int image = 0; image < images; ++image) {
    if (image % 3 == 0) {
      for (double& value : centre) value = gaussian();
    }
    person.push_back(image / 3);
    for (const double value : centre)
      values.push_back(static_cast<float>(value + 1.1 * gaussian()));
  }
  return Embeddings::normalise(std::move(values), dims).value();
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : durward::default_threads();
  std::printf("%d threads, 128 dimensions, 1000 replicates\n", threads);
  std::printf("%8s %12s %10s %12s %10s %10s\n", "images", "pairs", "score s", "evaluate s", "EER %",
              "peak MB");
  for (const int images : {600, 1500, 6000}) {
    std::vector<int32_t> person;
    const Embeddings embeddings = random_embeddings(images, 128, person);
    auto start = std::chrono::steady_clock::now();
    const auto scored =
        durward::score_all_pairs(embeddings, embeddings, person, {.threads = threads});
    const double scoring = seconds_since(start);
    if (!scored.ok()) return 1;
    start = std::chrono::steady_clock::now();
    const auto evaluation = durward::evaluate(*scored, {.bootstrap = {.threads = threads}});
    const double evaluating = seconds_since(start);
    if (!evaluation.ok()) return 1;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("%8d %12lld %10.2f %12.2f %10.3f %10ld\n", images,
                static_cast<long long>(images) * (images - 1) / 2, scoring, evaluating,
                evaluation->equal_error_rate * 100, usage.ru_maxrss / 1024);
  }
  return 0;
}
