// How long a search among N templates takes: a probe of somebody enrolled, and one of nobody.
// usage: gallery_bench [THREADS] [DIMS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/random.h"
#include "gallery/gallery.h"

namespace durward {
namespace {

constexpr int kRounds = 101;

std::vector<float> direction(Random& random, int dims) {
  std::vector<float> values(static_cast<size_t>(dims));
  for (float& value : values) {
    value = static_cast<float>(random.uniform() + random.uniform() + random.uniform() - 1.5);
  }
  return values;
}

struct Times {
  double median, p90;  // ms
};

template <typename Probe>
Times measure(const Gallery& gallery, int threads, const Probe& probe) {
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<float> embedding = probe();
    const auto start = std::chrono::steady_clock::now();
    const auto found = gallery.search(embedding, 1, threads);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    if (!found.ok() || found->size() != 1) std::abort();
    times.push_back(time.count());
  }
  std::sort(times.begin(), times.end());
  return {times[kRounds / 2], times[kRounds * 9 / 10]};
}

void run(int threads, int dims) {
  std::printf("%d values, %d threads, median (p90) of %d searches, ms\n", dims, threads, kRounds);
  std::printf("%9s %18s %18s %10s\n", "templates", "enrolled", "stranger", "MiB");
  for (const int64_t size : {10'000, 100'000, 1'000'000}) {
    Random random(1);
    Gallery gallery = Gallery::create(dims).value();
    std::vector<std::vector<float>> some;
    for (int64_t i = 0; i < size; ++i) {
      std::vector<float> embedding = direction(random, dims);
      if (!gallery.add(embedding).ok()) std::abort();
      if (i % (size / 100) == 0) some.push_back(std::move(embedding));
    }
    size_t next = 0;
    // About the cosine that two pictures of a face have: .78.
    const Times enrolled = measure(gallery, threads, [&] {
      std::vector<float> embedding = some[next++ % some.size()];
      const std::vector<float> noise = direction(random, dims);
      for (size_t i = 0; i < noise.size(); ++i) embedding[i] += 0.8F * noise[i];
      return embedding;
    });
    const Times stranger = measure(gallery, threads, [&] { return direction(random, dims); });
    std::printf("%9ld %9.3f (%6.3f) %9.3f (%6.3f) %10.1f\n", static_cast<long>(size),
                enrolled.median, enrolled.p90, stranger.median, stranger.p90,
                static_cast<double>(gallery.bytes_per_template() * size) / (1 << 20));
  }
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  durward::run(argc > 1 ? std::atoi(argv[1]) : 1, argc > 2 ? std::atoi(argv[2]) : 512);
}
