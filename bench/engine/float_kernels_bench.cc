// Time of each float kernel that this machine can run, on layers of face detectors and of
// MobileFaceNet.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "engine/kernels/conv2d/float_kernels.h"
#include "engine/kernels/depthwise/float_kernels.h"

namespace durward {
namespace {

struct Shape {
  int64_t size, in_c, out_c, kernel, stride;
};

constexpr Shape kConvolutions[] = {{320, 3, 16, 3, 2},   {80, 64, 64, 1, 1}, {160, 16, 16, 1, 1},
                                   {128, 3, 24, 5, 2},   {112, 3, 64, 3, 2}, {56, 64, 128, 1, 1},
                                   {14, 256, 128, 1, 1}, {23, 32, 64, 3, 1}, {1, 512, 128, 1, 1}};
constexpr Shape kDepthwise[] = {{80, 64, 64, 3, 1},
                                {160, 16, 16, 3, 1},
                                {64, 24, 24, 3, 1},
                                {56, 128, 128, 3, 2},
                                {14, 256, 256, 3, 1}};

WindowGeometry window(const Shape& s) {
  WindowGeometry w;
  w.in_h = w.in_w = s.size;
  w.in_c = s.in_c;
  w.out_c = s.out_c;
  w.kernel_h = w.kernel_w = s.kernel;
  w.stride_h = w.stride_w = s.stride;
  w.pad_top = w.pad_left = s.kernel / 2;
  w.out_h = w.out_w = (s.size + 2 * w.pad_top - s.kernel) / s.stride + 1;
  return w;
}

Conv2DFloat layer(const Conv2DFloatKernel&, const WindowGeometry& w, const float* weights) {
  return {{w, 1}, weights, nullptr, {}};
}
DepthwiseFloat layer(const DepthwiseFloatKernel&, const WindowGeometry& w, const float* weights) {
  return {w, weights, nullptr, {}};
}
int64_t depth(const Conv2DFloatKernel&, const WindowGeometry& w) {
  return w.kernel_h * w.kernel_w * w.in_c;
}
int64_t depth(const DepthwiseFloatKernel&, const WindowGeometry& w) {
  return w.kernel_h * w.kernel_w;
}

std::vector<float> random_values(int64_t count) {
  Random random(1);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(random.uniform()) - 0.5f;
  return values;
}

// Memory for packed weights and scratch, aligned as they have to be.
struct alignas(64) Line {
  std::byte bytes[64];
};
std::vector<Line> lines(size_t bytes) { return std::vector<Line>(bytes / sizeof(Line) + 1); }

template <typename Kernel>
void run(benchmark::State& state, const Kernel& kernel, const Shape& shape) {
  const WindowGeometry w = window(shape);
  const auto weights = random_values(depth(kernel, w) * w.out_c);
  const auto input = random_values(w.in_h * w.in_w * w.in_c);
  std::vector<float> output(static_cast<size_t>(w.out_h * w.out_w * w.out_c));
  const auto conv = layer(kernel, w, weights.data());
  auto packed = lines(kernel.packed_bytes(conv)), scratch = lines(kernel.scratch_bytes(conv));
  kernel.pack(conv, packed.data()->bytes);
  for (auto _ : state) {
    kernel.run(conv, packed.data()->bytes, {input.data(), output.data(), scratch.data()->bytes});
    benchmark::ClobberMemory();
  }
  const auto products = static_cast<double>(w.out_h * w.out_w * w.out_c * depth(kernel, w));
  state.counters["MAC/s"] =
      benchmark::Counter(products, benchmark::Counter::kIsIterationInvariantRate);
}

template <typename Kernel, size_t kShapes>
void register_layers(const char* family, std::span<const Kernel> kernels,
                     const Shape (&shapes)[kShapes]) {
  const auto n = [](int64_t value) { return std::to_string(value); };
  for (const Kernel& kernel : kernels) {
    if (!available(kernel.isa)) continue;
    for (const Shape& s : shapes) {
      const std::string title = std::string(name(kernel.isa)) + "/" + family + n(s.kernel) + "x" +
                                n(s.kernel) + "s" + n(s.stride) + "/" + n(s.size) + "x" +
                                n(s.size) + "x" + n(s.in_c) + "to" + n(s.out_c);
      benchmark::RegisterBenchmark(title.c_str(), run<Kernel>, kernel, s);
    }
  }
}

void register_all() {
  register_layers("conv", conv2d_float_kernels(), kConvolutions);
  register_layers("depthwise", depthwise_float_kernels(), kDepthwise);
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  durward::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
