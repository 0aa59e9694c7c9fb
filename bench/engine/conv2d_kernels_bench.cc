// Every int8 convolution kernel that this machine can run on the convolutions of MobileFaceNet
// (112x112), in multiply-accumulates per nanosecond. Pin it to one CPU:
//
//   taskset -c 1 conv2d_kernels_bench --benchmark_filter=avx512
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "engine/kernels/conv2d/kernels.h"

namespace durward {
namespace {

// A square image; kernels of 3 have padding for stride 2 as TensorFlow's "same" has it.
struct Shape {
  int64_t in_size, in_c, out_c, kernel, stride;
  bool add;  // the block's input is added behind it
};

constexpr Shape kShapes[] = {
    {112, 3, 64, 3, 2, false},  {56, 64, 128, 1, 1, false},  {28, 128, 64, 1, 1, false},
    {28, 64, 128, 1, 1, false}, {28, 128, 64, 1, 1, true},   {28, 64, 256, 1, 1, false},
    {14, 256, 128, 1, 1, true}, {14, 128, 256, 1, 1, false}, {14, 128, 512, 1, 1, false},
    {7, 512, 128, 1, 1, false}, {7, 128, 256, 1, 1, false},  {7, 256, 128, 1, 1, true},
    {7, 128, 512, 1, 1, false}, {1, 512, 128, 1, 1, false},
};

Conv2DGeometry geometry_of(const Shape& shape) {
  Conv2DGeometry geometry;
  WindowGeometry& w = geometry.window;
  w.in_h = w.in_w = shape.in_size;
  w.in_c = shape.in_c;
  w.out_h = w.out_w = (shape.in_size + shape.stride - 1) / shape.stride;
  w.out_c = shape.out_c;
  w.kernel_h = w.kernel_w = shape.kernel;
  w.stride_h = w.stride_w = shape.stride;
  return geometry;
}

std::vector<int8_t> random_values(Random& random, int64_t count) {
  std::vector<int8_t> values(static_cast<size_t>(count));
  for (int8_t& value : values)
    value = static_cast<int8_t>(static_cast<int>(random.below(255)) - 127);
  return values;
}

// 64-byte alignment, which packed weights and scratch need.
struct alignas(64) Line {
  std::byte bytes[64];
};

std::vector<Line> lines(size_t bytes) { return std::vector<Line>(bytes / sizeof(Line) + 1); }

void convolve(benchmark::State& state, const Conv2DKernel& kernel, const Shape& shape, bool prelu) {
  Random random(1);
  const Conv2DGeometry geometry = geometry_of(shape);
  const WindowGeometry& w = geometry.window;
  const int64_t outputs = w.out_h * w.out_w * w.out_c;
  const auto weights = random_values(random, geometry.depth() * w.out_c);
  const auto input = random_values(random, w.in_h * w.in_w * w.in_c);
  const auto addend = random_values(random, outputs);
  const std::vector<int32_t> bias(static_cast<size_t>(w.out_c), 1000);
  const std::vector<float> multiplier(static_cast<size_t>(w.out_c), 1e-3f);
  const std::vector<float> negative(static_cast<size_t>(w.out_c), prelu ? 2e-4f : 1e-3f);
  const Conv2DInt8 conv{geometry, weights.data(), bias.data(), multiplier.data(), negative.data(),
                        3,        {-5, -128, 127}};
  const FusedAdd add{-5, 7, 0.7f, 0.6f, {2, -128, 127}};
  std::vector<int8_t> output(static_cast<size_t>(outputs));
  std::vector<Line> packed = lines(kernel.packed_bytes(conv));
  std::vector<Line> scratch = lines(kernel.scratch_bytes(conv));
  kernel.pack(conv, packed.data()->bytes);
  for (auto _ : state) {
    kernel.run(conv, packed.data()->bytes, shape.add ? &add : nullptr,
               {input.data(), addend.data(), output.data(), scratch.data()->bytes});
    benchmark::ClobberMemory();
  }
  const auto products = static_cast<double>(outputs * geometry.depth());
  state.counters["MAC/ns"] =
      benchmark::Counter(products * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

std::string name_of(const Conv2DKernel& kernel, const Shape& shape, bool prelu) {
  const std::string window = std::to_string(shape.kernel) + "x" + std::to_string(shape.kernel);
  return std::string(name(kernel.isa)) + "/" + std::to_string(shape.in_size) + "/" + window + "/" +
         std::to_string(shape.in_c) + "-" + std::to_string(shape.out_c) + (prelu ? "/prelu" : "") +
         (shape.add ? "/add" : "");
}

void register_all() {
  for (const Conv2DKernel& kernel : conv2d_kernels()) {
    if (!available(kernel.isa)) continue;
    for (const Shape& shape : kShapes) {
      for (const bool prelu : {false, true}) {
        if (prelu && shape.add) continue;  // what is added to has no activation
        benchmark::RegisterBenchmark(name_of(kernel, shape, prelu).c_str(),
                                     [&kernel, &shape, prelu](benchmark::State& state) {
                                       convolve(state, kernel, shape, prelu);
                                     })
            ->Unit(benchmark::kMicrosecond);
      }
    }
  }
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  durward::register_all();
  benchmark::RunSpecifiedBenchmarks();
}
