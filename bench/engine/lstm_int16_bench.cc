// Every integer LSTM kernel that this machine can run on the layers of GE2E, the speaker encoder:
// 160 frames of 40 mel bands (wide) and of 256 states, in microseconds. Pin it to one CPU:
//
//   taskset -c 1 lstm_int16_bench
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "engine/kernels/lstm_int16/kernels.h"

namespace durward {
namespace {

template <typename T>
std::vector<T> random_values(Random& random, int64_t count, int64_t largest) {
  std::vector<T> values(static_cast<size_t>(count));
  const auto range = static_cast<uint64_t>(2 * largest + 1);
  for (T& value : values) {
    value = static_cast<T>(static_cast<int64_t>(random.below(range)) - largest);
  }
  return values;
}

// 64-byte alignment, which packed weights and scratch need.
struct alignas(64) Line {
  std::byte bytes[64];
};
std::vector<Line> lines(size_t bytes) { return std::vector<Line>(bytes / sizeof(Line) + 1); }

void run(benchmark::State& state, const LstmInt16Kernel& kernel, int64_t inputs, bool wide) {
  Random random(1);
  const RecurrentGeometry g{160, 1, inputs, 256, false};
  const int64_t rows = 4 * g.hidden;
  const auto narrow_x = random_values<int16_t>(random, g.steps * inputs, 32767);
  const auto wide_x = random_values<int32_t>(random, g.steps * inputs, 1 << 30);
  const auto narrow = random_values<int8_t>(random, rows * inputs, 127);
  const auto wide_weights = random_values<int16_t>(random, rows * inputs, 65535 / inputs);
  const auto recurrent = random_values<int8_t>(random, rows * g.hidden, 127);
  std::vector<float> scales(static_cast<size_t>(3 * rows), 3e-5f);
  const auto tables = random_values<int16_t>(random, 2 * kGateTableEntries, 32767);
  const LstmInt16 lstm{g,
                       wide,
                       wide,
                       wide ? static_cast<const void*>(wide_weights.data()) : narrow.data(),
                       recurrent.data(),
                       scales.data(),
                       tables.data()};
  std::vector<int16_t> output(static_cast<size_t>(g.steps * g.hidden));
  std::vector<Line> packed = lines(kernel.packed_bytes(lstm));
  std::vector<Line> scratch = lines(kernel.scratch_bytes(lstm));
  kernel.pack(lstm, packed.data()->bytes);
  const auto* x = wide ? reinterpret_cast<const std::byte*>(wide_x.data())
                       : reinterpret_cast<const std::byte*>(narrow_x.data());
  for (auto _ : state) {
    kernel.run(lstm, packed.data()->bytes, {x, output.data(), scratch.data()->bytes});
    benchmark::ClobberMemory();
  }
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  for (const auto& kernel : durward::lstm_int16_kernels()) {
    if (!durward::available(kernel.isa)) continue;
    for (const bool wide : {true, false}) {
      const std::string name = std::string(durward::name(kernel.isa)) + (wide ? "/40" : "/256");
      benchmark::RegisterBenchmark(name.c_str(), [&kernel, wide](benchmark::State& state) {
        durward::run(state, kernel, wide ? 40 : 256, wide);
      })->Unit(benchmark::kMicrosecond);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
