// What a scrub costs: gigabytes a second of memory like a MobileFaceNet's, 3 MB, and of a block
// that the nearest cache holds.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/scrubber.h"

namespace {

void scrub(benchmark::State& state) {
  const std::vector<std::byte> memory(static_cast<size_t>(state.range(0)));
  durward::Scrubber scrubber;
  scrubber.watch({memory});
  for (auto _ : state) benchmark::DoNotOptimize(scrubber.check(SIZE_MAX));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(scrub)->Arg(durward::Scrubber::kBlockBytes)->Arg(3'000'000);

}  // namespace

BENCHMARK_MAIN();
